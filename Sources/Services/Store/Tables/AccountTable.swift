import Directory

/// Reads and writes SIP accounts.
enum AccountTable {
    /// Accounts that can register with what is stored; those of the environment have their password there.
    static func read(_ database: Database) throws(SQLFailure) -> [SIPAccount] {
        try database.query(
            """
            SELECT id, extension, username, digest_md5, digest_sha256, display_name, user_id, enabled, ws_password
            FROM sip_accounts WHERE digest_md5 IS NOT NULL AND digest_sha256 IS NOT NULL ORDER BY extension
            """
        ) { row in
            SIPAccount(
                id: row.integer(0), extension: row.text(1), username: row.text(2),
                secret: .digests(md5: row.text(3), sha256: row.text(4)), displayName: row.text(5),
                userID: row.integerIfPresent(6), isEnabled: row.flag(7), wsPassword: row.textIfPresent(8))
        }
    }

    /// Stores the account under its extension and answers it with its id and user; a password is not stored.
    static func write(_ account: SIPAccount, to database: Database) throws(SQLFailure) -> SIPAccount {
        let digests = digests(account)
        try database.run(
            """
            INSERT INTO sip_accounts (extension, username, digest_md5, digest_sha256, display_name, user_id, enabled)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (extension) DO UPDATE SET
                username = excluded.username, digest_md5 = excluded.digest_md5,
                digest_sha256 = excluded.digest_sha256, display_name = excluded.display_name,
                user_id = coalesce(sip_accounts.user_id, excluded.user_id), enabled = excluded.enabled,
                updated_at = \(Schema.now)
            """,
            [
                .text(account.extension), .text(account.username), SQLValue(digests.md5),
                SQLValue(digests.sha256), .text(account.displayName), SQLValue(account.userID),
                SQLValue(account.isEnabled),
            ])
        let stored = try database.query(
            "SELECT id, user_id FROM sip_accounts WHERE extension = ?", [.text(account.extension)]
        ) { ($0.integer(0), $0.integerIfPresent(1)) }.first
        var account = account
        if let stored { (account.id, account.userID) = stored }
        return account
    }

    /// A row without digests is what the environment once had: it is taken over, where any other is a conflict.
    static func insert(_ account: SIPAccount, to database: Database) throws(SQLFailure) -> Int64 {
        let digests = Self.digests(account)
        try database.run(
            "DELETE FROM sip_accounts WHERE digest_md5 IS NULL AND (extension = ? OR username = ?)",
            [.text(account.extension), .text(account.username)])
        return try database.insert(
            """
            INSERT INTO sip_accounts (extension, username, digest_md5, digest_sha256, display_name, user_id, enabled)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(account.extension), .text(account.username), SQLValue(digests.md5),
                SQLValue(digests.sha256), .text(account.displayName), SQLValue(account.userID),
                SQLValue(account.isEnabled),
            ])
    }

    /// Answers false when there is no such account.
    static func update(_ account: SIPAccount, in database: Database) throws(SQLFailure) -> Bool {
        let digests = Self.digests(account)
        return try database.run(
            """
            UPDATE sip_accounts SET extension = ?, username = ?, digest_md5 = ?, digest_sha256 = ?, display_name = ?,
                user_id = ?, enabled = ?, updated_at = \(Schema.now)
            WHERE id = ?
            """,
            [
                .text(account.extension), .text(account.username), SQLValue(digests.md5),
                SQLValue(digests.sha256), .text(account.displayName), SQLValue(account.userID),
                SQLValue(account.isEnabled), .integer(account.id),
            ]) > 0
    }

    private static func digests(_ account: SIPAccount) -> (md5: String?, sha256: String?) {
        guard case .digests(let md5, let sha256) = account.secret else { return (nil, nil) }
        return (md5, sha256)
    }
}
