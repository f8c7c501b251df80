package import Directory

extension SQLStore: DirectoryStore {
    package func foreignChanges() async throws(StoreError) -> Int64 {
        if case .server(let link) = engine { return try foreignChanges(at: link) }
        return try await read { (database: Database) throws(SQLFailure) in
            try database.integer("PRAGMA data_version") ?? 0
        }
    }

    package func add(_ user: User, passwordHash: String?, limits: TollLimits) throws(StoreError) -> User {
        try change { (database: Database) throws(SQLFailure) in
            var stored = user
            stored.id = try UserTable.insert(user, to: database)
            if let passwordHash { try UserTable.setPasswordHash(passwordHash, ofUser: stored.id, in: database) }
            try LimitsTable.set(limits, ofUser: stored.id, in: database)
            return stored
        }
    }

    package func update(_ user: User, passwordHash: String?, limits: TollLimits?) throws(StoreError) -> Bool {
        try change { (database: Database) throws(SQLFailure) in
            guard try UserTable.update(user, in: database) else { return false }
            if let passwordHash { try UserTable.setPasswordHash(passwordHash, ofUser: user.id, in: database) }
            if let limits { try LimitsTable.set(limits, ofUser: user.id, in: database) }
            return true
        }
    }

    package func removeUser(id: Int64) throws(StoreError) -> Bool { try remove(id, from: "users") }

    package func add(_ account: SIPAccount) throws(StoreError) -> SIPAccount {
        try added(account, \.id, AccountTable.insert)
    }

    package func update(_ account: SIPAccount) throws(StoreError) -> Bool {
        try change { (database: Database) throws(SQLFailure) in
            try AccountTable.update(account, in: database)
        }
    }

    package func removeAccount(id: Int64) throws(StoreError) -> Bool { try remove(id, from: "sip_accounts") }

    package func add(_ trunk: Trunk) throws(StoreError) -> Trunk {
        try added(trunk, \.id, TrunkTable(key: try sealingKey()).insert)
    }

    package func update(_ trunk: Trunk) throws(StoreError) -> Bool {
        let table = TrunkTable(key: try sealingKey())
        return try change { (database: Database) throws(SQLFailure) in
            try table.update(trunk, in: database)
        }
    }

    package func update(_ user: User, _ trunk: Trunk) throws(StoreError) -> Bool {
        let table = TrunkTable(key: try sealingKey())
        return try change { (database: Database) throws(SQLFailure) in
            let isThere = try database.integer("SELECT id FROM users WHERE id = ?", [.integer(user.id)]) != nil
            guard isThere, try table.update(trunk, in: database) else { return false }
            return try UserTable.update(user, in: database)
        }
    }

    package func removeTrunk(id: Int64) throws(StoreError) -> Bool { try remove(id, from: "trunks") }

    package func add(_ route: InboundRoute) throws(StoreError) -> InboundRoute {
        try added(route, \.id, RouteTable.insert)
    }

    package func update(_ route: InboundRoute) throws(StoreError) -> Bool {
        try change { (database: Database) throws(SQLFailure) in try RouteTable.update(route, in: database) }
    }

    package func removeRoute(id: Int64) throws(StoreError) -> Bool { try remove(id, from: "inbound_routes") }

    package func add(_ queue: CallQueue) throws(StoreError) -> CallQueue {
        try added(queue, \.id, QueueTable.insert)
    }

    package func update(_ queue: CallQueue) throws(StoreError) -> Bool {
        try change { (database: Database) throws(SQLFailure) in try QueueTable.update(queue, in: database) }
    }

    package func removeQueue(id: Int64) throws(StoreError) -> Bool { try remove(id, from: "queues") }

    package func setMember(_ member: QueueMember, ofQueue id: Int64) throws(StoreError) -> Bool {
        try change { (database: Database) throws(SQLFailure) in
            guard try database.integer("SELECT id FROM queues WHERE id = ?", [.integer(id)]) != nil else {
                return false
            }
            try QueueTable.set(member, ofQueue: id, in: database)
            return true
        }
    }

    package func removeMember(userID: Int64, ofQueue id: Int64) throws(StoreError) -> Bool {
        try change { (database: Database) throws(SQLFailure) in
            try database.run(
                "DELETE FROM queue_members WHERE queue_id = ? AND user_id = ?", [.integer(id), .integer(userID)]) > 0
        }
    }

    package func add(_ webhook: Webhook) throws(StoreError) -> Webhook {
        try added(webhook, \.id, WebhookTable(key: try sealingKey()).insert)
    }

    package func update(_ webhook: Webhook) throws(StoreError) -> Bool {
        let table = WebhookTable(key: try sealingKey())
        return try change { (database: Database) throws(SQLFailure) in
            try table.update(webhook, in: database)
        }
    }

    package func removeWebhook(id: Int64) throws(StoreError) -> Bool {
        try change { (database: Database) throws(SQLFailure) in
            try database.run(
                "DELETE FROM outbox WHERE ordering_key = ?", [.text(Webhook.orderingKey(ofWebhook: id))])
            return try database.run("DELETE FROM webhooks WHERE id = ?", [.integer(id)]) > 0
        }
    }

    package func set(_ settings: ServerSettings) throws(StoreError) {
        try change { (database: Database) throws(SQLFailure) in try SettingsTable.write(settings, to: database) }
    }

    package func set(_ settings: ServerSettings, _ trunk: Trunk) throws(StoreError) -> Bool {
        let table = TrunkTable(key: try sealingKey())
        return try change { (database: Database) throws(SQLFailure) in
            if trunk.id == 0 {
                _ = try table.insert(trunk, to: database)
            } else {
                guard try table.update(trunk, in: database) else { return false }
            }
            try SettingsTable.write(settings, to: database)
            return true
        }
    }

    /// Inserts something, and answers it under the id it got.
    func added<Value>(
        _ value: Value, _ id: WritableKeyPath<Value, Int64>,
        _ insert: (Value, Database) throws(SQLFailure) -> Int64
    ) throws(StoreError) -> Value {
        try change { (database: Database) throws(SQLFailure) in
            var stored = value
            stored[keyPath: id] = try insert(value, database)
            return stored
        }
    }

    func remove(_ id: Int64, from table: String) throws(StoreError) -> Bool {
        try change { (database: Database) throws(SQLFailure) in
            try database.run("DELETE FROM \(table) WHERE id = ?", [.integer(id)]) > 0
        }
    }
}
