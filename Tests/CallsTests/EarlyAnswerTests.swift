import CallKit
import CallModel
import Calls
import Directory
import Reactor
import SIPEndpoint
import TestKit
import Testing
import Wire

/// Callers who hear something before the answer, and must acknowledge that before they can be told of the answer
/// (RFC 3262 section 3).
struct EarlyAnswerTests {
    private let exchange: Exchange
    private let host: SimulatedHost
    private let caller: ScriptedPhone
    private let callee: ScriptedPhone
    private let leg: SIPLegID

    /// A second after 1001 called 1002, which says something early and picks up 3 s later, 1001 is cut off: before what
    /// comes early can have reached it.
    init() throws {
        exchange = try Exchange(seed: 21, users: 2)
        host = exchange.simulation.host("10.0.1.9")
        var session = TrunkSession()
        session.reliable = .supported
        caller = try ScriptedPhone(
            "1001", on: host, of: exchange.loop, gateway: exchange.host.addresses[0], session: session,
            script: { _ in .ignore })
        callee = try exchange.addPhone("1002") { _ in .earlyMedia(thenAccept: .seconds(3)) }
        let (caller, callee) = (caller, callee)
        try #require(exchange.register())
        try #require(exchange.loop.run(until: { caller.assumeIsolated { $0.isRegistered } }))
        leg = caller.assumeIsolated { $0.call("1002") }
        try #require(exchange.loop.run(until: { callee.assumeIsolated { !$0.calledBy.isEmpty } }))
        exchange.simulation.network.partition(exchange.host, host)
        exchange.loop.advance(by: .seconds(4))
    }

    private var record: CallRecord? { exchange.store.records.first }
    private var fate: ScriptedPhone.Fate? { caller.assumeIsolated { $0.fates }[leg] }
    private var calleeFates: [ScriptedPhone.Fate] { callee.assumeIsolated { Array($0.fates.values) } }

    private func mend() { exchange.simulation.network.heal(exchange.host, host) }

    @Test func `the call is answered when the caller can be told so`() throws {
        #expect(calleeFates == [.talking])
        #expect(record?.state == .ringing)
        mend()
        let (caller, leg) = (caller, leg)
        #expect(exchange.loop.run(until: { caller.assumeIsolated { $0.fates[leg] } == .talking }))
        #expect(record?.state == .answered)
        let told = try #require(caller.assumeIsolated { $0.diaries }[leg]?.talkingAt)
        let now = (exchange.loop.now, exchange.loop.wallTime)
        let answered = try #require(record?.answeredAt)
        #expect(abs(now.1.milliseconds - answered.milliseconds - (now.0 - told).wholeMilliseconds) < 1000)
        caller.assumeIsolated { $0.hangUp(leg) }
        exchange.loop.advance(by: .seconds(40))
        #expect(record?.endReason == .callerHangup)
        #expect(record?.state == .completed)
    }

    @Test func `a callee who leaves before that was not talked to, and the caller is told 480`() throws {
        for leg in callee.assumeIsolated({ Array($0.fates.keys) }) { callee.assumeIsolated { $0.hangUp(leg) } }
        exchange.loop.advance(by: .seconds(1))
        mend()
        exchange.loop.advance(by: .seconds(40))
        #expect(fate == .rejected(status: 480))
        #expect(record?.state == .failed)
        #expect(record?.endReason == .calleeHangup)
        #expect(record?.answeredAt == nil)
        #expect(exchange.statistics.legs == 0)
    }

    @Test func `a caller who never acknowledges is told 504, and the callee BYE`() throws {
        exchange.loop.advance(by: .seconds(29))
        mend()
        exchange.loop.advance(by: .seconds(40))
        #expect(fate == .rejected(status: 504))
        #expect(calleeFates == [.ended])
        #expect(record?.state == .cancelled)
        #expect(record?.endReason == .signallingTimeout)
        #expect(record?.answeredAt == nil)
        #expect(exchange.statistics.legs == 0)
    }
}
