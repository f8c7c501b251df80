import CallModel
import Directory
import Testing
import Wire

@testable import Store

/// A database that was copied is as if it had been written there.
struct DatabaseCopyTests {
    /// What texts may have that the lines of a copy are made of.
    private static let texts = ["\\N", "a\tb", "first\r\nsecond", "\\", "C:\\new\\table", "кавычки \"'", "", "\\."]

    private static func calls() -> [CallRecord] {
        (Int64(1)...60).map { number in
            var call = makeRecord(number, number.isMultiple(of: 3) ? .outgoing : .incoming, state: .completed)
            call.startedAt = noon + .seconds(number * 7_000)
            call.notes = texts[Int(number) % texts.count]
            call.customerName = number.isMultiple(of: 2) ? "Анна \(number)" : nil
            call.mangoData = number.isMultiple(of: 5) ? #"{"text":"a\\b\n"}"# : nil
            call.confidenceScore = number.isMultiple(of: 4) ? 0.25 : nil
            call.assignedUserID = number.isMultiple(of: 2) ? 1 : nil
            if number > 10 {
                (call.answeredAt, call.duration) = (call.startedAt + .seconds(2), Int(number))
                call.endedAt = call.startedAt + .seconds(2 + number)
            }
            return call
        }
    }

    private static func fill(_ place: Place) async throws -> [CallRecord] {
        let calls = calls()
        try await withStore(place) { (store) async throws in
            try await store.execute("INSERT INTO users (id, login, extension) VALUES (1, 'one', '1001')")
            for call in calls {
                let leg = CallLegRecord(
                    callID: call.id, kind: .sip, legID: "leg-\(call.id)", state: .answered, appearedAt: call.startedAt)
                store.write(call, .leg(leg), .tags(callID: call.id, ["b", "a"]))
            }
        }
        return calls.map { call in
            var call = call
            call.tags = ["b", "a"]
            return call
        }
    }

    /// What the database has added up of its calls, as text.
    private static func sums(_ database: Database) throws -> [[String]] {
        try ["call_days", "call_people_days", "call_people"].map { table in
            let columns = try database.columns(of: table).keys.sorted()
            let texts = columns.map {
                $0 == "answered" ? "CAST(CAST(answered AS INTEGER) AS TEXT)" : "CAST(\($0) AS TEXT)"
            }
            let sql = "SELECT \(texts.joined(separator: " || ' ' || ")) FROM \(table) WHERE calls > 0"
            return try database.query(sql) { $0.text(0) }.sorted()
        }
    }

    /// Indexes, rules and triggers by their names.
    private static func parts(_ database: Database) throws -> [String] {
        try database.query(
            database.dialect == .sqlite
                ? "SELECT type || ' ' || name || ' ' || sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL"
                : """
                SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid::regclass::text NOT LIKE 'pg_%'
                UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint
                UNION ALL SELECT tgname || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
                """
        ) { $0.text(0) }.sorted()
    }

    @Test(arguments: Engine.allCases) func `what is taken away while tables are filled comes back as it was`(
        engine: Engine
    ) async throws {
        let database = try Place(engine).migrated()
        if engine == .postgres {
            let triggers = try database.query(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = 'calls'::regclass AND NOT tgisinternal ORDER BY 1"
            ) { $0.text(0) }
            try #require(triggers.count >= 3)
            for (name, way) in zip(triggers, ["DISABLE", "ENABLE REPLICA", "ENABLE ALWAYS"]) {
                try database.execute("ALTER TABLE calls \(way) TRIGGER \(name)")
            }
        }
        let before = try Self.parts(database)
        try database.transaction { () throws(SQLFailure) in
            let deferred = try DeferredSchema(of: ["calls", "call_legs"], in: database)
            try deferred.drop()
            try deferred.make { _ in }
        }
        #expect(try Self.parts(database) == before)
    }

    @Test(arguments: Engine.allCases, Engine.allCases) func `calls, sums, words and numbers are as they were`(
        from: Engine, to: Engine
    ) async throws {
        let (source, target) = (try Place(from), try Place(to, isEmpty: true))
        let calls = try await Self.fill(source)
        var said: [String] = []
        let copied = try DatabaseTools(source.location).copy(to: DatabaseTools(target.location)) { said.append($0) }
        let counts = Dictionary(uniqueKeysWithValues: copied.map { ($0.table, $0.count) })
        #expect(counts["calls"] == 60)
        #expect(counts["call_legs"] == 60)
        #expect(counts["call_tags"] == 120)
        #expect(said.contains("sums of calls"))
        #expect(try Self.sums(source.open()) == Self.sums(target.open()))
        #expect(try Self.parts(target.open()) == Self.parts(Place(to).migrated()))
        try await withStore(target) { (store) async throws in
            #expect(try await store.calls(matching: CallQuery(limit: 100)).items.sorted { $0.id < $1.id } == calls)
            var query = CallQuery()
            query.search = "нна 4"
            #expect(try await store.calls(matching: query).total == 6)
            try await Self.expectNextNumbers(store)
        }
    }

    /// What comes later has numbers of its own, is counted, found and held to the rules.
    private static func expectNextNumbers(_ store: SQLStore) async throws {
        let before = try await store.tallies(matching: CallQuery(), byPerson: true).reduce(0) { $0 + $1.calls }
        var call = makeRecord(store.nextCallID, state: .missed)
        (call.endedAt, call.notes) = (noon, "нна 4")
        #expect(call.id > 60)
        store.write(call)
        let after = try await store.tallies(matching: CallQuery(), byPerson: true).reduce(0) { $0 + $1.calls }
        #expect((before, after) == (60, 61))
        var query = CallQuery()
        query.search = "нна 4"
        #expect(try await store.calls(matching: query).total == 7)
        try await store.execute("DELETE FROM calls WHERE id = 7")
        let orphans = try await store.read { (database: Database) throws(SQLFailure) in
            try database.integer("SELECT count(*) FROM call_legs WHERE call_pk = 7")
        }
        #expect(orphans == 0)
    }

    @Test(arguments: Engine.allCases) func `a copy that fails leaves the database empty and whole`(engine: Engine)
        async throws
    {
        let (source, target) = (try Place(.sqlite), try Place(engine))
        _ = try await Self.fill(source)
        // A rule that rows in the middle break.
        let rule =
            engine == .sqlite
            ? "CREATE UNIQUE INDEX refusal ON call_tags (tag)"
            : "ALTER TABLE call_tags ADD CONSTRAINT refusal CHECK (call_pk <> 40)"
        let database = try target.migrated()
        try database.execute(rule)
        let before = try Self.parts(database)
        #expect(throws: StoreError.self) {
            try DatabaseTools(source.location).copy(to: DatabaseTools(target.location))
        }
        let left = try database.integer(
            "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM calls) + (SELECT count(*) FROM call_days)")
        #expect(left == 0)
        #expect(try Self.parts(database) == before)
    }

    @Test func `a source that breaks off leaves nothing of a table that was begun`() throws {
        let place = try Place(.postgres)
        let database = try place.open()
        guard case .postgres(let connection) = database.engine else { return }
        let broken = SQLFailure(.other, message: "the file ends")
        #expect(throws: broken) {
            try connection.copy("COPY settings (name, value) FROM STDIN") { (add) throws(SQLFailure) in
                try add([.text("a"), .text("b")])
                throw broken
            }
        }
        #expect(try database.integer("SELECT count(*) FROM settings") == 0)
        #expect(throws: SQLFailure.self) {
            try connection.copy("COPY settings (name, value) FROM STDIN") { (add) throws(SQLFailure) in
                try add([.text("a"), .null])
            }
        }
        // The connection is as good as before.
        #expect(try database.integer("SELECT 7") == 7)
    }
}

extension Place {
    /// An open connection to a database that has all tables.
    fileprivate func migrated() throws -> Database {
        let database = try open()
        try database.migrate(at: noon)
        return database
    }
}
