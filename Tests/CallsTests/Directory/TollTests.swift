import CallKit
import CallModel
import Calls
import Directory
import Reactor
import SIPEndpoint
import TestKit
import Testing
import Wire

struct TollTests {
    /// A phone of user 1, who is limited, and a carrier that answers every call.
    private func scene(
        seed: UInt64, trunk: (inout Trunk) -> Void = { _ in }, user: (inout TollLimits) -> Void = { _ in }
    ) throws -> (carrier: Carrier, phone: ScriptedPhone) {
        let carrier = try Carrier(seed: seed, users: 2, change: trunk)
        var limits = TollLimits()
        user(&limits)
        carrier.exchange.change(limits: [1: limits])
        let phone = try carrier.exchange.addPhone("1001")
        let isRegistered = carrier.exchange.loop.run(
            until: { phone.assumeIsolated { $0.isRegistered } }, limit: .seconds(60))
        #expect(isRegistered)
        return (carrier, phone)
    }

    private func call(_ number: String, _ scene: (carrier: Carrier, phone: ScriptedPhone), wait: Int = 5)
        -> (leg: SIPLegID, fate: ScriptedPhone.Fate?)
    {
        let leg = scene.phone.assumeIsolated { $0.call(number) }
        scene.carrier.exchange.loop.advance(by: .seconds(wait))
        return (leg, scene.phone.assumeIsolated { $0.fates[leg] })
    }

    @Test func `a number that is not allowed is refused, and the record says so`() throws {
        let scene = try scene(seed: 41, user: { $0.denied = ["+7809"] })
        #expect(call("88091234567", scene).fate == .rejected(status: 403))
        #expect(scene.carrier.phone.assumeIsolated { $0.calledBy.isEmpty })
        #expect(call("84951234567", scene).fate == .talking)
        let record = try #require(scene.carrier.exchange.store.records.first)
        #expect(record.endReason == .forbidden)
    }

    @Test func `calls at once are limited, and internal ones are free`() throws {
        let scene = try scene(seed: 42, user: { $0.concurrentCalls = 1 })
        let first = call("84951234567", scene)
        #expect(first.fate == .talking)
        #expect(call("84951234568", scene).fate == .rejected(status: 403))
        #expect(call("9196", scene).fate == .talking)
        scene.phone.assumeIsolated { $0.hangUp(first.leg) }
        scene.carrier.exchange.loop.advance(by: .seconds(1))
        #expect(call("84951234568", scene).fate == .talking)
    }

    @Test func `a call that uses the minutes up is cut, and the hour slides`() throws {
        let scene = try scene(seed: 43, user: { $0.minutesPerHour = 1 })
        let first = call("84951234567", scene)
        #expect(first.fate == .talking)
        scene.carrier.exchange.loop.advance(by: .seconds(50))
        #expect(scene.phone.assumeIsolated { $0.fates[first.leg] } == .talking)
        scene.carrier.exchange.loop.advance(by: .seconds(10))
        #expect(scene.phone.assumeIsolated { $0.fates[first.leg] } == .ended)
        let record = try #require(scene.carrier.exchange.store.records.first)
        #expect(record.endReason == .forbidden && record.state == .completed)
        #expect(call("84951234567", scene).fate == .rejected(status: 403))
        scene.carrier.exchange.loop.advance(by: .seconds(3600))
        #expect(call("84951234567", scene).fate == .talking)
    }

    @Test func `a trunk has limits of its own`() throws {
        let scene = try scene(seed: 44, trunk: { $0.limits.callsPerHour = 1 })
        #expect(call("84951234567", scene).fate == .talking)
        #expect(call("84951234568", scene).fate == .rejected(status: 403))
        scene.carrier.exchange.loop.advance(by: .seconds(3600))
        #expect(call("84951234568", scene).fate == .talking)
    }

    @Test func `of calls that ring at once a trunk carries no more than it may`() throws {
        let scene = try scene(seed: 46, trunk: { $0.limits.concurrentCalls = 1 })
        scene.carrier.phone.assumeIsolated { $0.setScript { _ in .accept(after: .seconds(2)) } }
        let legs = ["84951234567", "84951234568"].map { number in scene.phone.assumeIsolated { $0.call(number) } }
        scene.carrier.exchange.loop.advance(by: .seconds(10))
        let fates = legs.compactMap { leg in scene.phone.assumeIsolated { $0.fates[leg] } }
        #expect(fates.count { $0 == .talking } == 1)
        #expect(!fates.contains(.pending))
    }

    @Test func `what a trunk carries for another trunk is limited, too`() throws {
        let carrier = try Carrier(seed: 45, users: 1, change: { $0.limits.denied = ["+7999"] })
        carrier.exchange.change(routes: [
            InboundRoute(id: 1, number: .any, destination: .trunk("carrier", number: "+79991234567"))
        ])
        #expect(carrier.call("100") == .rejected(status: 403))
    }
}
