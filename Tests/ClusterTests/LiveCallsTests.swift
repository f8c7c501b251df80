import CallModel
import Testing
import Wire

@testable import Cluster

/// What is written into the directory of live calls, and what waits for the other nodes.
struct LiveCallsTests {
    private static func record(_ id: Int64, _ state: CallState = .ringing) -> CallRecord {
        var entropy = Entropy(seed: UInt64(id))
        return CallRecord(
            id: id, uuid: UUID(using: &entropy), source: .sip, direction: .incoming, state: state,
            callerNumber: "+79991234567", receiverNumber: "1001", startedAt: WallTime(milliseconds: 0))
    }

    @Test func `a call that changes often is written once, as it is now`() {
        var calls = LiveCalls(node: "n")
        for state in [CallState.initiated, .ringing, .answered] { calls.set(Self.record(1, state)) }
        let commands = calls.takeChanges(100)
        let written = commands.filter { $0[0] == "HSET" }
        #expect(written.count == 1 && written[0][1] == "call:\(Self.record(1).uuid)")
        #expect(written[0].contains("answered") && written[0].contains("n"))
        #expect(commands.contains(["EXPIRE", "call:\(Self.record(1).uuid)", "86400"]))
        #expect(commands.contains(["SADD", "calls:active", Self.record(1).uuid.description]))
        #expect(calls.takeChanges(100).isEmpty)
    }

    @Test func `a call that is over is taken away, and one that was never live is not written`() {
        var calls = LiveCalls(node: "n")
        calls.set(Self.record(1))
        calls.set(Self.record(1, .completed))
        calls.set(Self.record(2, .missed))
        let commands = calls.takeChanges(100)
        #expect(commands.map { $0[0] } == ["DEL", "SREM", "SREM"] && calls.count == 0)
    }

    @Test func `after a loss everything that lives is written again, and what was left is taken away`() {
        var calls = LiveCalls(node: "n")
        for id in 1...3 { calls.set(Self.record(Int64(id))) }
        _ = calls.takeChanges(100)
        calls.suspect()
        #expect(calls.takeChanges(2).count { $0[0] == "HSET" } == 2)
        #expect(calls.takeChanges(2).count { $0[0] == "HSET" } == 1)
        let clearing = calls.clearing([Self.record(1).uuid, Self.record(9).uuid])
        #expect(clearing.first == ["DEL", "call:\(Self.record(9).uuid)"] && clearing.count == 3)
    }

    @Test func `while Redis is away changes are not remembered, and afterwards all that lives is written`() {
        var calls = LiveCalls(node: "n")
        calls.set(Self.record(1))
        calls.lose()
        for id in 2...50 { for state in [CallState.ringing, .completed] { calls.set(Self.record(Int64(id), state)) } }
        calls.set(Self.record(51))
        #expect(calls.takeChanges(100).isEmpty)
        calls.suspect()
        #expect(calls.takeChanges(100).count { $0[0] == "HSET" } == 2)
        calls.set(Self.record(51, .completed))
        #expect(calls.takeChanges(100).map { $0[0] } == ["DEL", "SREM", "SREM"])
    }

    @Test func `messages wait in their order, and the oldest are given up when there are too many`() {
        var outgoing = Outgoing()
        for number in 0..<(Outgoing.maximumCount + 3) { outgoing.add("m\(number)") }
        #expect(outgoing.takeDropped() == 3 && outgoing.takeDropped() == 0)
        #expect(outgoing.take(2) == ["m3", "m4"])
        outgoing = Outgoing()
        for _ in 0..<10 { outgoing.add(String(repeating: "x", count: 1 << 20)) }
        #expect(outgoing.takeDropped() == 2 && outgoing.take(100).count == 8 && outgoing.isEmpty)
    }
}
