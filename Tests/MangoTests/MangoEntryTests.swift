import CallModel
import Testing
import Wire

@testable import Mango

struct MangoEntryTests {
    private func leg(
        _ seq: Int, _ state: MangoCallEvent.State, _ second: Int64, call: String = "C1", reason: String? = nil,
        location: MangoCallEvent.Location = .abonent, extension: String = "101", takenFrom: String? = nil
    ) -> MangoEvent {
        var event = MangoCallEvent(callID: call, state: state, timestamp: at(second), sequence: seq)
        (event.entryID, event.location) = ("E1", location)
        event.from = MangoSide(number: "79161234567", takenFrom: takenFrom)
        event.to = MangoSide(number: "sip:anna@vpbx.example", extension: `extension`)
        event.lineNumber = "74951234567"
        event.reason = reason.flatMap { DisconnectReason($0) }
        return .call(event)
    }

    private func summary(
        talk: Int64?, end: Int64, isSuccess: Bool = true, reason: String = "1110"
    ) -> MangoEvent {
        var summary = MangoSummary(entryID: "E1")
        summary.direction = .incoming
        (summary.from, summary.to) = (MangoSide(number: "79161234567"), MangoSide(extension: "101"))
        (summary.createdAt, summary.endedAt) = (at(0), at(end))
        summary.talkedAt = talk.map { at($0) }
        (summary.isSuccess, summary.reason) = (isSuccess, DisconnectReason(reason))
        return .summary(summary)
    }

    private func permutations(_ events: [MangoEvent]) -> [[MangoEvent]] {
        guard events.count > 1 else { return [events] }
        return events.indices.flatMap { index -> [[MangoEvent]] in
            var rest = events
            let first = rest.remove(at: index)
            return permutations(rest).map { [first] + $0 }
        }
    }

    private func facts(_ events: [MangoEvent]) -> MangoCallFacts? {
        var entry = MangoEntry()
        for event in events { _ = entry.add(event) }
        return entry.facts
    }

    private struct Course {
        let name: String
        let events: [MangoEvent]
        let state: CallState
        let duration: Int
    }

    private var courses: [Course] {
        [
            Course(
                name: "answered",
                events: [leg(1, .appeared, 0), leg(2, .connected, 5), leg(3, .disconnected, 65, reason: "1110")],
                state: .completed, duration: 60),
            Course(
                name: "held twice",
                events: [
                    leg(1, .appeared, 0), leg(2, .connected, 5), leg(3, .onHold, 10), leg(4, .connected, 20),
                    leg(5, .disconnected, 65, reason: "1120"),
                ], state: .completed, duration: 60),
            Course(
                name: "given up", events: [leg(1, .appeared, 0), leg(2, .disconnected, 9, reason: "1110")],
                state: .missed, duration: 0),
            Course(
                name: "busy", events: [leg(1, .appeared, 0), leg(2, .disconnected, 9, reason: "1121")], state: .busy,
                duration: 0),
            Course(
                name: "nobody in time", events: [leg(1, .appeared, 0), leg(2, .disconnected, 9, reason: "1111")],
                state: .noAnswer, duration: 0),
            Course(
                name: "corrected by the summary",
                events: [
                    leg(1, .appeared, 0), leg(2, .disconnected, 9, reason: "1110"), summary(talk: 3, end: 10),
                ], state: .completed, duration: 7),
            Course(
                name: "a group, one answers",
                events: [
                    leg(1, .appeared, 0, call: "A", extension: "101"),
                    leg(1, .appeared, 0, call: "B", extension: "102"),
                    leg(2, .disconnected, 4, call: "A", reason: "1183"), leg(2, .connected, 4, call: "B"),
                    leg(3, .disconnected, 14, call: "B", reason: "1110"),
                ], state: .completed, duration: 10),
            Course(
                name: "transferred",
                events: [
                    leg(1, .appeared, 0, call: "A"), leg(2, .connected, 2, call: "A"),
                    leg(3, .disconnected, 10, call: "A", reason: "1182"),
                    leg(1, .appeared, 10, call: "B", extension: "102", takenFrom: "A"),
                    leg(2, .connected, 12, call: "B", extension: "102"),
                    leg(3, .disconnected, 30, call: "B", reason: "1110"),
                ], state: .completed, duration: 28),
            Course(
                name: "menu, queue and a person",
                events: [
                    leg(1, .appeared, 0, call: "I", location: .ivr),
                    leg(2, .disconnected, 5, call: "I", reason: "1181"),
                    leg(1, .appeared, 5, call: "Q", location: .queue),
                    leg(2, .disconnected, 20, call: "Q", reason: "1181"), leg(1, .appeared, 20, call: "P"),
                    leg(2, .disconnected, 30, call: "P", reason: "1111"),
                ], state: .noAnswer, duration: 0),
        ]
    }

    @Test func `the order of events changes nothing, nor do copies of them`() throws {
        for course in courses {
            let expected = try #require(facts(course.events))
            #expect(expected.state == course.state && expected.duration == course.duration, "\(course.name)")
            for order in permutations(course.events) {
                #expect(facts(order) == expected, "\(course.name)")
                #expect(facts(order + order.reversed()) == expected, "\(course.name)")
            }
        }
    }

    @Test func `at each moment the call is as its events so far say`() throws {
        var entry = MangoEntry()
        #expect(entry.facts == nil)
        _ = entry.add(leg(1, .appeared, 0))
        #expect(entry.facts?.state == .ringing && !entry.isOver)
        _ = entry.add(leg(2, .connected, 5))
        #expect(entry.facts?.state == .answered && entry.facts?.answeredAt == at(5))
        _ = entry.add(leg(3, .onHold, 10))
        #expect(entry.facts?.state == .held && entry.facts?.heldSince == at(10))
        _ = entry.add(leg(4, .connected, 20))
        #expect(entry.facts?.state == .answered && entry.facts?.holdSeconds == 10)
        let isNewAgain = entry.add(leg(2, .connected, 5))
        #expect(!isNewAgain)
        _ = entry.add(leg(5, .disconnected, 65, reason: "1110"))
        let facts = try #require(entry.facts)
        #expect(entry.isOver && facts.state == .completed && facts.endReason == .callerHangup)
        #expect(facts.callerNumber == "79161234567" && facts.receiverNumber == "74951234567")
        #expect(facts.callID == "C1" && facts.entryID == "E1" && facts.house.extension == "101")
    }

    @Test func `a transfer is one call that goes on`() throws {
        var entry = MangoEntry()
        let transferred = try #require(courses.first { $0.name == "transferred" }).events
        for event in transferred.prefix(3) { _ = entry.add(event) }
        #expect(entry.isOver)
        for event in transferred.dropFirst(3) { _ = entry.add(event) }
        #expect(entry.facts?.transferCount == 1 && entry.facts?.house.extension == "102")
    }

    @Test func `a call that only was in a menu has no record before its summary`() {
        var entry = MangoEntry()
        _ = entry.add(leg(1, .appeared, 0, location: .ivr))
        _ = entry.add(leg(2, .disconnected, 5, reason: "1110", location: .ivr))
        #expect(entry.facts == nil)
        _ = entry.add(summary(talk: nil, end: 5, isSuccess: false))
        #expect(entry.facts?.state == .missed)
    }

    @Test func `a summary takes over the legs of a call that named no entry`() {
        var legs = MangoEntry()
        for (sequence, state) in [(1, MangoCallEvent.State.appeared), (2, .connected), (3, .disconnected)] {
            let moment = at(Int64(sequence))
            let event = MangoCallEvent(callID: "C1", state: state, timestamp: moment, sequence: sequence)
            _ = legs.add(.call(event))
        }
        #expect(legs.facts?.entryID == nil)
        var entry = MangoEntry()
        _ = entry.add(summary(talk: 2, end: 3))
        entry.takeLegs(of: legs)
        entry.takeLegs(of: legs)
        #expect(entry.callIDs == ["C1"] && entry.hasSummary)
        #expect(entry.facts?.entryID == "E1" && entry.facts?.callID == "C1")
    }

    @Test func `a lost connection is inferred from the numbers, or from a last event alone`() {
        #expect(facts([leg(1, .appeared, 0), leg(3, .disconnected, 9, reason: "1110")])?.state == .completed)
        #expect(facts([leg(1, .disconnected, 9, reason: "1120")])?.state == .completed)
        #expect(facts([leg(1, .disconnected, 9, reason: "1110")])?.state == .missed)
        #expect(facts([leg(3, .disconnected, 9, reason: "1121")])?.state == .busy)
    }

    @Test(
        arguments: [
            (MangoSide(number: "79161234567"), MangoSide(extension: "101"), "74951234567", CallDirection.incoming),
            (MangoSide(extension: "101"), MangoSide(extension: "102"), nil, .internal),
            (MangoSide(extension: "101"), MangoSide(number: "79161234567"), nil, .outgoing),
            (MangoSide(number: "sip:anna@x"), MangoSide(number: "79161234567"), nil, .outgoing),
            (MangoSide(number: "101"), MangoSide(number: "79161234567"), nil, .outgoing),
            (MangoSide(number: "79161234567"), MangoSide(number: "74951234567"), nil, .incoming),
        ] as [(MangoSide, MangoSide, String?, CallDirection)])
    func `the sides say which way it goes`(from: MangoSide, to: MangoSide, line: String?, way: CallDirection) {
        var event = MangoCallEvent(callID: "C", state: .appeared, timestamp: at(0), sequence: 1)
        (event.from, event.to, event.lineNumber) = (from, to, line)
        let told = facts([.call(event)])
        #expect(told?.direction == way)
        if way != .internal { #expect(told?.clientNumber == "79161234567") }
    }

    @Test func `a callback is a call of ours to the client, whichever leg comes first`() {
        var first = MangoCallEvent(callID: "C1", state: .appeared, timestamp: at(0), sequence: 1)
        (first.from, first.to) = (MangoSide(number: "79161234567"), MangoSide(number: "sip:a@x", extension: "101"))
        first.isCallback = true
        var second = MangoCallEvent(callID: "C2", state: .appeared, timestamp: at(3), sequence: 1)
        (second.from, second.to) = (MangoSide(extension: "101"), MangoSide(number: "79161234567"))
        (first.entryID, second.entryID) = ("E", "E")
        let told = facts([.call(first), .call(second)])
        #expect(told?.direction == .outgoing && told?.isCallback == true)
        #expect(told?.clientNumber == "79161234567" && told?.house.extension == "101")
        #expect(told == facts([.call(second), .call(first)]))
    }

    @Test func `the JSON dialect says by itself how long they talked`() throws {
        func event(_ text: String) throws -> MangoEvent { try MangoEvent(object(text), received: at(0)) }
        let base = #""call_id":"J1","from":"+79161234567","to":"+74951234567","direction":"in""#
        let start = try event("{\(base),\"status\":\"start\",\"timestamp\":1700000000}")
        let answer = try event("{\(base),\"status\":\"answer\",\"timestamp\":1700000005}")
        let end = try event("{\(base),\"status\":\"end\",\"timestamp\":1700000125,\"duration\":120}")
        let bare = try event("{\(base),\"status\":\"end\",\"timestamp\":1700000125}")
        let busy = try event("{\(base),\"status\":\"end\",\"timestamp\":1700000125,\"disconnect_reason\":\"busy\"}")
        #expect(facts([start, answer, end])?.duration == 120)
        #expect(facts([start, end])?.state == .completed && facts([start, end])?.duration == 120)
        #expect(facts([start, answer, bare])?.duration == 120)
        #expect(facts([start, bare])?.state == .missed && facts([start, busy])?.state == .busy)
        #expect(start.dedupeKey == "j:J1:start" && start.entryID == nil)
        for order in permutations([start, answer, end]) {
            #expect(facts(order) == facts([start, answer, end]))
        }
    }
}
