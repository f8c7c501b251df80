package import CallModel
package import Directory
package import Wire

extension SQLStore: CallStore {
    package func add(_ record: CallRecord, rows: [CallRow]) throws(StoreError) {
        try change { (database: Database) throws(SQLFailure) in
            try CallTable.insert(record, to: database)
            for row in record.tagRows(since: nil) + rows { try row.write(to: database) }
        }
        newestCallID = max(newestCallID, record.id)
    }

    package func edit(
        _ key: CallKey, rows: [CallRow], at now: WallTime, following: @Sendable (CallRecord) -> [CallRow],
        _ edit: @Sendable (inout CallRecord) -> Void
    ) throws(StoreError) -> CallRecord? {
        try change { (database: Database) throws(SQLFailure) in
            guard let before = try CallTable.read(database, key) else { return nil }
            var after = before
            edit(&after)
            (after.id, after.uuid) = (before.id, before.uuid)
            let rows = rows + after.tagRows(since: before)
            guard after != before || !rows.isEmpty else { return before }
            (after.version, after.updatedAt) = (before.version + 1, now)
            try CallTable.write(after, isFirst: false, to: database)
            for row in rows + following(after) { try row.write(to: database) }
            return after
        }
    }

    package func call(_ key: CallKey) async throws(StoreError) -> CallRecord? {
        try await read { (database: Database) throws(SQLFailure) in
            try CallTable.read(database, key)
        }
    }

    package func call(channelID: String) async throws(StoreError) -> CallRecord? {
        try await read { (database: Database) throws(SQLFailure) in
            try CallTable.read(
                database, where: "WHERE channel_id = ? AND ended_at IS NULL ORDER BY id DESC LIMIT 1",
                [.text(channelID)]
            ).first
        }
    }

    package func calls(matching query: CallQuery) async throws(StoreError) -> CallPage {
        try await read { (database: Database) throws(SQLFailure) in
            let pages = try CallPages(database, query)
            let items = try pages.read()
            let total = query.countsTotal ? try pages.count() : items.count
            return CallPage(items: items, total: total)
        }
    }

    package func tallies(matching query: CallQuery, byPerson: Bool) async throws(StoreError) -> [CallTally] {
        try await read { (database: Database) throws(SQLFailure) in
            try CallTallies.read(database, query, byPerson: byPerson)
        }
    }

    package func sessions(ofCall id: Int64?, activeOnly: Bool) async throws(StoreError) -> [CallSession] {
        var conditions: [String] = []
        if id != nil { conditions.append("call_pk = ?") }
        if activeOnly { conditions.append("is_active") }
        let clause = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return try await read { [clause] (database: Database) throws(SQLFailure) in
            try CallSession.read(database, where: clause, id.map { [.integer($0)] } ?? [])
        }
    }

    package func trace(ofCall id: Int64) async throws(StoreError) -> JSONValue? {
        let text = try await read { (database: Database) throws(SQLFailure) in
            try database.query("SELECT trace FROM call_traces WHERE call_pk = ?", [.integer(id)]) { $0.text(0) }.first
        }
        return text.flatMap { try? JSONValue(parsing: Array($0.utf8)) }
    }

    package func diagnosis(ofCall id: Int64) async throws(StoreError) -> JSONValue? {
        let text = try await read { (database: Database) throws(SQLFailure) in
            try database.query("SELECT diagnosis FROM call_diagnoses WHERE call_pk = ?", [.integer(id)]) {
                $0.text(0)
            }.first
        }
        return text.flatMap { try? JSONValue(parsing: Array($0.utf8)) }
    }

    package func closeInterrupted(
        at now: WallTime, following: @Sendable (CallRecord) -> [CallRow]
    ) throws(StoreError) -> Int {
        try change { (database: Database) throws(SQLFailure) in
            let open = try database.query("SELECT id FROM calls WHERE ended_at IS NULL") {
                JSONValue.integer($0.integer(0))
            }
            let closed = try Interruption.close(database, at: now)
            let ids = SQLValue.json(JSONValue.array(open).text)
            let records = try CallTable.read(
                database, where: "WHERE id IN (\(database.dialect.listedNumbers)) ORDER BY id", [ids])
            for row in records.flatMap(following) { try row.write(to: database) }
            return closed
        }
    }
}

/// Closing what a program that died left open.
private enum Interruption {
    /// The calls come last: the rows that belong to them are found by their being open.
    static func close(_ database: Database, at now: WallTime) throws(SQLFailure) -> Int {
        let sql = database.dialect
        let open = "IN (SELECT id FROM calls WHERE ended_at IS NULL)"
        try database.run(
            """
            UPDATE call_legs SET
                state = CASE WHEN connected_at IS NULL THEN 'failed' ELSE 'completed' END,
                disconnected_at = greatest(appeared_at, (SELECT updated_at FROM calls WHERE id = call_pk)),
                disconnect_reason = 'interrupted', updated_at = ?
            WHERE disconnected_at IS NULL AND call_pk \(open)
            """, [SQLValue(now)])
        try database.run(
            """
            UPDATE webrtc_connections SET
                status = CASE status WHEN 'connected' THEN 'disconnected' ELSE 'failed' END,
                end_time = greatest(start_time, updated_at),
                duration = \(sql.seconds(from: "start_time", to: "greatest(start_time, updated_at)")), updated_at = ?
            WHERE end_time IS NULL
            """, [SQLValue(now)])
        try database.run(
            """
            UPDATE call_sessions SET is_active = FALSE, ended_at = last_activity, updated_at = ? WHERE is_active
            """, [SQLValue(now)])
        // An UPDATE's right-hand sides all see the row as it was.
        return try database.run(
            """
            UPDATE calls SET
                state = CASE WHEN answered_at IS NULL THEN 'failed' ELSE 'completed' END,
                end_reason = 'interrupted',
                ended_at = greatest(updated_at, started_at),
                duration = CASE WHEN answered_at IS NULL THEN 0
                    ELSE greatest(0, \(sql.seconds(from: "answered_at", to: "updated_at"))) END,
                hold_seconds = hold_seconds + CASE WHEN held_since IS NULL THEN 0
                    ELSE greatest(0, \(sql.seconds(from: "held_since", to: "updated_at"))) END,
                held_since = NULL, is_on_hold = FALSE, version = version + 1, updated_at = ?
            WHERE ended_at IS NULL
            """, [SQLValue(now)])
    }
}
