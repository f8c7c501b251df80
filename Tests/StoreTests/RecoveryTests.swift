import CallModel
import Directory
import Glibc
import Testing
import Wire

@testable import Store

struct RecoveryTests {
    @Test(arguments: Engine.allCases) func `what was written outlives a killed process and is closed as interrupted`(
        engine: Engine
    ) async throws {
        let place = try Place(engine)
        let (url, folder) = (place.url, place.folder.path)
        await #expect(processExitsWith: .signal(SIGKILL)) { [url = url as String, folder = folder as String] in
            let store = try SQLStore(Place.location(url: url, folder: folder))
            for id in Int64(1)...10 {
                var record = makeRecord(id, state: .ringing)
                if id > 5 { (record.state, record.answeredAt) = (.answered, noon + .seconds(5)) }
                record.updatedAt = noon + .seconds(65)
                store.write(record)
            }
            await store.flush()
            kill(getpid(), SIGKILL)
        }
        try await withStore(place) { (store) async throws in
            let restart = noon + .seconds(600)
            #expect(try await store.closeInterrupted(at: restart) == 10)
            let calls = try await store.calls(matching: CallQuery()).items
            #expect(calls.count == 10)
            for call in calls {
                #expect(call.state == (call.id > 5 ? .completed : .failed))
                #expect(call.endReason == .interrupted)
                #expect(call.endedAt == noon + .seconds(65))
                #expect(call.duration == (call.id > 5 ? 60 : 0))
                #expect(call.updatedAt == restart)
            }
            #expect(try await store.closeInterrupted(at: restart) == 0)
        }
    }

    @Test(arguments: Engine.allCases) func `an interrupted call takes its legs, sessions and hold with it`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            var entropy = Entropy(seed: 5)
            var record = makeRecord(1, state: .held)
            (record.answeredAt, record.updatedAt) = (noon, noon + .seconds(30))
            (record.isOnHold, record.heldSince, record.holdSeconds) = (true, noon + .seconds(20), 7)
            let leg = CallLegRecord(callID: 1, kind: .webrtc, legID: "a", state: .answered, appearedAt: noon)
            let session = CallSession(id: UUID(using: &entropy), callID: 1, userID: nil, startTime: noon)
            let connection = WebRTCConnectionRecord(
                id: "c", callID: 1, socketID: "s", status: .connected, startTime: noon)
            store.write(record, .leg(leg), .session(session), .connection(connection))
            #expect(try await store.closeInterrupted(at: noon + .seconds(90)) == 1)
            let call = try #require(try await store.call(.id(1)))
            #expect(!call.isOnHold)
            #expect(call.heldSince == nil)
            #expect(call.holdSeconds == 17)
            #expect(try await store.sessions(ofCall: nil, activeOnly: true).isEmpty)
            let open = try await store.read { (database: Database) throws(SQLFailure) in
                try database.integer(
                    """
                    SELECT (SELECT count(*) FROM call_legs WHERE disconnected_at IS NULL)
                        + (SELECT count(*) FROM webrtc_connections WHERE end_time IS NULL)
                    """)
            }
            #expect(open == 0)
        }
    }

    @Test(arguments: Engine.allCases) func `ended calls are left as they are`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            var record = makeRecord(1, state: .busy)
            (record.endedAt, record.endReason) = (noon + .seconds(3), .busy)
            store.write(record)
            #expect(try await store.closeInterrupted(at: noon + .seconds(9)) == 0)
            #expect(try await store.call(.id(1)) == record)
        }
    }
}

struct FixedStatementTests {
    @Test(arguments: Engine.allCases) func `a statement is not taken for another that had its place in memory`(
        engine: Engine
    ) throws {
        let database = try emptyDatabase(engine)
        try database.run("CREATE TABLE a (x INTEGER)")
        for number in 0..<100 { try database.run(FixedSQL("INSERT INTO a (x) VALUES (\(number))"), []) }
        #expect(try database.integer("SELECT count(DISTINCT x) FROM a") == 100)
    }
}

struct MigrationTests {
    private static let first = [Migration(version: 1) { _ in "CREATE TABLE a (x INTEGER)" }]
    private static let second = first + [Migration(version: 2) { _ in "ALTER TABLE a ADD COLUMN y INTEGER DEFAULT 5" }]

    @Test(arguments: Engine.allCases) func `an empty file gets every step, an older one the missing ones, once`(
        engine: Engine
    ) throws {
        let database = try emptyDatabase(engine)
        try database.migrate(Self.first, at: noon)
        try database.run("INSERT INTO a (x) VALUES (1)")
        try database.migrate(Self.second, at: noon)
        try database.migrate(Self.second, at: noon)
        #expect(try database.integer("SELECT y FROM a") == 5)
        #expect(try database.integer("SELECT count(*) FROM schema_migrations") == 2)
    }

    @Test(arguments: Engine.allCases) func `a step that fails leaves the file as it was`(engine: Engine) throws {
        let database = try emptyDatabase(engine)
        try database.migrate(Self.first, at: noon)
        let broken =
            Self.first + [Migration(version: 2) { _ in "CREATE TABLE b (x INTEGER); CREATE TABLE a (x INTEGER)" }]
        #expect(throws: StoreError.self) { try database.migrate(broken, at: noon) }
        try database.migrate(Self.second, at: noon)
        #expect(throws: SQLFailure.self) { try database.integer("SELECT count(*) FROM b") }
    }

    @Test(arguments: Engine.allCases) func `a file of a newer program is refused by name`(engine: Engine) throws {
        let database = try emptyDatabase(engine)
        try database.migrate(Self.second, at: noon)
        #expect(throws: StoreError.newerSchema(path: database.place, version: 2, supported: 1)) {
            try database.migrate(Self.first, at: noon)
        }
    }

    @Test(arguments: Engine.allCases) func `a file of version 1 opens again with what it holds`(engine: Engine)
        async throws
    {
        let place = try Place(engine)
        try await withStore(place) { $0.write(makeRecord(1)) }
        try await withStore(place) { (store) async throws in
            #expect(try await store.call(.id(1)) == makeRecord(1))
        }
    }
}

struct OpeningTests {
    @Test func `a missing folder is made, for the owner only`() async throws {
        let folder = try TemporaryFolder()
        let inner = folder.path + "/a/b"
        try await withStore(.dataFolder(inner)) { (store) async throws in
            store.write(makeRecord(1))
            await store.flush()
            for name in ["tandem.db", "tandem.db-wal"] {
                var status = stat()
                #expect(stat("\(inner)/\(name)", &status) == 0)
                #expect(status.st_mode & 0o777 == 0o600)
            }
        }
        for name in ["tandem.db", "tandem.db-wal", "tandem.db-shm"] { unlink("\(inner)/\(name)") }
        rmdir(inner)
        rmdir(folder.path + "/a")
    }

    @Test func `a file that is no database is called by its path`() throws {
        let folder = try TemporaryFolder()
        let file = try #require(fopen(folder.database, "w"))
        fputs(String(repeating: "this is no database ", count: 100), file)
        fclose(file)
        do throws(StoreError) {
            _ = try SQLStore(.file(folder.database))
            Issue.record("the file was opened")
        } catch {
            guard case .corrupt(folder.database, _) = error else { throw error }
        }
    }

    @Test func `a place where nothing can be written is called by its path`() throws {
        let path = "/proc/tandem/tandem.db"
        do throws(StoreError) {
            _ = try SQLStore(.file(path))
            Issue.record("the file was opened")
        } catch {
            guard case .unusable("/proc/tandem", _) = error else { throw error }
        }
    }

    @Test(arguments: [
        ("sqlite:data/x.db", StoreLocation.file("data/x.db")), ("sqlite:///var/x.db", .file("/var/x.db")),
        ("sqlite::memory:", .memory), ("sqlite:", nil), ("oracle://host/db", nil), ("", nil),
    ]) func `DATABASE_URL names the file`(url: String, location: StoreLocation?) {
        #expect(StoreLocation(url: url, outbox: OutboxSettings(folder: "data", megabytes: 1)) == location)
    }
}
