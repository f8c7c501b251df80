import CallModel
import Crypto
import Directory
import Testing
import Wire

@testable import Store

struct UserStoreTests {
    @Test(arguments: Engine.allCases) func `a user is added once and found by number and login`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            let anna = User(
                id: 0, login: "anna", name: "Анна", firstName: "А", lastName: "И", email: "a@b.ru", role: .director,
                status: .inactive, presence: .busy, city: "Москва", sipAddress: "sip:anna@vpbx", extension: "1001",
                mangoUserID: 9)
            let stored = try await store.add(anna, passwordHash: "hash")
            var expected = anna
            expected.id = stored.id
            #expect(stored == expected)
            #expect(try await store.user(id: stored.id) == expected)
            let credentials = try #require(try await store.credentials(login: "anna"))
            #expect(credentials.user == expected)
            #expect(credentials.passwordHash == "hash")
            #expect(try await store.credentials(login: "ANNA") == nil)
            await #expect(throws: StoreError.conflict(column: "users.login")) {
                try await store.add(User(id: 0, login: "anna"), passwordHash: nil)
            }
        }
    }

    @Test(arguments: Engine.allCases) func `a password changes and may be absent`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            let user = try await store.add(User(id: 0, login: "x"), passwordHash: nil)
            #expect(try await store.credentials(login: "x")?.passwordHash == nil)
            for hash in ["one", "two"] { try await store.setPasswordHash(hash, ofUser: user.id) }
            #expect(try await store.credentials(login: "x")?.passwordHash == "two")
        }
    }

    @Test(arguments: Engine.allCases) func `tables filled by plain SQL work as if we had filled them`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            try await store.execute(
                """
                INSERT INTO phones (number, rk, city) VALUES ('+74951234567', 'РК1', 'Москва');
                INSERT INTO users (id, login, role) VALUES (5, 'op', 'callcentre_operator');
                INSERT INTO user_phones (user_id, phone_number) VALUES (5, '8 (495) 987-65-43');
                INSERT INTO companies (id, name_companies, inn) VALUES (5, 'ООО Технологии', '1234567890');
                INSERT INTO company_phones (company_id, phone_number, contact_person)
                    VALUES (5, '8 (495) 123-45-67', 'Иван Петров');
                """)
            let roster = try await store.roster()
            #expect(roster.line(number: "8 495 123 45 67")?.campaign == "РК1")
            #expect(roster.users[5]?.role == .operator)
            #expect(try await store.phones(ofUser: 5).map(\.number) == ["8 (495) 987-65-43"])
            let company = try #require(try await store.company(phone: PhoneNumber("+74951234567")))
            #expect(company.name == "ООО Технологии")
            #expect(roster.companies.company(calling: "+7 495 123 45 67")?.name == company.name)
            #expect(roster.companies.company(calling: "anonymous") == nil)
            #expect(company.phones.map(\.contactPerson) == ["Иван Петров"])
            #expect(try await store.companies(ids: [5, 6]) == [5: company])
            #expect(try await store.company(phone: PhoneNumber("")) == nil)
        }
    }

    @Test(
        arguments: ["8 (999) 123-45-67", "+7.999.123.45.67", "1001", "74951234567", "81234567890", ""], Engine.allCases)
    func `SQL and Swift agree on the normal form`(number: String, engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            let normal = try await store.read { (database: Database) throws(SQLFailure) in
                try database.run("INSERT INTO phones (number) VALUES (?)", [.text(number)])
                return try database.query("SELECT number_norm FROM phones") { $0.text(0) }
            }
            #expect(normal == [PhoneNumber(number).normal])
        }
    }

    @Test(arguments: Engine.allCases)
    func `presence said by a socket is taken back at the next start, presence set by hand stays`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            try await store.execute(
                "INSERT INTO users (id, login, presence) VALUES (1, 'hand', 'online'), (2, 'socket', 'offline')")
            store.setPresence(.online, ofUser: 2)
            #expect(try await store.user(id: 2)?.presence == .online)
            try await store.resetPresence()
            #expect(try await store.user(id: 1)?.presence == .online)
            #expect(try await store.user(id: 2)?.presence == .offline)
        }
    }

    @Test(arguments: Engine.allCases)
    func `an account of the environment gets a user, and keeps both when it comes again`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            let account = SIPAccount(
                id: 0, extension: "1001", username: "operator1", secret: .password("pass123"),
                displayName: "Иванов И.И.")
            let adopted = try await store.adopt(account)
            let userID = try #require(adopted.userID)
            #expect(try await store.user(id: userID)?.name == "Иванов И.И.")
            #expect(adopted.secret == .password("pass123"))
            #expect(try await store.adopt(account) == adopted)
            // The password stays in the environment, so the stored roster cannot register it.
            #expect(try await store.roster().accounts.isEmpty)
            let roster = try await store.roster().adding([adopted])
            #expect(roster.account(username: "operator1") == adopted)
            #expect(roster.user(extension: "1001")?.id == userID)
        }
    }

    @Test(arguments: Engine.allCases) func `a registration is written down and taken back`(engine: Engine) async throws
    {
        try await withStore(engine) { (store) async throws in
            let made = try await store.seed(FirstStart(adminPassword: "x"), using: Entropy(seed: 2))
            let account = try #require(try await store.roster().account(extension: "1001"))
            #expect(made?.count == 3)
            store.setRegistration(
                AccountRegistration(contactURI: "sip:a@b", registeredAt: noon, expiresAt: noon + .seconds(60)),
                ofAccount: account.id)
            let query = "SELECT contact_uri, expires_at FROM sip_accounts WHERE contact_uri IS NOT NULL"
            let contacts = try await store.read { (database: Database) throws(SQLFailure) in
                try database.query(query) { $0.text(0) }
            }
            #expect(contacts == ["sip:a@b"])
            try await store.resetPresence()
            let left = try await store.read { (database: Database) throws(SQLFailure) in
                try database.query(query) { $0.text(0) }
            }
            #expect(left.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases) func `a setting is kept`(engine: Engine) async throws {
        let place = try Place(engine)
        try await withStore(place) { (store) async throws in
            #expect(try await store.setting("jwt_secret") == nil)
            for value in ["a", "b"] { try await store.setSetting("jwt_secret", to: value) }
        }
        try await withStore(place) { (store) async throws in
            #expect(try await store.setting("jwt_secret") == "b")
        }
    }
}

struct FirstStartTests {
    @Test(arguments: Engine.allCases)
    func `the first start makes an administrator and two users with phones, and tells their passwords`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            let start = FirstStart(adminPassword: "given")
            let made = try #require(try await store.seed(start, using: Entropy(seed: 1)))
            #expect(made.map(\.user.login) == ["admin", "anna", "petr"])
            #expect(made.map(\.user.extension) == [nil, "1001", "1002"])
            #expect(made[0].password == "given")
            #expect(made[0].user.role == .admin)
            #expect(Set(made.map(\.password)).count == 3)
            for credentials in made {
                let stored = try #require(try await store.credentials(login: credentials.user.login ?? ""))
                #expect(PasswordHash.verify(credentials.password, against: stored.passwordHash ?? ""))
            }
            let roster = try await store.roster()
            for credentials in made.dropFirst() {
                let account = try #require(roster.account(username: credentials.user.extension ?? ""))
                #expect(
                    account.secret == SIPSecret(digesting: credentials.sipPassword ?? "", username: account.username))
                #expect(account.displayName == credentials.user.displayName)
                #expect(roster.user(extension: account.extension)?.id == credentials.user.id)
            }
        }
    }

    @Test(arguments: Engine.allCases) func `later starts change nothing`(engine: Engine) async throws {
        let place = try Place(engine)
        let start = FirstStart(adminPassword: nil)
        let first = try await withStore(place) { (store) async throws in
            #expect(try await store.seed(start, using: .system) != nil)
            return try await store.roster().accounts
        }
        try await withStore(place) { (store) async throws in
            #expect(try await store.seed(start, using: .system) == nil)
            #expect(try await store.roster().accounts == first)
        }
    }

    /// The digest of RFC 7616 is over `username:realm:password`.
    @Test func `a secret shows nothing when printed`() {
        let secret = SIPSecret(digesting: "pw", username: "1001")
        #expect(
            secret
                == .digests(
                    md5: Hex.encode(Hash.md5("1001:tandem:pw")), sha256: Hex.encode(Hash.sha256("1001:tandem:pw"))))
        #expect("\(secret) \(String(reflecting: secret))" == "<secret> <secret>")
    }
}
