import CallModel
import Wire

/// Reads and writes what must reach servers of others.
enum OutboxTable {
    private static let columns = """
        id, kind, ordering_key, message_id, body, trace_parent, state, attempts, next_attempt_at, last_error, created_at
        """

    private static let insertion = FixedSQL(
        """
        INSERT INTO outbox
            (kind, ordering_key, message_id, body, trace_parent, next_attempt_at, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """)

    /// What waits already, by key and message, is not written twice; answers whether it was written.
    @discardableResult
    static func insert(_ item: OutboxItem, to database: Database) throws(SQLFailure) -> Bool {
        try database.run(
            insertion,
            [
                .text(item.kind), .text(item.orderingKey), .text(item.messageID), .text(item.body),
                SQLValue(item.traceParent), SQLValue(item.nextAttemptAt), SQLValue(item.createdAt),
            ]) > 0
    }

    static func settle(_ settlement: OutboxSettlement, in database: Database) throws(SQLFailure) {
        switch settlement {
        case .done(let id): try database.run("DELETE FROM outbox WHERE id = ?", [.integer(id)])
        case .failed(let id, let error, let attempts, let next):
            try database.run(
                """
                UPDATE outbox SET attempts = ?, last_error = ?, next_attempt_at = ?, updated_at = \(Schema.now)
                WHERE id = ?
                """, [SQLValue(attempts), .text(error), SQLValue(next), .integer(id)])
        case .parked(let id, let error, let attempts):
            try database.run(
                """
                UPDATE outbox SET state = 'parked', attempts = ?, last_error = ?, updated_at = \(Schema.now)
                WHERE id = ?
                """, [SQLValue(attempts), .text(error), .integer(id)])
        }
    }

    static func pendingKeys(kind: String, in database: Database) throws(SQLFailure) -> [String] {
        try database.query(
            "SELECT DISTINCT ordering_key FROM outbox WHERE state = 'pending' AND kind = ?", [.text(kind)]
        ) { $0.text(0) }
    }

    static func next(key: String, limit: Int, in database: Database) throws(SQLFailure) -> [OutboxItem] {
        try read(
            database, "WHERE state = 'pending' AND ordering_key = ? ORDER BY id LIMIT ?",
            [.text(key), SQLValue(limit)])
    }

    static func read(
        _ database: Database, _ condition: String, _ values: [SQLValue]
    ) throws(SQLFailure) -> [OutboxItem] {
        try database.query("SELECT \(columns) FROM outbox \(condition)", values) { row in
            var item = OutboxItem(
                kind: row.text(1), orderingKey: row.text(2), messageID: row.text(3), body: row.text(4),
                traceParent: row.textIfPresent(5), at: row.time(10))
            (item.id, item.state) = (row.integer(0), OutboxItem.State(rawValue: row.text(6)) ?? .pending)
            (item.attempts, item.nextAttemptAt) = (Int(row.integer(7)), row.time(8))
            item.lastError = row.textIfPresent(9)
            return item
        }
    }

    static func page(
        _ database: Database, state: OutboxItem.State?, kind: String?, limit: Int, offset: Int
    ) throws(SQLFailure) -> OutboxPage {
        var (conditions, values): ([String], [SQLValue]) = ([], [])
        if let state { (conditions, values) = (conditions + ["state = ?"], values + [.text(state.rawValue)]) }
        if let kind { (conditions, values) = (conditions + ["kind = ?"], values + [.text(kind)]) }
        let clause = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let bounds = [SQLValue(limit), SQLValue(offset)]
        let items = try read(database, "\(clause) ORDER BY id LIMIT ? OFFSET ?", values + bounds)
        let total = try database.integer("SELECT count(*) FROM outbox \(clause)", values)
        return OutboxPage(items: items, total: Int(total ?? 0))
    }

    static func figures(_ database: Database) throws(SQLFailure) -> OutboxFigures {
        let states = try database.query("SELECT state, count(*) FROM outbox GROUP BY state") {
            ($0.text(0), Int($0.integer(1)))
        }
        let counts = Dictionary(states) { first, _ in first }
        let oldest = try database.query(
            "SELECT created_at FROM outbox WHERE id = (SELECT min(id) FROM outbox WHERE state = 'pending')"
        ) { $0.time(0) }.first
        return OutboxFigures(pending: counts["pending"] ?? 0, parked: counts["parked"] ?? 0, oldest: oldest)
    }

    static func trim(_ database: Database, to limit: Int) throws(SQLFailure) -> Int {
        let excess = (try database.integer("SELECT count(*) FROM outbox") ?? 0) - Int64(limit)
        guard excess > 0 else { return 0 }
        return try database.run(
            """
            DELETE FROM outbox WHERE id IN (
                SELECT id FROM outbox ORDER BY state = 'pending', id LIMIT ?)
            """, [.integer(excess)])
    }
}

/// Reads and writes the events that were published lately.
enum EventTable {
    private static let insertion = FixedSQL(
        """
        INSERT INTO published_events (event_id, name, body, trace_parent, created_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """)

    static func insert(_ event: PublishedEvent, to database: Database) throws(SQLFailure) {
        try database.run(
            insertion,
            [
                .text(event.id), .text(event.name), .text(event.body), SQLValue(event.traceParent),
                SQLValue(event.createdAt),
            ])
    }

    /// Nil when the event is not there.
    static func events(
        after eventID: String, limit: Int, in database: Database
    ) throws(SQLFailure) -> [PublishedEvent]? {
        let place = try database.integer("SELECT id FROM published_events WHERE event_id = ?", [.text(eventID)])
        guard let place else { return nil }
        return try database.query(
            """
            SELECT event_id, name, body, trace_parent, created_at FROM published_events WHERE id > ?
            ORDER BY id LIMIT ?
            """, [.integer(place), SQLValue(limit)]
        ) { row in
            PublishedEvent(
                id: row.text(0), name: row.text(1), body: row.text(2), traceParent: row.textIfPresent(3),
                createdAt: row.time(4))
        }
    }

    static func trim(_ database: Database, to limit: Int) throws(SQLFailure) {
        try database.run(
            """
            DELETE FROM published_events WHERE id <= (
                SELECT id FROM published_events ORDER BY id DESC LIMIT 1 OFFSET ?)
            """, [SQLValue(limit)])
    }
}
