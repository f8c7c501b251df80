/// The tables, in the words of either engine (`Dialect`).
enum Schema {
    /// The current moment in SQLite, where moments are milliseconds since 1970; statements say it, too.
    static let now = "(CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))"

    /// What the server keeps for itself.
    static func server(_ sql: Dialect) -> String {
        """
        CREATE TABLE settings (
            name \(sql.text) PRIMARY KEY,
            value \(sql.text) NOT NULL,
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        )\(sql.keyed);

        """
    }
}
