import CallModel
import Testing
import Wire

@testable import Store

struct MangoStoreTests {
    private func event(_ key: String, call: String = "C1", entry: String? = "E1") -> StoredMangoEvent {
        var event = StoredMangoEvent(
            kind: "call", dialect: "vpbx", dedupeKey: key, payload: #"{"call_id":"C1"}"#, remoteIP: "192.0.2.1",
            receivedAt: noon)
        (event.callID, event.entryID, event.sequence, event.isSignatureGood) = (call, entry, 1, true)
        return event
    }

    @Test(arguments: Engine.allCases) func `a copy of an event is known, and so is what the first was answered`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            let first = try await store.keep(event("c:C1:1"))
            #expect(!first.isKnown && first.reply == nil)
            #expect(try await store.keep(event("c:C1:1")) == KeptMangoEvent(id: first.id, isKnown: true, reply: nil))
            let outcome = MangoEventOutcome(isApplied: true, error: nil, reply: #"{"success":true}"#)
            var row = MangoRow(callID: "C1", phoneNumber: "+7916", isIncoming: true, status: .started, data: "{}")
            try await store.conclude(first.id, outcome, row)
            (row.status, row.duration, row.recordURL) = (.completed, 120, "https://x.example/1.mp3")
            try await store.conclude(first.id, outcome, row)
            #expect(try await store.keep(event("c:C1:1")).reply == outcome.reply)
            let rows = try await store.read { (database: Database) throws(SQLFailure) in
                try database.query("SELECT status, duration, record_url, direction FROM mango") {
                    "\($0.text(0)) \($0.integer(1)) \($0.text(2)) \($0.text(3))"
                }
            }
            #expect(rows == ["completed 120 https://x.example/1.mp3 in"])
        }
    }

    @Test(arguments: Engine.allCases) func `the events of one call are found by its id and by its legs`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            for (key, call, entry) in [("a", "C1", "E1"), ("b", "C2", "E1"), ("c", "C3", nil), ("d", "C4", "E2")] {
                _ = try await store.keep(event(key, call: call, entry: entry))
            }
            #expect(try await store.events(entryID: "E1", callIDs: []).map(\.dedupeKey) == ["a", "b"])
            #expect(try await store.events(entryID: "E1", callIDs: ["C3"]).map(\.dedupeKey) == ["a", "b", "c"])
            #expect(try await store.events(entryID: nil, callIDs: ["C4"]) == [event("d", call: "C4", entry: "E2")])
        }
    }

    @Test(arguments: Engine.allCases) func `a call is found by its id, by its legs, and by its client at the time`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            var record = makeRecord(1)
            (record.entryID, record.callID) = ("E1", "C1")
            var leg = CallLegRecord(callID: 1, kind: .mango, legID: "C2", state: .ringing, appearedAt: noon)
            leg.fromNumber = "+79991234567"
            store.write(record, .leg(leg))
            #expect(try await store.call(entryID: "E1", callIDs: [])?.id == 1)
            #expect(try await store.call(entryID: "E9", callIDs: ["C1"])?.id == 1)
            #expect(try await store.call(entryID: nil, callIDs: ["C2"])?.id == 1)
            #expect(try await store.call(entryID: nil, callIDs: ["C3"]) == nil)
            // One that has an id of its own is another call.
            let around = (noon + .seconds(-10), noon + .seconds(10))
            #expect(try await store.call(client: "89991234567", line: nil, from: around.0, through: around.1) == nil)
        }
    }

    @Test(arguments: Engine.allCases) func `of the events only so many are kept, and for so long`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            for (index, key) in ["a", "b", "c", "d"].enumerated() {
                var later = event(key)
                later.receivedAt = noon + .seconds(index)
                _ = try await store.keep(later)
            }
            try await store.trimEvents(to: 4, since: noon)
            #expect(try await store.events(entryID: "E1", callIDs: []).map(\.dedupeKey) == ["a", "b", "c", "d"])
            try await store.trimEvents(to: 3, since: noon)
            #expect(try await store.events(entryID: "E1", callIDs: []).map(\.dedupeKey) == ["b", "c", "d"])
            try await store.trimEvents(to: 3, since: noon + .seconds(3))
            #expect(try await store.events(entryID: "E1", callIDs: []).map(\.dedupeKey) == ["d"])
        }
    }

    @Test(arguments: Engine.allCases) func `a recording that failed is fetched when the exchange has it after all`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            var failed = MangoRecording(recordingID: "R1", state: .failed)
            (failed.attempts, failed.firstAttemptAt, failed.lastError) = (7, noon, "completion code 1001")
            _ = try await store.keep(failed)
            let completed = MangoRecording(recordingID: "R1", state: .completed)
            #expect(try await store.keep(completed).state == .failed)
            var added = MangoRecording(recordingID: "R1", state: .added)
            added.nextAttemptAt = noon + .seconds(5)
            let whole = try await store.keep(added)
            #expect(whole.state == .added && whole.nextAttemptAt == noon + .seconds(5))
            #expect(whole.attempts == 0 && whole.firstAttemptAt == nil && whole.lastError == nil)
            #expect(try await store.pendingRecordings(limit: 5) == [whole])
        }
    }

    @Test(arguments: Engine.allCases) func `what is known of a recording is never taken back`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            var recording = MangoRecording(recordingID: "R1", state: .added)
            (recording.entryID, recording.eventAt, recording.nextAttemptAt) = ("E1", noon, noon + .seconds(5))
            // A call that is not there must not cost the recording.
            recording.callPK = 77
            _ = try await store.keep(recording)
            var late = MangoRecording(recordingID: "R1", state: .started)
            late.callID = "C1"
            let whole = try await store.keep(late)
            #expect(whole.state == .added && whole.callID == "C1" && whole.nextAttemptAt == noon + .seconds(5))
            #expect(try await store.pendingRecordings(limit: 5).map(\.recordingID) == ["R1"])
            var done = whole
            (done.state, done.key, done.nextAttemptAt) = (.downloaded, "p/C1_1.mp3", nil)
            try await store.update(done)
            #expect(try await store.pendingRecordings(limit: 5).isEmpty)
            #expect(try await store.keep(recording).nextAttemptAt == nil)
            #expect(try await store.recordings(withKeyStem: "p/C1_1", otherThan: "R2") == 1)
            #expect(try await store.recordings(withKeyStem: "p/C1_1", otherThan: "R1") == 0)
            #expect(try await store.recordings(withKeyStem: "p/C1", otherThan: "R2") == 1)
            #expect(try await store.recordings(withKeyStem: "p/C", otherThan: "R2") == 0)
        }
    }
}
