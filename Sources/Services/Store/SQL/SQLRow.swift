import Wire

/// The current row of a statement; valid until the next step, so it is only ever passed down.
struct SQLRow: ~Copyable {
    private let source: Source

    private enum Source {
        case sqlite(SQLiteRow)
        case postgres(PostgresRow)
    }

    init(_ row: SQLiteRow) { source = .sqlite(row) }
    init(_ row: PostgresRow) { source = .postgres(row) }

    func isNull(_ column: Int32) -> Bool {
        switch source {
        case .sqlite(let row): row.isNull(column)
        case .postgres(let row): row.isNull(column)
        }
    }

    func integer(_ column: Int32) -> Int64 {
        switch source {
        case .sqlite(let row): row.integer(column)
        case .postgres(let row): row.integer(column)
        }
    }

    func time(_ column: Int32) -> WallTime {
        switch source {
        case .sqlite(let row): WallTime(milliseconds: row.integer(column))
        case .postgres(let row): row.time(column)
        }
    }

    func text(_ column: Int32) -> String {
        switch source {
        case .sqlite(let row): row.text(column)
        case .postgres(let row): row.text(column)
        }
    }

    func realIfPresent(_ column: Int32) -> Double? {
        if isNull(column) { return nil }
        return switch source {
        case .sqlite(let row): row.real(column)
        case .postgres(let row): Double(row.text(column))
        }
    }

    /// JSON as it was written, or as PostgreSQL has it, without blanks.
    func jsonIfPresent(_ column: Int32) -> String? {
        guard let text = textIfPresent(column) else { return nil }
        guard case .postgres = source, let json = try? JSONValue(parsing: text) else { return text }
        return json.text
    }

    func flag(_ column: Int32) -> Bool { integer(column) != 0 }
    func integerIfPresent(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }
    func timeIfPresent(_ column: Int32) -> WallTime? { isNull(column) ? nil : time(column) }
    func textIfPresent(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }
}
