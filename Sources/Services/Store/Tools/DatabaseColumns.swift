import Wire

/// One column as both engines have it.
struct CopiedColumn {
    enum Kind {
        case integer, real, flag, text, time, json
    }

    let name: String
    let kind: Kind

    func value(_ row: borrowing SQLRow, _ column: Int32) -> SQLValue {
        if row.isNull(column) { return .null }
        return switch kind {
        case .integer: .integer(row.integer(column))
        case .real: SQLValue(row.realIfPresent(column))
        case .flag: .flag(row.flag(column))
        case .text: .text(row.text(column))
        case .time: .time(row.time(column))
        case .json: SQLValue(row.jsonIfPresent(column)).asJSON
        }
    }
}

extension SQLValue {
    fileprivate var asJSON: SQLValue {
        if case .text(let text) = self { .json(text) } else { self }
    }
}

/// What a database says of its tables.
extension Database {
    /// Tables of the schema in the order they were made, in which none refers to a later one; without those that the
    /// database fills by itself.
    func tables() throws(SQLFailure) -> [String] {
        let sql =
            dialect == .sqlite
            ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid"
            : """
            SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
            ORDER BY oid
            """
        let ownWays = Set(["schema_migrations", "outboxes"] + Schema.sumTables)
        return try query(sql) { $0.text(0) }.filter { !ownWays.contains($0) && !$0.hasPrefix("call_words") }
    }

    /// The columns of a table by their names, without those that are made of others.
    func columns(of table: String) throws(SQLFailure) -> [String: CopiedColumn.Kind] {
        let sql =
            dialect == .sqlite
            ? "SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden = 0"
            : """
            SELECT column_name, data_type FROM information_schema.columns
            WHERE table_schema = current_schema() AND table_name = ? AND is_generated = 'NEVER'
            """
        let found = try query(sql, [.text(table)]) { ($0.text(0), Self.kind($0.text(1))) }
        return Dictionary(found) { first, _ in first }
    }

    private static func kind(_ type: String) -> CopiedColumn.Kind {
        switch type {
        case "INTEGER", "bigint", "integer": .integer
        case "REAL", "double precision", "numeric": .real
        case "boolean": .flag
        case "timestamp with time zone": .time
        case "jsonb": .json
        default: .text
        }
    }
}
