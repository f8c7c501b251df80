package import Directory
import Telemetry

extension SQLStore: UserStore {
    package func roster() async throws(StoreError) -> Roster {
        let (trunks, webhooks) = (try await storedTrunks(), try await storedWebhooks())
        let companies = try await companyBook()
        return try await read { (database: Database) throws(SQLFailure) in
            Roster(
                users: try UserTable.read(database), phones: try UserPhoneTable.read(database),
                accounts: try AccountTable.read(database), lines: try PhoneLineTable.read(database), trunks: trunks,
                routes: try RouteTable.read(database), queues: try QueueTable.read(database),
                limits: try LimitsTable.read(database), webhooks: webhooks,
                settings: try SettingsTable.read(database),
                companies: companies)
        }
    }

    /// The companies' numbers, read again only when one of them has changed: there may be very many.
    private func companyBook() async throws(StoreError) -> CompanyBook {
        let mark = try await companyMark()
        if let companies, companies.mark == mark { return companies.book }
        let book = try await read { (database: Database) throws(SQLFailure) in
            CompanyBook(try CompanyTable.numbers(atMost: CompanyBook.maximumNumbers, in: database))
        }
        companies = (mark, book)
        return book
    }

    /// Of a file, others cannot say which table they changed.
    private func companyMark() async throws(StoreError) -> CompanyMark {
        let foreign = try await foreignChanges()
        return switch engine {
        case .embedded(let database): CompanyMark(own: database.companyChanges, foreign: foreign)
        case .server(let link): CompanyMark(own: link.database?.companyChanges ?? 0, foreign: link.companyChanges)
        }
    }

    /// The key is not made for a store that has nothing to unseal.
    private func storedTrunks() async throws(StoreError) -> [Trunk] {
        let count = try await read { (database: Database) throws(SQLFailure) in
            try database.integer("SELECT count(*) FROM trunks")
        }
        guard count ?? 0 > 0 else { return [] }
        let table = TrunkTable(key: try sealingKey())
        return try await read { [logger] (database: Database) throws(SQLFailure) in
            try table.read(database) { name in
                logger.warn(
                    "a trunk is left out, for its row or the passwords in it cannot be read",
                    [LogField("trunk", name)])
            }
        }
    }

    private func storedWebhooks() async throws(StoreError) -> [Webhook] {
        let count = try await read { (database: Database) throws(SQLFailure) in
            try database.integer("SELECT count(*) FROM webhooks")
        }
        guard count ?? 0 > 0 else { return [] }
        let table = WebhookTable(key: try sealingKey())
        return try await read { [logger] (database: Database) throws(SQLFailure) in
            try table.read(database) { name in
                logger.warn("a webhook is left out, for its secret cannot be read", [LogField("webhook", name)])
            }
        }
    }

    package func user(id: Int64) async throws(StoreError) -> User? {
        try await read { (database: Database) throws(SQLFailure) in
            try UserTable.read(database, where: "WHERE id = ?", [.integer(id)]).first
        }
    }

    package func credentials(login: String) async throws(StoreError) -> LoginCredentials? {
        try await read { (database: Database) throws(SQLFailure) in
            guard let user = try UserTable.read(database, where: "WHERE login = ?", [.text(login)]).first
            else { return nil }
            let hash = try database.query(
                "SELECT hash FROM user_passwords WHERE user_id = ?", [.integer(user.id)]
            ) { $0.text(0) }.first
            return LoginCredentials(user: user, passwordHash: hash)
        }
    }

    package func phones(ofUser id: Int64) async throws(StoreError) -> [UserPhone] {
        try await read { (database: Database) throws(SQLFailure) in
            try UserPhoneTable.read(database, where: "WHERE user_id = ?", [.integer(id)])
        }
    }

    package func companies(ids: Set<Int64>) async throws(StoreError) -> [Int64: Company] {
        guard !ids.isEmpty else { return [:] }
        let list = ids.sorted().map(String.init).joined(separator: ", ")
        let companies = try await read { (database: Database) throws(SQLFailure) in
            try CompanyTable.read(
                database, where: "WHERE id IN (\(database.dialect.listedNumbers))", [.text("[\(list)]")])
        }
        return Dictionary(companies.map { ($0.id, $0) }) { first, _ in first }
    }

    package func company(phone: PhoneNumber) async throws(StoreError) -> Company? {
        guard !phone.matchKey.isEmpty else { return nil }
        return try await read { (database: Database) throws(SQLFailure) in
            try CompanyTable.read(
                database,
                where: """
                    WHERE id = (SELECT company_id FROM company_phones WHERE substr(phone_norm, -10) = ? LIMIT 1)
                    """, [.text(phone.matchKey)]
            ).first
        }
    }

    package func add(_ user: User, passwordHash: String?) throws(StoreError) -> User {
        try add(user, passwordHash: passwordHash, limits: TollLimits())
    }

    package func setPasswordHash(_ hash: String, ofUser id: Int64) throws(StoreError) {
        try change { (database: Database) throws(SQLFailure) in
            try UserTable.setPasswordHash(hash, ofUser: id, in: database)
        }
    }

    package func adopt(_ account: SIPAccount) throws(StoreError) -> SIPAccount {
        try change { (database: Database) throws(SQLFailure) in
            var account = account
            account.userID = try Self.owner(of: account, in: database)
            return try AccountTable.write(account, to: database)
        }
    }

    /// The account's user, found by account, extension or login; made when there is none.
    private static func owner(of account: SIPAccount, in database: Database) throws(SQLFailure) -> Int64 {
        let known = try database.integer(
            """
            SELECT id FROM (
                SELECT user_id AS id, 1 AS place FROM sip_accounts WHERE extension = ? AND user_id IS NOT NULL
                UNION ALL SELECT id, 2 FROM users WHERE extension = ?
                UNION ALL SELECT id, 3 FROM users WHERE login = ?
            ) AS found ORDER BY place LIMIT 1
            """, [.text(account.extension), .text(account.extension), .text(account.username)])
        if let known { return known }
        // A longer one stays the account's alone, which is the user's all the same.
        let number = TextRule.ownExtension.accepts(account.extension) ? account.extension : nil
        let user = User(id: 0, login: account.username, name: account.displayName, extension: number)
        return try UserTable.insert(user, to: database)
    }

    package func resetPresence() throws(StoreError) {
        try change { (database: Database) throws(SQLFailure) in
            // Whose presence is whose is not told apart: what lives at another gateway must not be taken back.
            guard try !database.hasCompany() else { return }
            try database.run(
                """
                UPDATE users SET presence = 'offline', presence_is_live = FALSE, updated_at = \(Schema.now)
                WHERE presence_is_live
                """)
            try database.run("UPDATE sip_accounts SET contact_uri = NULL, registered_at = NULL, expires_at = NULL")
        }
    }

    package func setting(_ name: String) async throws(StoreError) -> String? {
        try await read { (database: Database) throws(SQLFailure) in
            try SettingsTable.value(name, in: database)
        }
    }

    package func setSetting(_ name: String, to value: String) throws(StoreError) {
        try change { (database: Database) throws(SQLFailure) in try SettingsTable.set(name, to: value, in: database) }
    }

    package nonisolated func setPresence(_ presence: User.Presence, ofUser id: Int64) {
        write(.presence(presence, user: id))
    }

    package nonisolated func setRegistration(_ registration: AccountRegistration?, ofAccount id: Int64) {
        write(.registration(registration, account: id))
    }
}
