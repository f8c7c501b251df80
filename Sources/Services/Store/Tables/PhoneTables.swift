import Directory

/// Reads and writes the telephones of users.
enum UserPhoneTable {
    static func read(
        _ database: Database, where condition: String = "", _ values: [SQLValue] = []
    ) throws(SQLFailure) -> [UserPhone] {
        try database.query(
            """
            SELECT id, user_id, phone_number, phone_type, is_primary FROM user_phones \(condition)
            ORDER BY is_primary DESC, id
            """, values
        ) { row in
            UserPhone(
                id: row.integer(0), userID: row.integer(1), number: row.text(2),
                kind: UserPhone.Kind(rawValue: row.text(3)) ?? .work, isPrimary: row.flag(4))
        }
    }

    /// Answers the new phone's id.
    @discardableResult
    static func insert(_ phone: UserPhone, to database: Database) throws(SQLFailure) -> Int64 {
        let id = try database.insert(
            "INSERT INTO user_phones (user_id, phone_number, phone_type, is_primary) VALUES (?, ?, ?, ?)",
            [.integer(phone.userID), .text(phone.number), .text(phone.kind.rawValue), SQLValue(phone.isPrimary)])
        try demoteOthers(than: phone, id, in: database)
        return id
    }

    /// False when the user has no such phone.
    static func update(_ phone: UserPhone, in database: Database) throws(SQLFailure) -> Bool {
        let count = try database.run(
            """
            UPDATE user_phones SET phone_number = ?, phone_type = ?, is_primary = ?, updated_at = \(Schema.now)
            WHERE id = ? AND user_id = ?
            """,
            [
                .text(phone.number), .text(phone.kind.rawValue), SQLValue(phone.isPrimary), .integer(phone.id),
                .integer(phone.userID),
            ])
        try demoteOthers(than: phone, phone.id, in: database)
        return count > 0
    }

    private static func demoteOthers(
        than phone: UserPhone, _ id: Int64, in database: Database
    ) throws(SQLFailure) {
        guard phone.isPrimary else { return }
        try database.run(
            """
            UPDATE user_phones SET is_primary = false, updated_at = \(Schema.now)
            WHERE user_id = ? AND id <> ? AND is_primary
            """, [.integer(phone.userID), .integer(id)])
    }
}

/// Reads and writes the lines of the house, table `phones`.
enum PhoneLineTable {
    static func read(_ database: Database) throws(SQLFailure) -> [PhoneLine] {
        try database.query("SELECT id, number, rk, city, avito_name FROM phones ORDER BY id") { row in
            PhoneLine(
                id: row.integer(0), number: row.text(1), campaign: row.textIfPresent(2), city: row.textIfPresent(3),
                avitoName: row.textIfPresent(4))
        }
    }

    static func insert(_ line: PhoneLine, to database: Database) throws(SQLFailure) -> Int64 {
        try database.insert(
            "INSERT INTO phones (number, rk, city, avito_name) VALUES (?, ?, ?, ?)", columns(of: line))
    }

    static func update(_ line: PhoneLine, in database: Database) throws(SQLFailure) -> Bool {
        try database.run(
            "UPDATE phones SET number = ?, rk = ?, city = ?, avito_name = ?, updated_at = \(Schema.now) WHERE id = ?",
            columns(of: line) + [.integer(line.id)]) > 0
    }

    private static func columns(of line: PhoneLine) -> [SQLValue] {
        [.text(line.number), SQLValue(line.campaign), SQLValue(line.city), SQLValue(line.avitoName)]
    }
}
