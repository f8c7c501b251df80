import CallModel
import Directory
import Glibc
import Testing
import Wire

@testable import Store

struct DirectoryStoreTests {
    private static func trunk(_ name: String) -> Trunk {
        var trunk = Trunk(name: name, targets: [TrunkTarget(host: "sip.example", port: 5061, transport: .tls)])
        trunk.credentials = [
            TrunkCredentials(username: "7495", password: "s3cret-one", extension: "1001"),
            TrunkCredentials(username: "7499", password: "s3cret-two", registers: false),
        ]
        trunk.sourceNetworks = IPNetwork("10.0.0.0/8").map { [$0] } ?? []
        trunk.numbers.outgoingCalled = [NumberRule(pattern: .prefix("8"), replacement: "+7")]
        (trunk.keepAlive, trunk.maximumChannels, trunk.priority) = (nil, 30, 5)
        trunk.limits.denied = ["+7809"]
        return trunk
    }

    @Test(arguments: Engine.allCases) func `a trunk comes back as it was stored, without its passwords in the file`(
        engine: Engine
    ) async throws {
        let place = try Place(engine)
        let stored = try await withStore(place) { try await $0.add(Self.trunk("carrier")) }
        try await withStore(place) { (store) async throws in
            #expect(try await store.roster().trunks == [stored])
            let text = try await store.read { (database: Database) throws(SQLFailure) in
                try database.query("SELECT settings || password_sealed FROM trunks") { $0.text(0) }.joined()
            }
            #expect(!text.contains("s3cret"))
        }
        var information = stat()
        #expect(stat(place.keyPath, &information) == 0)
        #expect(information.st_mode & 0o777 == 0o600)
    }

    @Test(arguments: Engine.allCases) func `a trunk whose key is lost is left out and the others stay`(engine: Engine)
        async throws
    {
        let place = try Place(engine)
        _ = try await withStore(place) { (store) async throws in
            _ = try await store.add(Self.trunk("lost"))
            return try await store.add(Trunk(name: "open", targets: [TrunkTarget(host: "192.0.2.1")]))
        }
        unlink(place.keyPath)
        try await withStore(place) { (store) async throws in
            #expect(try await store.roster().trunks.map(\.name) == ["open"])
        }
    }

    @Test(arguments: Engine.allCases) func `passwords that were moved to another trunk are not used`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            let (own, other) = (try await store.add(Self.trunk("own")), try await store.add(Self.trunk("other")))
            _ = try await store.change { (database: Database) throws(SQLFailure) in
                try database.run(
                    """
                    UPDATE trunks SET password_sealed = (SELECT password_sealed FROM trunks WHERE id = ?) WHERE id = ?
                    """, [.integer(other.id), .integer(own.id)])
            }
            #expect(try await store.roster().trunks == [other])
        }
    }

    @Test(arguments: Engine.allCases) func `a key file that holds no key is named`(engine: Engine) async throws {
        let place = try Place(engine)
        let path = place.keyPath
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        try await withStore(place) { (store) async throws in
            await #expect(throws: StoreError.unusable(path: path, reason: "it holds no key")) {
                _ = try await store.add(Self.trunk("carrier"))
            }
            #expect(try await store.roster().trunks.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases) func `a renamed trunk takes its routes along`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            var trunk = try await store.add(Self.trunk("old"))
            _ = try await store.add(Self.trunk("other"))
            _ = try await store.add(
                InboundRoute(trunk: "old", number: .any, destination: .trunk("old", number: "+7")))
            var queue = CallQueue(name: "q")
            queue.overflow = .trunk("old", number: nil)
            _ = try await store.add(queue)
            trunk.name = "new"
            #expect(try await store.update(trunk))
            let roster = try await store.roster()
            #expect(roster.routes.map(\.trunk) == ["new"])
            #expect(roster.routes.map(\.destination) == [.trunk("new", number: "+7")])
            #expect(roster.queues.map(\.overflow) == [.trunk("new", number: nil)])
            trunk.name = "other"
            let taken = trunk
            await #expect(throws: StoreError.conflict(column: "trunks.name")) {
                _ = try await store.update(taken)
            }
            #expect(try await store.removeTrunk(id: trunk.id))
            #expect(try await !store.removeTrunk(id: taken.id))
            #expect(try await !store.update(taken))
        }
    }

    @Test(arguments: Engine.allCases) func `routes are unique by number and trunk`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            let expression = NumberPattern.expression(try NumberExpression("2\\d\\d"))
            var route = try await store.add(InboundRoute(number: expression, destination: .queue("sales")))
            _ = try await store.add(InboundRoute(trunk: "a", number: expression, destination: .extension("9")))
            await #expect(throws: StoreError.conflict(column: "inbound_routes.number, inbound_routes.trunk")) {
                _ = try await store.add(InboundRoute(number: expression, destination: .user(1)))
            }
            route.destination = .user(7)
            #expect(try await store.update(route))
            #expect(try await store.roster().routes.first == route)
            #expect(try await store.removeRoute(id: route.id))
            #expect(try await !store.update(route))
        }
    }

    @Test(arguments: Engine.allCases) func `a queue keeps its members in their order, and pauses them`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            for login in ["a", "b", "c"] { _ = try await store.add(User(id: 0, login: login), passwordHash: nil) }
            var queue = CallQueue(name: "sales")
            queue.extension = "700"
            queue.strategy = .leastRecent
            queue.overflow = .queue("sales")
            queue.members = [QueueMember(userID: 3), QueueMember(userID: 1, isPaused: true)]
            queue = try await store.add(queue)
            #expect(try await store.roster().queues == [queue])
            #expect(try await store.setMember(QueueMember(userID: 2), ofQueue: queue.id))
            #expect(try await store.setMember(QueueMember(userID: 3, isPaused: true), ofQueue: queue.id))
            #expect(try await !store.setMember(QueueMember(userID: 3), ofQueue: 99))
            #expect(try await store.removeMember(userID: 1, ofQueue: queue.id))
            queue.members = [QueueMember(userID: 3, isPaused: true), QueueMember(userID: 2)]
            #expect(try await store.roster().queues == [queue])
            queue.name = "support"
            #expect(try await store.update(queue))
            #expect(try await store.roster().queue(named: "support")?.overflow == .queue("support"))
            #expect(try await store.removeUser(id: 2))
            #expect(try await store.roster().queues.first?.members.map(\.userID) == [3])
            #expect(try await store.removeQueue(id: queue.id))
        }
    }

    @Test(arguments: Engine.allCases) func `accounts are added, changed and removed`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            let secret = SIPSecret(digesting: "x", username: "1001")
            let account = SIPAccount(id: 0, extension: "1001", username: "1001", secret: secret, displayName: "Anna")
            _ = try await store.adopt(
                SIPAccount(id: 0, extension: "1001", username: "1001", secret: .password("env"), displayName: "E"))
            var stored = try await store.add(account)
            await #expect(throws: StoreError.conflict(column: "sip_accounts.username")) {
                _ = try await store.add(
                    SIPAccount(id: 0, extension: "1002", username: "1001", secret: secret, displayName: ""))
            }
            stored.isEnabled = false
            stored.displayName = "Anna I."
            #expect(try await store.update(stored))
            #expect(try await store.roster().accounts == [stored])
            #expect(try await store.removeAccount(id: stored.id))
            #expect(try await store.roster().accounts.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases) func `users change, and so do their limits`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            var user = try await store.add(User(id: 0, login: "anna"), passwordHash: nil)
            (user.name, user.role, user.extension) = ("Anna", .admin, "1001")
            var limits = TollLimits()
            (limits.allowed, limits.minutesPerHour) = (["+7", "8"], 60)
            #expect(try await store.update(user, passwordHash: nil, limits: limits))
            #expect(try await store.user(id: user.id) == user)
            #expect(try await store.roster().tollLimits(ofUser: user.id) == limits)
            #expect(try await store.update(user, passwordHash: "hash", limits: nil))
            #expect(try await store.credentials(login: "anna")?.passwordHash == "hash")
            #expect(try await store.roster().tollLimits(ofUser: user.id) == limits)
            #expect(try await store.update(user, passwordHash: nil, limits: TollLimits()))
            #expect(try await store.credentials(login: "anna")?.passwordHash == "hash")
            #expect(try await store.roster().limits.isEmpty)
            #expect(try await store.removeUser(id: user.id))
            #expect(try await !store.update(user, passwordHash: "hash", limits: limits))
        }
    }

    @Test(arguments: Engine.allCases) func `of a user whose change is refused nothing changes`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            _ = try await store.add(User(id: 0, login: "anna"), passwordHash: nil)
            var limits = TollLimits()
            limits.concurrentCalls = 1
            var boris = try await store.add(User(id: 0, login: "boris"), passwordHash: "old", limits: limits)
            boris.login = "anna"
            let taken = boris
            await #expect(throws: StoreError.conflict(column: "users.login")) {
                _ = try await store.update(taken, passwordHash: "hash", limits: TollLimits())
            }
            #expect(try await store.credentials(login: "boris")?.passwordHash == "old")
            #expect(try await store.roster().tollLimits(ofUser: boris.id) == limits)
        }
    }

    @Test(arguments: Engine.allCases) func `a change by another process is noticed, and one's own is not`(
        engine: Engine
    ) async throws {
        let place = try Place(engine)
        try await withStore(place) { (store) async throws in
            let before = try await store.foreignChanges()
            _ = try await store.add(User(id: 0, login: "own"), passwordHash: nil)
            #expect(try await store.foreignChanges() == before)
            try await withStore(place) { (other) async throws in
                _ = try await other.add(User(id: 0, login: "foreign"), passwordHash: nil)
            }
            #expect(try await store.foreignChanges() != before)
        }
    }

    @Test(arguments: Engine.allCases) func `a file of the first version moves on with everything in it`(engine: Engine)
        async throws
    {
        let place = try Place(engine, isEmpty: true)
        do {
            let database = try place.open()
            try database.migrate(Array(Migration.all.prefix(1)), at: noon)
            try database.execute(
                """
                INSERT INTO users (id, login, extension) VALUES (5, 'anna', '1001');
                INSERT INTO user_passwords (user_id, hash) VALUES (5, 'h');
                INSERT INTO sip_accounts (extension, username, digest_md5, digest_sha256, user_id)
                    VALUES ('1001', '1001', 'm', 's', 5);
                INSERT INTO settings (name, value) VALUES ('jwt_secret', 'x');
                """)
        }
        try await withStore(place) { (store) async throws in
            let roster = try await store.roster()
            #expect(roster.users[5]?.login == "anna")
            #expect(roster.account(extension: "1001")?.userID == 5)
            #expect(roster.trunks.isEmpty && roster.routes.isEmpty && roster.queues.isEmpty)
            #expect(try await store.credentials(login: "anna")?.passwordHash == "h")
            #expect(try await store.setting("jwt_secret") == "x")
            store.write(makeRecord(1))
            let versions = try await store.read { (database: Database) throws(SQLFailure) in
                try database.run("INSERT INTO call_traces (call_pk, trace) VALUES (1, '[]')")
                return try database.query("SELECT version FROM schema_migrations ORDER BY version") { $0.integer(0) }
            }
            #expect(versions == Migration.all.map { Int64($0.version) })
        }
    }
}
