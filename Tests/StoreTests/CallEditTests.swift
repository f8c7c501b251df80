import CallModel
import Directory
import Testing
import Wire

@testable import Store

/// Calls that are written down at once, and changes of calls that are over.
struct CallEditTests {
    private static let later = noon + .seconds(3600)

    private static func ended(_ id: Int64) -> CallRecord {
        var record = makeRecord(id, state: .completed)
        (record.answeredAt, record.endedAt, record.duration) = (noon, noon + .seconds(60), 60)
        return record
    }

    @Test(arguments: Engine.allCases)
    func `a call written at once is there with its tags, and its callId is nobody else's`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            var first = Self.ended(1)
            (first.callID, first.tags) = ("MANUAL-1", ["b", "a"])
            try await store.add(first)
            #expect(try await store.call(.id(1)) == first)
            var second = Self.ended(2)
            second.callID = "MANUAL-1"
            await #expect(throws: StoreError.conflict(column: "calls.call_id")) { try await store.add(second) }
            #expect(try await store.call(.id(2)) == nil)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a change counts as the next version, with its rows, and sees what waited to be written`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            store.write(Self.ended(1))
            let note = CallNote(callID: 1, userID: nil, text: "a", source: .pbx, createdAt: Self.later)
            // Not within the macro: this compiler gives closures there the names of others.
            let changed = try await store.edit(.id(1), rows: [.note(note)], at: Self.later) { record in
                (record.notes, record.tags, record.id) = ("a", ["x", "y"], 7)
            }
            let edited = try #require(changed)
            #expect(edited.id == 1 && edited.version == 2 && edited.updatedAt == Self.later)
            #expect(try await store.call(.id(1)) == edited)
            #expect(edited.notes == "a" && edited.tags == ["x", "y"])
            let cleared = try await store.edit(.uuid(edited.uuid), rows: [], at: Self.later) { $0.tags = [] }
            #expect(cleared?.tags == [] && cleared?.notes == "a" && cleared?.version == 3)
            let notes = try await store.read { (database: Database) throws(SQLFailure) in
                try database.query("SELECT note, source FROM call_notes WHERE call_pk = 1") { $0.text(0) + $0.text(1) }
            }
            #expect(notes == ["apbx"])
        }
    }

    @Test(arguments: Engine.allCases) func `changing nothing writes nothing, and a call that is not there stays so`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            store.write(Self.ended(1))
            let same = try await store.edit(.id(1), rows: [], at: Self.later) { $0.notes = nil }
            let absent = try await store.edit(.id(2), rows: [], at: Self.later) { $0.notes = "x" }
            #expect(same?.version == 1 && absent == nil)
        }
    }

    @Test(arguments: Engine.allCases) func `changes at the same time are all kept`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            store.write(Self.ended(1))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<50 {
                    group.addTask {
                        _ = try await store.edit(.id(1), rows: [], at: Self.later) { record in
                            record.notes = (record.notes ?? "") + "\(index) "
                        }
                    }
                }
                try await group.waitForAll()
            }
            let stored = try #require(try await store.call(.id(1)))
            #expect(stored.version == 51 && stored.notes?.split(separator: " ").count == 50)
        }
    }
}
