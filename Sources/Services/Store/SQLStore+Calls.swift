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
            guard query.countsTotal else { return CallPage(items: items, total: items.count) }
            let (total, isExact) = try pages.count()
            return CallPage(items: items, total: total, isTotalExact: isExact)
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
            try database.query(
                "SELECT diagnosis FROM call_diagnoses WHERE call_pk = ? AND diagnosis <> ''", [.integer(id)]
            ) {
                $0.text(0)
            }.first
        }
        return text.flatMap(CallDiagnosis.json(kept:))
    }
}
