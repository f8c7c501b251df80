import CallModel
import Directory
import Testing
import Wire

@testable import Store

/// Tables of the call service (document 000) and of the CRM's webhook (document 001), taken over.
struct ServiceImportTests {
    private static let schema = """
        CREATE TABLE callcentre_operator (
            id serial PRIMARY KEY, name text NOT NULL, login text UNIQUE, password text, status text, city text,
            sip_address text);
        CREATE TABLE phones (id serial PRIMARY KEY, number varchar(20) UNIQUE, rk varchar, city varchar, avito_name varchar);
        CREATE TABLE mango (
            id serial PRIMARY KEY, call_id varchar UNIQUE, phone_number varchar, direction varchar, status varchar,
            duration int, record_url text, mango_data jsonb);
        CREATE TABLE calls (
            id serial PRIMARY KEY, rk text, city text, avito_name text, phone_client text, phone_ats text,
            date_create timestamp, operator_id int, status text, call_id text UNIQUE, entry_id text, duration int,
            record_url text, recording_path text, recording_processed_at timestamptz, mango_data jsonb,
            "callDirection" text);
        INSERT INTO callcentre_operator VALUES
            (7, 'Вера', 'vera', 'hash', 'active', 'Москва', 'vera@vpbx.example'),
            (8, 'Олег', 'oleg', 'hash', 'fired', 'Москва', NULL);
        INSERT INTO phones (number, rk, city) VALUES ('+74951234567', 'РК1', 'Москва'), (NULL, 'РК2', 'Тула');
        INSERT INTO mango (call_id, phone_number, direction, status, duration, mango_data) VALUES
            ('C1', '+79161234567', 'in', 'completed', 120, '{"call_id": "C1"}'), ('C2', '+7916', 'sideways', 'started', NULL, '{}');
        INSERT INTO calls VALUES
            (41, 'РК1', 'Москва', NULL, '79161234567', '74951234567', '2025-11-08 12:00:00.5', 7, 'answered', 'C1', 'E1', 120,
                's3://k', 'callcentre/recordings/C1.mp3', '2025-11-08 15:05:00+03', '{"seq": 3}', 'incoming'),
            (42, 'РК1', 'Москва', NULL, '79161234568', '74951234567', '2025-11-08 12:10:00', 99, 'missed', 'C2', NULL, NULL,
                NULL, NULL, NULL, NULL, 'outgoing'),
            (43, NULL, NULL, NULL, '79161234568', NULL, '2025-11-08 12:20:00', NULL, 'lost', 'C3', NULL, NULL,
                NULL, NULL, NULL, NULL, NULL),
            (44, NULL, NULL, NULL, NULL, NULL, '2025-11-08 12:20:00', NULL, 'busy', 'C4', NULL, NULL,
                NULL, NULL, NULL, NULL, NULL);
        """

    private static func makeSource() throws -> (address: PostgresAddress, database: Database) {
        let place = try Place(.postgres, isEmpty: true)
        let database = try place.open()
        try database.execute(schema)
        return (try #require(PostgresAddress(url: place.url)), database)
    }

    @Test(arguments: Engine.allCases) func `everything that can be kept is here, and a second run adds nothing`(
        engine: Engine
    ) async throws {
        let source = try Self.makeSource()
        let place = try Place(engine, isEmpty: true)
        let report = try DatabaseTools(place.location).takeOver(from: source.address)
        #expect(report.tables.map(\.name) == ["callcentre_operator", "phones", "mango", "calls"])
        #expect(report.tables.map(\.taken) == [2, 1, 1, 2])
        #expect(report.tables.map(\.skipped) == [0, 1, 1, 2])
        #expect(report.tables[3].reasons.map { $0.prefix(3) } == ["43:", "44:"])
        let again = try DatabaseTools(place.location).takeOver(from: source.address)
        #expect(again.tables.map(\.taken) == [0, 0, 0, 0] && again.tables.map(\.known) == [2, 1, 1, 2])
        try await withStore(place) { (store) async throws in
            let users = try await store.roster().users
            #expect(users[7]?.login == "vera" && users[7]?.role == .operator && users[7]?.status == .active)
            #expect(users[8]?.status == .inactive)
            #expect(try await store.roster().line(number: "84951234567")?.campaign == "РК1")
            let call = try #require(try await store.call(.id(41)))
            #expect(call.state == .completed && call.duration == 120 && call.operatorID == 7)
            #expect(
                call.startedAt.iso8601() == "2025-11-08T12:00:00.500Z" && call.callID == "C1" && call.entryID == "E1")
            #expect(
                call.recordingProcessedAt?.iso8601() == "2025-11-08T12:05:00.000Z" && call.mangoData == #"{"seq":3}"#)
            #expect(call.callerNumber == "79161234567" && call.lineNumber == "74951234567")
            let missed = try #require(try await store.call(.id(42)))
            #expect(missed.state == .missed && missed.direction == .outgoing && missed.receiverNumber == "79161234568")
            // 99 is nobody there, either.
            #expect(missed.operatorID == nil && missed.duration == 0)
            #expect(store.nextCallID > 42)
        }
    }

    @Test func `what has come since is added, under another number where the old one is taken`() async throws {
        let source = try Self.makeSource()
        let place = try Place(.sqlite)
        try await withStore(place) { (store) async throws in
            _ = try await store.seed(FirstStart(adminPassword: "x"), using: Entropy(seed: 1))
            store.write(CallChange(record: makeRecord(41)))
        }
        try source.database.execute(
            "UPDATE callcentre_operator SET id = 2 WHERE id = 7; UPDATE calls SET operator_id = 2 WHERE id = 41")
        let report = try DatabaseTools(place.location).takeOver(from: source.address)
        #expect(report.tables[0].renumbered == 1 && report.tables[3].renumbered == 1)
        try source.database.execute(
            "INSERT INTO calls (id, phone_client, date_create, status, call_id) VALUES (50, '7', now(), 'busy', 'C9')")
        let later = try DatabaseTools(place.location).takeOver(from: source.address)
        #expect(later.tables[3].taken == 1 && later.tables[3].known == 2)
        try await withStore(place) { (store) async throws in
            let call = try #require(try await store.call(entryID: "E1", callIDs: []))
            let vera = try await store.roster().users.values.first { $0.login == "vera" }
            #expect(call.id != 41 && call.operatorID == vera?.id && vera?.id != 2)
        }
    }

    @Test(arguments: Engine.allCases) func `a row that cannot be kept is skipped with its reason, and the others come`(
        engine: Engine
    ) throws {
        let source = try Self.makeSource()
        try source.database.execute(
            """
            ALTER TABLE calls ALTER duration TYPE bigint, ALTER id TYPE bigint;
            UPDATE calls SET duration = 3000000000 WHERE id = 41;
            INSERT INTO calls (id, phone_client, date_create, status, call_id)
                VALUES (2000000000000000000, '7', now(), 'busy', 'C9');
            INSERT INTO callcentre_operator (id, name, login) VALUES (9, 'Анна', 'anna');
            UPDATE callcentre_operator SET city = repeat('x', 101) WHERE id = 8
            """)
        let report = try DatabaseTools(try Place(engine, isEmpty: true).location).takeOver(from: source.address)
        #expect(report.tables[3].taken == 1 && report.tables[3].skipped == 4)
        #expect(report.tables[3].reasons.contains { $0.hasPrefix("41: duration is more") })
        #expect(report.tables[3].reasons.contains { $0.hasPrefix("2000000000000000000: id has more") })
        // Only PostgreSQL holds texts to the length of their columns.
        #expect(report.tables[0].taken == (engine == .postgres ? 2 : 3))
        #expect(report.tables[0].skipped == (engine == .postgres ? 1 : 0))
    }

    @Test func `nothing is taken over while changes wait for the server`() throws {
        let source = try Self.makeSource()
        let place = try Place(.postgres)
        guard case .server(_, let settings) = place.location else { return }
        try Outbox(path: settings.path, megabytes: 8).keep(PendingWrites(), number: 1)
        let failure = #expect(throws: StoreError.self) {
            try DatabaseTools(place.location).takeOver(from: source.address)
        }
        if case .refused = failure {} else { Issue.record("\(String(describing: failure))") }
    }

    @Test func `a database of this program is copied, not taken over`() throws {
        let own = try Place(.postgres)
        let address = try #require(PostgresAddress(url: own.url))
        let target = try Place(.sqlite)
        #expect(throws: StoreError.self) { try DatabaseTools(target.location).takeOver(from: address) }
    }

    @Test func `tables that are not there are named`() throws {
        let empty = try Place(.postgres, isEmpty: true)
        let address = try #require(PostgresAddress(url: empty.url))
        let report = try DatabaseTools(try Place(.sqlite).location).takeOver(from: address)
        #expect(report.tables.isEmpty && report.missing.count == 4)
    }
}
