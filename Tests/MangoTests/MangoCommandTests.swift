import Testing
import Wire

@testable import Mango

struct MangoCommandTests {
    @Test func `no kind of request is sent more often than the exchange allows`() throws {
        var limits = CommandLimits()
        let start = Instant(nanoseconds: 1_000_000_000)
        let hangUps = (0..<5).compactMap { _ in limits.reserve("commands/call/hangup", now: start) }
        for (first, second) in zip(hangUps, hangUps.dropFirst()) { #expect(second - first >= .milliseconds(250)) }
        var others = CommandLimits()
        let moments = (0..<30).compactMap { index in others.reserve("commands/x\(index)", now: start) }
        #expect(moments.count == 30 && moments[10] - moments[0] >= .seconds(1))
    }

    @Test func `whoever would wait too long is refused, and waits for nothing afterwards`() {
        var limits = CommandLimits()
        let moments = (0..<100).compactMap { _ in limits.reserve("commands/route", now: .zero) }
        #expect(moments.count == 6)
        #expect(limits.reserve("commands/route", now: .zero + .seconds(60)) == .zero + .seconds(60))
    }

    @Test func `a request that waits for others of its kind does not hold up the rest`() {
        var limits = CommandLimits()
        let slow = (0..<3).compactMap { _ in limits.reserve("stats/result", now: .zero) }
        #expect(slow.count == 3 && slow[2] - slow[0] == .seconds(10))
        #expect(limits.reserve("commands/call/hangup", now: .zero) == .zero + .milliseconds(300))
    }

    @Test(arguments: [
        (1000, MangoResult.done), (1090, .done), (2219, .billing(2219)), (3102, .badRequest(3102)),
        (4101, .impossible(4101)), (5001, .failed(5001)), (0, .failed(0)),
    ])
    func `results are read by their class`(code: Int, result: MangoResult) {
        #expect(MangoResult(code: code) == result)
    }

    @Test func `commands say what the exchange wants to know`() {
        let call = MangoCommand.callback(from: "101", to: "79161234567", line: nil)
        #expect(call.path == "commands/callback")
        #expect(JSONValue.object(call.fields) == ["from": ["extension": "101"], "to_number": "79161234567"])
        let transfer = MangoCommand.transfer(leg: "C", to: "102", initiator: "101", asksFirst: false)
        #expect(transfer.fields["method"] == "blind" && transfer.fields["initiator"] == "101")
        let consultation = MangoCommand.transfer(leg: "C", to: "102", initiator: "101", asksFirst: true)
        #expect(consultation.fields["method"] == "hold")
        let group = MangoCommand.callback(fromGroup: "700", to: "79161234567", line: "74951234567")
        #expect(group.path == "commands/callback_group")
        #expect(
            JSONValue.object(group.fields) == ["from": "700", "to": "79161234567", "line_number": "74951234567"])
        let joined = MangoCommand.connect(held: "H", talking: "T", initiator: "101")
        #expect(joined.path == "commands/calls_connect")
        #expect(
            JSONValue.object(joined.fields) == [
                "holded_call_id": "H", "transfer_initiator_number": "101", "transferred_call_id": "T",
            ])
        #expect(JSONValue.object(MangoCommand.cancelTransfer(held: "H").fields) == ["call_id": "H"])
        let recording = MangoCommand.record(leg: "C", party: "101")
        #expect(JSONValue.object(recording.fields) == ["call_id": "C", "call_party_number": "101"])
    }
}
