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
        for name in ["tandem.db", "tandem.db-wal", "tandem.db-shm", "tandem.db.key"] { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}

/// Opens a store, hands it to `body` and closes it whatever happens.
func withStore<Value: Sendable>(
    _ location: StoreLocation = .memory, _ body: (SQLiteStore) async throws -> Value
) async throws -> Value {
    let store = try SQLiteStore(location)
    do {
        let value = try await body(store)
        await store.close()
        return value
    } catch {
        await store.close()
        throw error
    }
}

extension SQLiteStore {
    nonisolated func write(_ record: CallRecord, _ rows: CallRow...) { write(CallChange(record: record, rows: rows)) }

    func ids(_ query: CallQuery) throws -> [Int64] { try calls(matching: query).items.map(\.id) }

    /// Plain SQL, as an administrator would type it.
    func execute(_ script: String) throws {
        _ = try read { (database: SQLiteConnection) throws(SQLiteFailure) in try database.execute(script) }
    }
}
