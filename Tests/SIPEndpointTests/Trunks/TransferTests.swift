import Reactor
import SIP
import TestKit
import Testing
import Wire

@testable import SIPEndpoint

/// Transfers that are asked of the far end, and calls that take the place of others.
struct TransferTests {
    @Test func `the far end is asked to call another in the place of a leg`() throws {
        let world = try TrunkWorld(.test("carrier", "198.51.100.1"), .test("other", "198.51.100.2"))
        let carrier = try world.carrier("198.51.100.1", .answers(status: 200))
        _ = try world.carrier("198.51.100.2", .answers(status: 200))
        let (leg, consulted) = (world.call(by: "carrier"), world.call(by: "other"))
        world.run(.seconds(1))
        let target = try #require(world.gateway.with { $0.address(of: "555", for: leg) })
        #expect(target.description == "sip:555@198.51.100.1")
        #expect(world.gateway.with { $0.refer(leg, to: target, replacing: consulted) })
        world.run(.seconds(1))
        let order = try #require(carrier.requests.last { $0.method == .refer })
        #expect(order.headers.addresses(.referTo).first?.uri.user == "555")
        #expect(order.headers.addresses(.referTo).first?.uri.headers.map(\.name) == ["Replaces"])
        #expect(world.gateway.with { $0.refer(SIPLegID(rawValue: 999), to: target) } == false)
    }

    @Test(arguments: [(HangUpCause.transferred, 200), (.normal, 487), (.failure, 487)])
    func `who asked for a transfer and is let go hears what came of it`(cause: HangUpCause, status: Int) throws {
        let world = try Exchange()
        let phone = try world.phone("100", at: "192.0.2.10")
        world.exchange.answersCalls()
        world.run(.seconds(1))
        let leg = phone.call(.trunk(TrunkRoute(number: "5")))
        world.run(.seconds(1))
        let target = try #require(phone.with { $0.address(of: "101", for: leg) })
        #expect(phone.with { $0.refer(leg, to: target) })
        world.run(.seconds(1))
        let asked = try #require(world.exchange.invites.first?.leg)
        world.exchange.with { $0.hangUp(asked, cause: cause) }
        world.run(.seconds(1))
        #expect(phone.events.contains(.transferProgress(status: status)))
        #expect(phone.endings == 1)
    }

    @Test func `an INVITE that names a leg of ours says so, and one that names nothing is refused`() throws {
        let world = try TrunkWorld(.test("carrier", "192.0.2.66"))
        let peer = try RawPeer(world.simulation, at: "192.0.2.66")
        world.gateway.answersCalls()
        peer.send(peer.request(.invite, callID: "first"))
        world.run(.milliseconds(100))
        let answer = try #require(peer.responses.last { $0.status == 200 })
        var replacing = peer.request(.invite, callID: "second")
        let named = Replaces(callID: "first", toTag: answer.headers.to?.tag ?? "", fromTag: "raw")
        replacing.headers.append(.replaces, named.description)
        replacing.headers.append(.referredBy, "<sip:anna@pbx.test>")
        peer.send(replacing)
        var lost = peer.request(.invite, callID: "third")
        lost.headers.append(.replaces, Replaces(callID: "nothing", toTag: "a", fromTag: "b").description)
        peer.send(lost)
        world.run(.milliseconds(100))
        #expect(world.gateway.invites.map(\.invite.sipCallID) == ["first", "second"])
        #expect(world.gateway.invites.last?.invite.replaces == world.gateway.invites.first?.leg)
        #expect(world.gateway.invites.last?.invite.referredBy == "<sip:anna@pbx.test>")
        #expect(peer.responses.contains { $0.headers.callID == "third" && $0.status == 481 })
    }
}
