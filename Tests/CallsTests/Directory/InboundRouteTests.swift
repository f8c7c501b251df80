import CallKit
import CallModel
import Calls
import Directory
import Reactor
import SIPEndpoint
import TestKit
import Testing
import Wire

/// A carrier in the simulation that sends us calls and takes ours.
struct Carrier {
    let phone: ScriptedPhone
    let exchange: Exchange

    /// An exchange whose trunk `carrier` is a host of the simulation.
    init(seed: UInt64, users: Int, change: (inout Trunk) -> Void = { _ in }) throws {
        var trunk = Trunk(name: "carrier", host: "10.0.1.1", port: 5060, transport: .udp)
        trunk.keepAlive = nil
        change(&trunk)
        exchange = try Exchange(seed: seed, users: users, trunks: [trunk])
        // The first phone's host is 10.0.1.1: the carrier's.
        phone = try exchange.addPhone("7000")
    }

    /// Sends a call to the exchange and answers what became of it a little later.
    func call(_ number: String, wait: Duration = .seconds(5)) -> ScriptedPhone.Fate? {
        let leg = phone.assumeIsolated { $0.call(number) }
        exchange.loop.advance(by: wait)
        return phone.assumeIsolated { $0.fates[leg] }
    }
}

struct InboundRouteTests {
    private func register(_ carrier: Carrier, _ number: String) throws -> ScriptedPhone {
        let phone = try carrier.exchange.addPhone(number)
        let isRegistered = carrier.exchange.loop.run(
            until: { phone.assumeIsolated { $0.isRegistered } }, limit: .seconds(60))
        #expect(isRegistered)
        return phone
    }

    @Test func `without routes everybody is rung`() throws {
        let carrier = try Carrier(seed: 31, users: 2)
        let phone = try register(carrier, "1002")
        #expect(carrier.call("84951234567") == .talking)
        #expect(phone.assumeIsolated { $0.calledBy.count } == 1)
    }

    @Test func `a number of ours leads where its route says`() throws {
        let carrier = try Carrier(seed: 32, users: 3)
        let (second, third) = (try register(carrier, "1002"), try register(carrier, "1003"))
        carrier.exchange.change(routes: [
            InboundRoute(id: 1, number: .exactly("+74951234567"), destination: .user(2)),
            InboundRoute(id: 2, trunk: "carrier", number: .prefix("200"), destination: .extension("1003")),
            InboundRoute(id: 3, number: .exactly("300"), destination: .extension("9196")),
        ])
        #expect(carrier.call("84951234567") == .talking)
        #expect(second.assumeIsolated { $0.calledBy.count } == 1)
        #expect(carrier.call("2001") == .talking)
        #expect(third.assumeIsolated { $0.calledBy.count } == 1)
        #expect(carrier.call("300") == .talking)
        #expect(carrier.call("1002") == .talking)
        #expect(carrier.call("555") == .rejected(status: 404))
        let record = try #require(carrier.exchange.store.records.first)
        #expect(record.direction == .incoming && record.lineNumber == "84951234567" && record.extension == "1002")
    }

    @Test func `the number that a trunk calls is kept as it came, though an account is named like it`() throws {
        let carrier = try Carrier(seed: 34, users: 2)
        let phone = try register(carrier, "1002")
        var accounts = carrier.exchange.roster.current.accounts
        accounts[0].username = "84951234567"
        let route = InboundRoute(id: 1, number: .exactly("+74951234567"), destination: .user(2))
        carrier.exchange.change(accounts: accounts, routes: [route])
        #expect(carrier.call("84951234567") == .talking)
        #expect(phone.assumeIsolated { $0.calledBy.count } == 1)
        #expect(carrier.exchange.store.records.first?.receiverNumber == "84951234567")
    }

    @Test func `a call from a trunk can leave by a trunk`() throws {
        let carrier = try Carrier(seed: 33, users: 1)
        carrier.exchange.change(routes: [
            InboundRoute(id: 1, number: .exactly("100"), destination: .trunk("carrier", number: "+7999")),
            InboundRoute(id: 2, number: .exactly("101"), destination: .trunk("gone", number: nil)),
        ])
        #expect(carrier.call("100") == .talking)
        #expect(carrier.phone.assumeIsolated { $0.calledBy.count } == 1)
        let refused = carrier.call("101")
        #expect(refused == .rejected(status: 404) || refused == .rejected(status: 503))
    }
}
