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
    /// The texts of the values it runs with, one behind the other: SQLite reads them here and copies none.
    private var texts: [UInt8] = []

    /// What is kept of the room for texts, in bytes.
    private static let usualTexts = 16 << 10

    init(_ handle: consuming StatementHandle) { self.handle = handle }

    /// Runs it with these values for its parameters and hands every row to `row`.
    func run(
        _ values: [SQLValue], row: (borrowing SQLRow) -> Void = { _ in }
    ) throws(SQLFailure) {
        for value in values { collect(value) }
        defer { texts.removeAll(keepingCapacity: texts.capacity <= Self.usualTexts) }
        try texts.withUnsafeBufferPointer { texts throws(SQLFailure) in
            defer {
                sqlite3_reset(handle.pointer)
                sqlite3_clear_bindings(handle.pointer)
            }
            try bind(values, texts)
            try step(row)
        }
    }

    private func step(_ row: (borrowing SQLRow) -> Void) throws(SQLFailure) {
        while true {
            switch sqlite3_step(handle.pointer) {
            case SQLITE_ROW: row(SQLRow(SQLiteRow(handle.pointer)))
            case SQLITE_DONE: return
            default: throw failure
            }
        }
    }

    private func collect(_ value: SQLValue) {
        switch value {
        case .text(let text), .json(let text): texts.append(text)
        case .uuid(let uuid): texts.append(uuid.description)
        case .null, .integer, .real, .flag, .time: break
        }
    }

    /// `texts`: those of the values, in their order.
    private func bind(_ values: [SQLValue], _ texts: UnsafeBufferPointer<UInt8>) throws(SQLFailure) {
        var rest = texts[...]
        for (index, value) in values.enumerated() { try bind(value, at: Int32(index + 1), &rest) }
    }

    private func bind(
        _ value: SQLValue, at index: Int32, _ texts: inout Slice<UnsafeBufferPointer<UInt8>>
    ) throws(SQLFailure) {
        let status =
            switch value {
            // As it is before anything is bound.
            case .null: SQLITE_OK
            case .integer(let number): sqlite3_bind_int64(handle.pointer, index, number)
            case .real(let number): sqlite3_bind_double(handle.pointer, index, number)
            case .flag(let flag): sqlite3_bind_int64(handle.pointer, index, flag ? 1 : 0)
            // Moments are stored as milliseconds since 1970.
            case .time(let moment): sqlite3_bind_int64(handle.pointer, index, moment.milliseconds)
            case .uuid: bind(36, of: &texts, at: index)
            case .text(let text), .json(let text): bind(text.utf8.count, of: &texts, at: index)
            }
        guard status == SQLITE_OK else { throw failure }
    }

    /// Binds the next text, which has so many bytes, where it stands.
    private func bind(_ count: Int, of texts: inout Slice<UnsafeBufferPointer<UInt8>>, at index: Int32) -> Int32 {
        let text = UnsafeBufferPointer(rebasing: texts.prefix(count))
        texts = texts.dropFirst(count)
        return text.withMemoryRebound(to: CChar.self) { characters in
            // Where all texts are empty they may have no address, and a null address would bind NULL.
            guard let start = characters.baseAddress else {
                return sqlite3_bind_text(handle.pointer, index, "", 0, tandem_sqlite_transient())
            }
            return sqlite3_bind_text(handle.pointer, index, start, Int32(clamping: count), nil)
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
