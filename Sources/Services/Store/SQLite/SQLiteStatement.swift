import CSQLite

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
        _ values: [SQLiteValue], row: (borrowing SQLiteRow) -> Void = { _ in }
    ) throws(SQLiteFailure) {
        defer {
            sqlite3_reset(handle.pointer)
            sqlite3_clear_bindings(handle.pointer)
        }
        for (index, value) in values.enumerated() { try bind(value, at: Int32(index + 1)) }
        while true {
            switch sqlite3_step(handle.pointer) {
            case SQLITE_ROW: row(SQLiteRow(handle.pointer))
            case SQLITE_DONE: return
            default: throw failure
            }
        }
    }

    private func bind(_ value: SQLiteValue, at index: Int32) throws(SQLiteFailure) {
        let status =
            switch value {
            case .null: sqlite3_bind_null(handle.pointer, index)
            case .integer(let number): sqlite3_bind_int64(handle.pointer, index, number)
            case .real(let number): sqlite3_bind_double(handle.pointer, index, number)
            case .text(let text): bind(text, at: index)
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

    private var failure: SQLiteFailure { SQLiteFailure(connection: sqlite3_db_handle(handle.pointer)) }
}

extension SQLiteFailure {
    /// The last failure on a connection.
    init(connection: OpaquePointer?) {
        code = sqlite3_extended_errcode(connection)
        message = sqlite3_errmsg(connection).map { String(cString: $0) } ?? "out of memory"
    }
}
