import Directory
import Wire

/// Reads and writes users and what belongs to them.
enum UserTable {
    static func read(
        _ database: Database, where condition: String = "", _ values: [SQLValue] = []
    ) throws(SQLFailure) -> [User] {
        try database.query(
            """
            SELECT id, login, name, first_name, last_name, email, role, status, presence, city, sip_address, extension,
                mango_user_id
            FROM users \(condition)
            """, values
        ) { row in
            User(
                id: row.integer(0), login: row.textIfPresent(1), name: row.textIfPresent(2),
                firstName: row.textIfPresent(3), lastName: row.textIfPresent(4), email: row.textIfPresent(5),
                role: User.Role(row.text(6)) ?? .operator, status: User.Status(rawValue: row.text(7)) ?? .inactive,
                presence: User.Presence(rawValue: row.text(8)) ?? .offline, city: row.textIfPresent(9),
                sipAddress: row.textIfPresent(10), extension: row.textIfPresent(11),
                mangoUserID: row.integerIfPresent(12))
        }
    }

    /// Answers the new user's id.
    static func insert(_ user: User, to database: Database) throws(SQLFailure) -> Int64 {
        return try database.insert(
            """
            INSERT INTO users (login, name, first_name, last_name, email, role, status, presence, city, sip_address,
                extension, mango_user_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                SQLValue(user.login), SQLValue(user.name), SQLValue(user.firstName),
                SQLValue(user.lastName), SQLValue(user.email), .text(user.role.rawValue),
                .text(user.status.rawValue), .text(user.presence.rawValue), SQLValue(user.city),
                SQLValue(user.sipAddress), SQLValue(user.extension), SQLValue(user.mangoUserID),
            ])
    }

    /// Everything but presence; false when there is no such user.
    static func update(_ user: User, in database: Database) throws(SQLFailure) -> Bool {
        try database.run(
            """
            UPDATE users SET login = ?, name = ?, first_name = ?, last_name = ?, email = ?, role = ?, status = ?, city = ?,
                sip_address = ?, extension = ?, mango_user_id = ?, updated_at = \(Schema.now)
            WHERE id = ?
            """,
            [
                SQLValue(user.login), SQLValue(user.name), SQLValue(user.firstName),
                SQLValue(user.lastName), SQLValue(user.email), .text(user.role.rawValue),
                .text(user.status.rawValue), SQLValue(user.city), SQLValue(user.sipAddress),
                SQLValue(user.extension), SQLValue(user.mangoUserID), .integer(user.id),
            ]) > 0
    }

    static func setPasswordHash(
        _ hash: String, ofUser id: Int64, in database: Database
    ) throws(SQLFailure) {
        try database.run(
            """
            INSERT INTO user_passwords (user_id, hash) VALUES (?, ?)
            ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, updated_at = \(Schema.now)
            """, [.integer(id), .text(hash)])
    }
}

extension PendingWrites.Row {
    func write(to database: Database, isFirst: Bool = true) throws(SQLFailure) {
        switch self {
        case .call(let row): try row.write(to: database, isFirst: isFirst)
        case .kept(let statement): try database.run(statement.sql, statement.values)
        case .presence(let presence, let user):
            try database.run(
                "UPDATE users SET presence = ?, presence_is_live = TRUE, updated_at = \(Schema.now) WHERE id = ?",
                [.text(presence.rawValue), .integer(user)])
        case .registration(let registration, let account):
            try database.run(
                "UPDATE sip_accounts SET contact_uri = ?, registered_at = ?, expires_at = ? WHERE id = ?",
                [
                    SQLValue(registration?.contactURI), SQLValue(registration?.registeredAt),
                    SQLValue(registration?.expiresAt), .integer(account),
                ])
        case .answer(let answer): try AnswerTable.write(answer, to: database)
        case .noAnswer(let attempt): try AnswerTable.delete(attempt, from: database)
        case .settlement(let settlement): try OutboxTable.settle(settlement, in: database)
        }
    }
}
