import CSQLite
import Wire

/// A value that goes into a statement.
enum SQLiteValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)

    init(_ value: Int64?) { self = value.map(Self.integer) ?? .null }
    init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }
    init(_ value: Double?) { self = value.map(Self.real) ?? .null }
    init(_ value: String?) { self = value.map(Self.text) ?? .null }
    init(_ value: Bool) { self = .integer(value ? 1 : 0) }
    /// Moments are stored as milliseconds since 1970.
    init(_ value: WallTime?) { self = value.map { .integer($0.milliseconds) } ?? .null }
    init(_ value: UUID?) { self = value.map { .text($0.description) } ?? .null }
}

/// The current row of a statement; valid until the next step, so it is only ever passed down.
struct SQLiteRow: ~Copyable {
    private let statement: OpaquePointer

    init(_ statement: OpaquePointer) { self.statement = statement }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
    func flag(_ column: Int32) -> Bool { integer(column) != 0 }
    func time(_ column: Int32) -> WallTime { WallTime(milliseconds: integer(column)) }

    func text(_ column: Int32) -> String {
        guard let bytes = sqlite3_column_text(statement, column) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    func integerIfPresent(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }
    func realIfPresent(_ column: Int32) -> Double? {
        isNull(column) ? nil : sqlite3_column_double(statement, column)
    }
    func timeIfPresent(_ column: Int32) -> WallTime? { isNull(column) ? nil : time(column) }
    func textIfPresent(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }
}
