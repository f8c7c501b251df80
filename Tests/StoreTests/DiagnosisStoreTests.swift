import CallModel
import Testing
import Wire

@testable import Store

struct DiagnosisStoreTests {
    private var quality: CallQuality {
        var leg = LegQuality(leg: 1, kind: .browser, codec: "opus")
        leg.mos = LegQuality.Score(current: 4.4, minimum: 3.9, average: 4.25)
        (leg.received.packets, leg.sent.packets) = (500, 499)
        return CallQuality(legs: [leg])
    }

    @Test(arguments: Engine.allCases) func `quality comes back with the record, and the diagnosis by itself`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            var record = makeRecord(1, state: .completed)
            record.endedAt = noon + .seconds(60)
            store.write(record)
            #expect(try await store.call(.id(1))?.quality == nil)
            #expect(try await store.diagnosis(ofCall: 1) == nil)
            store.write(CallChange(record: nil, rows: [.diagnosis(callID: 1, quality, #"{"findings":[]}"#)]))
            #expect(try await store.call(.id(1))?.quality == quality)
            #expect(try await store.calls(matching: CallQuery()).items.first?.quality == quality)
            #expect(try await store.diagnosis(ofCall: 1) == ["findings": []])
            let (least, mean) =
                try await store.read { (database: Database) throws(SQLFailure) in
                    try database.query("SELECT mos_min, mos_avg FROM call_diagnoses") {
                        ($0.realIfPresent(0), $0.realIfPresent(1))
                    }.first
                } ?? (nil, nil)
            #expect(least == 3.9 && mean == 4.25)
        }
    }

    @Test(arguments: Engine.allCases)
    func `an edit of an ended call does not cost its quality, whichever is written first`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            var record = makeRecord(1, state: .completed)
            store.write(record)
            var edited = try #require(try await store.call(.id(1)))
            (edited.notes, edited.version) = ("said", record.version + 1)
            store.write(CallChange(record: nil, rows: [.diagnosis(callID: 1, quality, "null")]))
            store.write(edited)
            record = try #require(try await store.call(.id(1)))
            #expect(record.notes == "said" && record.quality == quality)
        }
    }

    @Test(arguments: Engine.allCases) func `of a call without packets no quality is kept`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            store.write(
                makeRecord(1), .diagnosis(callID: 1, CallQuality(legs: [LegQuality(leg: 1, kind: .sip)]), #"{"a":1}"#))
            #expect(try await store.call(.id(1))?.quality == nil)
            #expect(try await store.diagnosis(ofCall: 1) == ["a": 1])
        }
    }

    @Test(arguments: Engine.allCases) func `a file from before diagnoses goes on with its calls`(engine: Engine)
        async throws
    {
        let place = try Place(engine, isEmpty: true)
        do {
            let database = try place.open()
            try database.migrate(Array(Migration.all.prefix(2)), at: noon)
            try CallTable.write(makeRecord(7), isFirst: true, to: database)
        }
        try await withStore(place) { (store) async throws in
            #expect(try await store.call(.id(7)) == makeRecord(7))
            store.write(CallChange(record: nil, rows: [.diagnosis(callID: 7, quality, "null")]))
            #expect(try await store.call(.id(7))?.quality == quality)
        }
    }

    @Test(arguments: Engine.allCases)
    func `what explained old calls goes in steps, and their records and figures stay`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            for id in Int64(1)...5 {
                store.write(
                    makeRecord(id, state: .completed), .diagnosis(callID: id, quality, #"{"findings":[]}"#),
                    .trace(callID: id, ["messages": []]))
            }
            let (past, future) = (WallTime(milliseconds: 1), WallTime(milliseconds: 4_000_000_000_000))
            #expect(try await store.forgetDetails(before: past, limit: 3) == 0)
            #expect(try await store.diagnosis(ofCall: 1) != nil)
            var steps: [Int] = []
            for _ in 0..<3 { steps.append(try await store.forgetDetails(before: future, limit: 3)) }
            #expect(steps == [3, 2, 0])
            for id in Int64(1)...5 {
                #expect(try await store.diagnosis(ofCall: id) == nil)
                #expect(try await store.trace(ofCall: id) == nil)
                #expect(try await store.call(.id(id))?.quality == quality)
            }
        }
    }
}
