import CallModel
import Directory
import Wire

/// What a server has not taken yet: batches of writes in a file, each under a number that only grows.
///
/// The server writes down the number of the last batch it took, in the transaction that took it: a batch whose answer was
/// lost is not written again, and none is left out, whichever side dies when.
final class Outbox {
    /// Under which the server knows this file.
    let id: UUID
    /// The number of the newest batch that was ever kept here.
    private(set) var lastNumber: Int64
    /// How many batches wait.
    private(set) var count: Int
    /// How many events of the exchange wait, and how many the server has refused.
    var eventCounts = (waiting: 0, parked: 0)
    let database: Database

    private static let schema = """
        CREATE TABLE IF NOT EXISTS outbox (id TEXT NOT NULL, last_number INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS batches (number INTEGER PRIMARY KEY);
        CREATE TABLE IF NOT EXISTS statements (id INTEGER PRIMARY KEY, sql TEXT NOT NULL UNIQUE);
        CREATE TABLE IF NOT EXISTS changes (
            id INTEGER PRIMARY KEY,
            batch INTEGER NOT NULL,
            -- Null: a call's record, by the names of its columns.
            statement INTEGER REFERENCES statements,
            data TEXT NOT NULL
        );
        CREATE INDEX IF NOT EXISTS changes_batch ON changes (batch);
        CREATE TABLE IF NOT EXISTS mango_events (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            dialect TEXT NOT NULL,
            entry_id TEXT,
            call_id TEXT,
            seq INTEGER,
            dedupe_key TEXT NOT NULL UNIQUE,
            payload TEXT NOT NULL,
            remote_ip TEXT NOT NULL,
            sign_ok INTEGER,
            received_at INTEGER NOT NULL,
            -- The server refuses it.
            is_parked INTEGER NOT NULL DEFAULT 0
        );
        """

    /// `megabytes`: past it the file takes no more, and what comes waits in memory.
    init(path: String, megabytes: Int) throws(StoreError) {
        database = Database(.sqlite(try SQLiteConnection(path: path)))
        do throws(SQLFailure) {
            var entropy = Entropy.system
            try database.execute(Self.schema)
            try database.execute("PRAGMA max_page_count = \(megabytes << 8)")
            try database.run(
                "INSERT INTO outbox (id, last_number) SELECT ?, 0 WHERE NOT EXISTS (SELECT 1 FROM outbox)",
                [SQLValue(UUID(using: &entropy))])
            let identity = try database.query("SELECT id, last_number FROM outbox") { ($0.text(0), $0.integer(1)) }
                .first
            guard let identity, let id = UUID(identity.0) else {
                throw SQLFailure(.corrupt, message: "the outbox has no identity")
            }
            (self.id, lastNumber) = (id, identity.1)
            count = Int(try database.integer("SELECT count(*) FROM batches") ?? 0)
            try countEvents()
        } catch {
            throw error.storeError(path)
        }
    }

    /// Keeps a batch; the number must be beyond all before.
    func keep(_ batch: PendingWrites, number: Int64) throws(SQLFailure) {
        try database.transaction { () throws(SQLFailure) in
            try database.run("UPDATE outbox SET last_number = ?", [.integer(number)])
            try database.run("INSERT INTO batches (number) VALUES (?)", [.integer(number)])
            for record in batch.records {
                let members = CallColumn.all.map { JSONObject.Member($0.name, $0.value(record).kept) }
                try keep(JSONValue.object(JSONObject(members)), statement: nil, number)
            }
            for row in batch.rows {
                let recorder = StatementRecorder()
                try row.write(to: Database(.recorder(recorder)))
                for statement in recorder.statements {
                    try keep(.array(statement.values.map(\.kept)), statement: statement.sql, number)
                }
            }
        }
        (lastNumber, count) = (number, count + 1)
    }

    private func keep(_ data: JSONValue, statement: String?, _ number: Int64) throws(SQLFailure) {
        var id = SQLValue.null
        if let statement {
            try database.run("INSERT INTO statements (sql) VALUES (?) ON CONFLICT DO NOTHING", [.text(statement)])
            id = SQLValue(try database.integer("SELECT id FROM statements WHERE sql = ?", [.text(statement)]))
        }
        try database.run(
            "INSERT INTO changes (batch, statement, data) VALUES (?, ?, ?)", [.integer(number), id, .text(data.text)])
    }

    /// The oldest batches, in their order.
    func oldest(_ limit: Int) throws(SQLFailure) -> [(number: Int64, batch: PendingWrites)] {
        let numbers = try database.query(
            "SELECT number FROM batches ORDER BY number LIMIT ?", [SQLValue(limit)]
        ) { $0.integer(0) }
        var batches: [(Int64, PendingWrites)] = []
        for number in numbers { batches.append((number, try batch(number))) }
        return batches
    }

    private func batch(_ number: Int64) throws(SQLFailure) -> PendingWrites {
        let changes = try database.query(
            """
            SELECT data, sql FROM changes LEFT JOIN statements ON statements.id = statement
            WHERE batch = ? ORDER BY changes.id
            """, [.integer(number)]
        ) { row in (data: (try? JSONValue(parsing: row.text(0))) ?? .null, sql: row.textIfPresent(1)) }
        var (records, rows): ([CallRecord], [PendingWrites.Row]) = ([], [])
        for change in changes {
            if let sql = change.sql {
                let values = (change.data.arrayValue ?? []).map(SQLValue.init(kept:))
                rows.append(.kept(KeptStatement(sql: sql, values: values)))
            } else if let record = try record(change.data) {
                records.append(record)
            }
        }
        return PendingWrites(records: records, rows: rows)
    }

    /// A record out of the values of its columns, read as if they came from a table.
    private func record(_ columns: JSONValue) throws(SQLFailure) -> CallRecord? {
        let values = CallColumn.all.map { SQLValue(kept: columns[$0.name] ?? .null) }
        let places = values.map { _ in "?" }.joined(separator: ", ")
        return try database.query("SELECT \(places), 0, '[]', NULL", values) { CallTable.record(from: $0) }.first
    }

    /// Forgets what the server has taken.
    func forget(through number: Int64) throws(SQLFailure) {
        try database.transaction { () throws(SQLFailure) in
            try database.run("DELETE FROM changes WHERE batch <= ?", [.integer(number)])
            try database.run("DELETE FROM batches WHERE number <= ?", [.integer(number)])
        }
        count = Int(try database.integer("SELECT count(*) FROM batches") ?? 0)
    }
}
