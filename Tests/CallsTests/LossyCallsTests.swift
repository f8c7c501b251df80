import CallKit
import CallModel
import Calls
import Reactor
import SIPEndpoint
import TestKit
import Testing
import Wire

/// Whole calls over a bad network in virtual time.
struct LossyCallsTests {
    private static let phoneCount = 20

    /// One in ten datagrams lost, some doubled, and late enough to overtake each other.
    @Test(arguments: Seeds.some(3))
    func `a thousand calls at ten percent loss: each ends once, none is stuck, each has one record`(seed: UInt64) throws
    {
        print("seed \(seed)")
        let exchange = try Exchange(seed: seed, users: Self.phoneCount)
        exchange.simulation.network.conditions = .init(
            delay: .milliseconds(2) ... .milliseconds(120), loss: 0.1, duplication: 0.03)
        var entropy = Entropy(seed: seed)
        for index in 0..<Self.phoneCount { try exchange.addPhone("\(1001 + index)", script: Self.script(seed, index)) }
        try #require(exchange.register())
        var placed: [(phone: ScriptedPhone, leg: SIPLegID)] = []
        for _ in 0..<1000 {
            let phone = exchange.phones[Int.random(in: 0..<Self.phoneCount, using: &entropy)]
            let target = Int.random(in: 1001..<1003 + Self.phoneCount, using: &entropy)
            let leg = phone.assumeIsolated { $0.call("\(target)") }
            placed.append((phone, leg))
            let patience = Duration.milliseconds(Int.random(in: 500...90_000, using: &entropy))
            exchange.loop.schedule(after: patience) { phone.assumeIsolated { $0.hangUp(leg) } }
            exchange.loop.advance(by: .milliseconds(Int.random(in: 0...700, using: &entropy)))
        }
        exchange.loop.advance(by: .seconds(400))
        check(exchange, placed)
    }

    /// Answers, refusals and silence, by the called number and the moment.
    private static func script(_ seed: UInt64, _ index: Int) -> @Sendable (IncomingInvite) -> ScriptedPhone.Answer {
        { invite in
            var entropy = Entropy(seed: seed ^ UInt64(index) << 32 ^ invite.receivedAt.nanoseconds)
            let delay = Duration.milliseconds(Int.random(in: 0...8000, using: &entropy))
            switch Int.random(in: 0..<10, using: &entropy) {
            case 0: return .reject(status: 486, after: delay)
            case 1: return .reject(status: 603, after: delay)
            case 2: return .ignore
            default: return .accept(after: delay)
            }
        }
    }

    private func check(_ exchange: Exchange, _ placed: [(phone: ScriptedPhone, leg: SIPLegID)]) {
        let records = exchange.store.records
        #expect(exchange.liveCount == 0)
        #expect(records.allSatisfy { $0.state.isTerminal && $0.endedAt != nil })
        #expect(Set(records.map(\.uuid)).count == records.count)
        #expect(Set(records.compactMap(\.sipCallID)).count == records.count)
        #expect(exchange.witness.endings.count == records.count)
        #expect(exchange.witness.endings.values.allSatisfy { $0 == 1 })
        for (phone, leg) in placed {
            let fate = phone.assumeIsolated { $0.fates[leg] }
            #expect(fate != .pending && fate != .talking && fate != nil)
        }
        #expect(exchange.media.open.isEmpty)
        let statistics = exchange.statistics
        #expect(statistics.legs == 0)
        #expect(statistics.dialogs == 0)
        // What may be open after the last call is a refresh of a registration.
        #expect(statistics.openTransactions <= Self.phoneCount * 2)
        let answered = records.filter { $0.answeredAt != nil }.count
        #expect(answered > 300)
    }
}
