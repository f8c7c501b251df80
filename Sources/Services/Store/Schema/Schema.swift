/// The tables, in SQLite's words: moments are integers (milliseconds since 1970), UUIDs and JSON are text.
enum Schema {
    /// The current moment, as a default.
    static let now = "(CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))"

    /// The normal form of a number as `PhoneNumber.normal` makes it, for columns that are also filled by plain SQL.
    static func normalForm(of column: String) -> String {
        let digits = [" ", "(", ")", "-", ".", "+"].reduce(column) { "replace(\($0), '\($1)', '')" }
        return "CASE WHEN length(\(digits)) = 11 AND substr(\(digits), 1, 1) = '8' "
            + "THEN '7' || substr(\(digits), 2) ELSE \(digits) END"
    }

    /// What the server keeps for itself.
    static let server = """
        CREATE TABLE settings (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        ) WITHOUT ROWID;
        """
}
