import CallModel
import Directory
import Glibc
import Wire

@testable import Store

/// Half an hour of a Monday, in milliseconds.
let noon = WallTime(milliseconds: 1_762_776_000_000)

func makeRecord(
    _ id: Int64, _ direction: CallDirection = .incoming, state: CallState = .initiated, caller: String = "+79991234567",
    receiver: String = "1001", at moment: WallTime = noon
) -> CallRecord {
    var entropy = Entropy(seed: UInt64(id))
    return CallRecord(
        id: id, uuid: UUID(using: &entropy), source: .sip, direction: direction, state: state, callerNumber: caller,
        receiverNumber: receiver, startedAt: moment)
}

/// A folder of its own, removed when the test is over.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/store-tests-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw StoreError.failed(reason: "mkdtemp") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    var database: String { path + "/tandem.db" }

    deinit {
        chmod(path, 0o700)
        for name in ["tandem.db", "tandem.db-wal", "tandem.db-shm", "tandem.db.key", "tandem.key"]
            + ["", "-wal", "-shm"].map({ "outbox.db\($0)" })
        { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}

/// Opens a store that is empty and lost at the end.
func withStore<Value: Sendable>(_ engine: Engine, _ body: (SQLStore) async throws -> Value) async throws -> Value {
    if engine == .sqlite { return try await withStore(.memory, body) }
    return try await withStore(Place(engine), body)
}

func withStore<Value: Sendable>(_ place: Place, _ body: (SQLStore) async throws -> Value) async throws -> Value {
    try await withStore(place.location, body)
}

/// Opens a store, hands it to `body` and closes it whatever happens.
func withStore<Value: Sendable>(
    _ location: StoreLocation, _ body: (SQLStore) async throws -> Value
) async throws -> Value {
    let store = try SQLStore(location)
    do {
        let value = try await body(store)
        await store.close()
        return value
    } catch {
        await store.close()
        throw error
    }
}

extension SQLStore {
    nonisolated func write(_ record: CallRecord, _ rows: CallRow...) { write(CallChange(record: record, rows: rows)) }

    func ids(_ query: CallQuery) async throws -> [Int64] { try await calls(matching: query).items.map(\.id) }

    /// Plain SQL, as an administrator would type it.
    func execute(_ script: String) async throws {
        _ = try await read { (database: Database) throws(SQLFailure) in try database.execute(script) }
    }
}
