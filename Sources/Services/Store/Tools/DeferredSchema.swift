import Wire

/// What is taken from tables while they are filled, and made again when all rows are there: an index that is sorted once
/// costs a fraction of one that every row is put into, and so do rules that are checked once.
///
/// The database is asked what it has, so that an index of an administrator's own comes back, too. All of it belongs into
/// the transaction that fills the tables: a failure undoes the taking away as well.
struct DeferredSchema {
    private struct Part {
        /// As people are told of it.
        let name: String
        let drop: String
        let make: String
    }

    private let database: Database
    private let tables: [String]
    private var parts: [Part] = []
    /// What turns PostgreSQL's triggers on as they were; those that somebody had turned off stay so.
    private var enabling: [String] = []

    init(of tables: [String], in database: Database) throws(SQLFailure) {
        (self.database, self.tables) = (database, tables)
        switch database.dialect {
        case .sqlite: parts = try sqliteParts()
        case .postgres: (parts, enabling) = (try postgresParts(), try postgresTriggers())
        }
    }

    func drop() throws(SQLFailure) {
        // References go before what they lean on.
        for part in parts.reversed() { try database.execute(part.drop) }
        guard database.dialect == .postgres else { return }
        // Otherwise the server sorts in 64 MB, as it is delivered.
        try database.execute("SET LOCAL maintenance_work_mem = '256MB'")
        for table in tables { try database.execute("ALTER TABLE \(table) DISABLE TRIGGER USER") }
    }

    /// `progress` is told what is made next.
    func make(_ progress: (String) -> Void) throws(SQLFailure) {
        for part in parts {
            progress(part.name)
            try database.execute(part.make)
        }
        guard database.dialect == .postgres else { return }
        for statement in enabling { try database.execute(statement) }
    }

    /// Indexes and triggers; SQLite checks references as quickly as it would afterwards.
    private func sqliteParts() throws(SQLFailure) -> [Part] {
        var parts: [Part] = []
        for table in tables {
            parts += try database.query(
                """
                SELECT type, name, sql FROM sqlite_master
                WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY type, rowid
                """, [.text(table)]
            ) { row in
                let (type, name) = (row.text(0), row.text(1))
                return Part(
                    name: "\(type) \(name)", drop: "DROP \(type) \"\(name)\"", make: row.text(2))
            }
        }
        return parts
    }

    private func postgresTriggers() throws(SQLFailure) -> [String] {
        let names = SQLValue.json(JSONValue.array(tables.map(JSONValue.string)).text)
        return try database.query(
            """
            SELECT format('ALTER TABLE %s ENABLE %s TRIGGER %I', tgrelid::regclass,
                CASE tgenabled WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' ELSE '' END, tgname)
            FROM pg_trigger
            WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgrelid IN (
                SELECT to_regclass(format('%I', name)) FROM jsonb_array_elements_text(?) AS name)
            ORDER BY 1
            """, [names]
        ) { $0.text(0) }
    }

    /// Indexes, then rules that have one, then references from and to the tables.
    private func postgresParts() throws(SQLFailure) -> [Part] {
        let names = SQLValue.json(JSONValue.array(tables.map(JSONValue.string)).text)
        return try database.query(
            """
            WITH filled AS (
                SELECT to_regclass(format('%I', name)) AS id FROM jsonb_array_elements_text(?) AS name)
            SELECT 'index ' || relname, format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid), 0
            FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
            WHERE indrelid IN (SELECT id FROM filled)
                AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
            UNION ALL
            SELECT 'rule ' || conname, format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
                format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)),
                CASE contype WHEN 'f' THEN 2 ELSE 1 END
            FROM pg_constraint
            WHERE contype IN ('u', 'f') AND (
                conrelid IN (SELECT id FROM filled) OR (contype = 'f' AND confrelid IN (SELECT id FROM filled)))
            ORDER BY 4, 1
            """, [names]
        ) { Part(name: $0.text(0), drop: $0.text(1), make: $0.text(2)) }
    }
}
