import CSQLite
import Wire

/// Owns a compiled statement.
struct StatementHandle: ~Copyable {
    fileprivate let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { sqlite3_finalize(pointer) }
}

/// A compiled statement, kept by its connection and used again.
final class SQLiteStatement {
    private let handle: StatementHandle

    init(_ handle: consuming StatementHandle) { self.handle = handle }

    /// Runs it with these values for its parameters and hands every row to `row`.
    func run(
        _ values: [SQLValue], row: (borrowing SQLRow) -> Void = { _ in }
    ) throws(SQLFailure) {
        defer {
            sqlite3_reset(handle.pointer)
            sqlite3_clear_bindings(handle.pointer)
        }
        for (index, value) in values.enumerated() { try bind(value, at: Int32(index + 1)) }
        while true {
            switch sqlite3_step(handle.pointer) {
            case SQLITE_ROW: row(SQLRow(SQLiteRow(handle.pointer)))
            case SQLITE_DONE: return
            default: throw failure
            }
        }
    }

    private func bind(_ value: SQLValue, at index: Int32) throws(SQLFailure) {
        let status =
            switch value {
            case .null: sqlite3_bind_null(handle.pointer, index)
            case .integer(let number): sqlite3_bind_int64(handle.pointer, index, number)
            case .real(let number): sqlite3_bind_double(handle.pointer, index, number)
            case .flag(let flag): sqlite3_bind_int64(handle.pointer, index, flag ? 1 : 0)
            // Moments are stored as milliseconds since 1970.
            case .time(let moment): sqlite3_bind_int64(handle.pointer, index, moment.milliseconds)
            case .uuid(let uuid): bind(uuid.description, at: index)
            case .text(let text), .json(let text): bind(text, at: index)
            }
        guard status == SQLITE_OK else { throw failure }
    }

    private func bind(_ text: String, at index: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                // An empty string may have no address, and a null address would bind NULL.
                guard let start = characters.baseAddress else {
                    return sqlite3_bind_text(handle.pointer, index, "", 0, tandem_sqlite_transient())
                }
                return sqlite3_bind_text(
                    handle.pointer, index, start, Int32(clamping: characters.count), tandem_sqlite_transient())
            }
        }
    }

    private var failure: SQLFailure { SQLFailure(connection: sqlite3_db_handle(handle.pointer)) }
}

extension SQLFailure {
    /// The last failure on a connection.
    init(connection: OpaquePointer?) {
        let code = sqlite3_extended_errcode(connection)
        let message = sqlite3_errmsg(connection).map { String(cString: $0) } ?? "out of memory"
        let kind: Kind =
            switch code & 0xFF {
            case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY, SQLITE_AUTH: .unusable
            case SQLITE_NOTADB, SQLITE_CORRUPT: .corrupt
            case SQLITE_CONSTRAINT: code == SQLITE_CONSTRAINT | 3 << 8 ? .foreignKey : .constraint
            default: .other
            }
        // SQLite says `UNIQUE constraint failed: users.login`.
        let columns = message.split(separator: ": ").last.map { String($0) }
        self.init(kind, code: "\(code)", message: message, columns: columns)
    }
}
