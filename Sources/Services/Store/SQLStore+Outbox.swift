package import CallModel
package import Directory
package import Wire

extension SQLStore: CallModel.Outbox {
    package func pendingKeys(kind: String) async throws(StoreError) -> [String] {
        try await read { (database: Database) throws(SQLFailure) in
            try OutboxTable.pendingKeys(kind: kind, in: database)
        }
    }

    package func nextItems(key: String, limit: Int) async throws(StoreError) -> [OutboxItem] {
        try await read { (database: Database) throws(SQLFailure) in
            try OutboxTable.next(key: key, limit: limit, in: database)
        }
    }

    package nonisolated func settle(_ settlement: OutboxSettlement) { write(.settlement(settlement)) }

    package func items(
        state: OutboxItem.State?, kind: String?, limit: Int, offset: Int
    ) async throws(StoreError) -> OutboxPage {
        try await read { (database: Database) throws(SQLFailure) in
            try OutboxTable.page(database, state: state, kind: kind, limit: limit, offset: offset)
        }
    }

    package func retryItem(id: Int64, at now: WallTime) throws(StoreError) -> OutboxItem? {
        try change { (database: Database) throws(SQLFailure) in
            try database.run(
                """
                UPDATE outbox SET state = 'pending', attempts = 0, next_attempt_at = ?, updated_at = \(Schema.now)
                WHERE id = ?
                """, [SQLValue(now), .integer(id)])
            return try OutboxTable.read(database, "WHERE id = ?", [.integer(id)]).first
        }
    }

    package func removeItem(id: Int64) throws(StoreError) -> Bool {
        try change { (database: Database) throws(SQLFailure) in
            try database.run("DELETE FROM outbox WHERE id = ?", [.integer(id)]) > 0
        }
    }

    package func figures() async throws(StoreError) -> OutboxFigures {
        try await read { (database: Database) throws(SQLFailure) in try OutboxTable.figures(database) }
    }

    package func trimOutbox(to limit: Int) throws(StoreError) -> Int {
        try change { (database: Database) throws(SQLFailure) in
            try OutboxTable.trim(database, to: limit)
        }
    }
}

extension SQLStore: EventHistory {
    package func replay(
        after eventID: String, limit: Int, _ item: @Sendable (PublishedEvent) -> OutboxItem?
    ) throws(StoreError) -> Int? {
        try change { (database: Database) throws(SQLFailure) in
            guard let events = try EventTable.events(after: eventID, limit: limit, in: database) else { return nil }
            var queued = 0
            for item in events.compactMap(item) where try OutboxTable.insert(item, to: database) { queued += 1 }
            return queued
        }
    }

    package func trimEvents(to limit: Int) throws(StoreError) {
        try change { (database: Database) throws(SQLFailure) in try EventTable.trim(database, to: limit) }
    }
}
