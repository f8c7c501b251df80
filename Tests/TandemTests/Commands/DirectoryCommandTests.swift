import Crypto
import Directory
import Store
import Testing
import Wire

@testable import tandem

struct DirectoryCommandTests {
    /// A store in memory, an account and a trunk of the environment, and somebody who types `typed`.
    private func session<Value: Sendable>(
        typed: String? = nil, _ body: (DirectorySession) async throws -> Value
    ) async throws -> Value {
        let account = SIPAccount(
            id: 0, extension: "1000", username: "1000", secret: .password("x"), displayName: "Env")
        let trunk = Trunk(name: "default", targets: [TrunkTarget(host: "env.example")])
        let store = try SQLStore(.memory)
        let session = DirectorySession(
            store: store, accounts: [account], trunks: [trunk], password: PasswordSource(readLine: { typed }))
        do {
            let value = try await body(session)
            await store.close()
            return value
        } catch {
            await store.close()
            throw error
        }
    }

    private func run(_ command: any DirectoryCommand.Type, _ line: String, _ session: DirectorySession) async throws
        -> String
    {
        try await command.run(line.split(separator: " ").map(String.init), in: session)
    }

    private func refusal(_ command: any DirectoryCommand.Type, _ line: String, _ session: DirectorySession) async
        -> CommandError?
    {
        do {
            _ = try await run(command, line, session)
            return nil
        } catch {
            return error as? CommandError
        }
    }

    @Test func `accounts are added with a password given, typed or made`() async throws {
        try await session(typed: "typed password") { session in
            let made = try await run(AccountCommand.self, "add 1001", session)
            #expect(made.contains("user name 1001, password "))
            #expect(try await run(AccountCommand.self, "add 1002 --password -", session).hasSuffix("user name 1002"))
            _ = try await run(AccountCommand.self, "add 1003 --password=12345678 --username anna --disabled", session)
            let accounts = try await session.store.roster().accounts
            #expect(accounts.map(\.extension) == ["1001", "1002", "1003"])
            #expect(accounts[1].secret == SIPSecret(digesting: "typed password", username: "1002"))
            #expect(accounts[2].username == "anna" && !accounts[2].isEnabled)
            let list = try await run(AccountCommand.self, "list", session)
            #expect(list.split(separator: "\n").count == 5 && list.contains("SIP_USERS"))
            #expect(try await run(AccountCommand.self, "list --json", session).hasPrefix("[{\"id\":"))
            #expect(await refusal(AccountCommand.self, "add 1001", session) != nil)
            #expect(
                await refusal(AccountCommand.self, "remove 1000", session)
                    == .refused("account 1000 is one of SIP_USERS"))
            #expect(try await run(AccountCommand.self, "remove 1003", session) == "account 1003 removed")
            #expect(await refusal(AccountCommand.self, "remove 1003", session) != nil)
            #expect(
                await refusal(AccountCommand.self, "add 1004 --password short", session)
                    == .refused("password must have at least 8 characters"))
        }
    }

    @Test func `phones, lines and companies are added, listed and removed`() async throws {
        try await session { session in
            _ = try await run(UserCommand.self, "add anna", session)
            let phone = try await run(PhoneCommand.self, "add anna +79160000001 --type mobile --primary", session)
            #expect(phone == "phone 1 added: +79160000001 of anna")
            #expect(await refusal(PhoneCommand.self, "add anna 89160000001", session) == .refused("number is taken"))
            #expect(await refusal(PhoneCommand.self, "add boris 1", session) == .refused("there is no user \"boris\""))
            #expect(try await run(PhoneCommand.self, "list", session).contains("anna   +79160000001  mobile  yes"))
            #expect(try await run(PhoneCommand.self, "remove 1", session) == "phone 1 removed")
            #expect(await refusal(PhoneCommand.self, "remove 1", session) == .refused("there is no phone 1"))

            #expect(try await run(LineCommand.self, "add +74951234567 --rk РК1", session) == "line +74951234567 added")
            #expect(await refusal(LineCommand.self, "add 84951234567", session) == .refused("number is taken"))
            #expect(try await run(LineCommand.self, "list --json", session).contains("\"rk\":\"РК1\""))
            #expect(try await run(LineCommand.self, "remove 84951234567", session) == "line +74951234567 removed")

            let company = "add Окна --inn 1234567890 --phone +74951234567 --phone +74951234568"
            #expect(try await run(CompanyCommand.self, company, session) == "company 1 added: Окна")
            #expect(await refusal(CompanyCommand.self, company, session) == .refused("companies.inn is taken"))
            #expect(await refusal(CompanyCommand.self, "add X --inn 1", session) == .refused("inn is no valid inn"))
            #expect(try await run(CompanyCommand.self, "list окн", session).contains("+74951234567, +74951234568"))
            #expect(try await run(CompanyCommand.self, "list none --json", session) == "[]")
            #expect(try await run(CompanyCommand.self, "remove 1", session) == "company 1 removed")
            #expect(await refusal(CompanyCommand.self, "remove x", session) == .usage("ID is a number"))
        }
    }

    @Test func `a trunk is described on one line`() async throws {
        try await session(typed: "s3cret") { session in
            let line = """
                add carrier --target sip.example:5061/tls --target [2001:db8::1]:5070 --username 7495 --no-register \
                --source 10.0.0.0/8 --accepts +7* --rewrite 8*=+7 --priority 5 --channels 30 --encryption required
                """
            #expect(try await run(TrunkCommand.self, line, session) == "trunk carrier added")
            let trunk = try #require(try await session.store.roster().trunk(named: "carrier"))
            #expect(trunk.targets.map(\.description) == ["sip.example:5061 over tls", "[2001:db8::1]:5070"])
            #expect(trunk.credentials == [TrunkCredentials(username: "7495", password: "s3cret", registers: false)])
            #expect(trunk.numbers.outgoingCalled.rewrite("84951234567") == "+74951234567")
            #expect((trunk.priority, trunk.maximumChannels) == (5, 30))
            #expect(trunk.session.encryption == .required)
            let list = try await run(TrunkCommand.self, "list --json", session)
            #expect(!list.contains("s3cret") && list.contains("\"default\""))
            _ = try await run(RouteCommand.self, "add * trunk:carrier/+7 --trunk default", session)
            #expect(
                await refusal(TrunkCommand.self, "remove carrier", session)
                    == .refused("trunk carrier is used by route 1"))
            #expect(
                await refusal(TrunkCommand.self, "remove default", session)
                    == .refused("trunk default is the one of SIP_SERVER"))
            #expect(
                await refusal(TrunkCommand.self, "add x --target h:99999", session)
                    == .refused("targets[0].port must be between 1 and 65535"))
            #expect(await refusal(TrunkCommand.self, "add x --settings {", session) != nil)
        }
    }

    @Test func `routes and queues name users by login`() async throws {
        try await session { session in
            _ = try await run(UserCommand.self, "add anna --extension 1001", session)
            _ = try await run(
                QueueCommand.self,
                "add sales --extension 700 --strategy round-robin --member anna --overflow user:anna",
                session)
            #expect(try await run(QueueCommand.self, "pause sales anna", session) == "anna rests in queue sales")
            #expect(try await run(QueueCommand.self, "list", session).contains("anna (paused)"))
            _ = try await run(QueueCommand.self, "pause sales anna --off", session)
            _ = try await run(RouteCommand.self, "add +7495* queue:sales", session)
            _ = try await run(RouteCommand.self, "add 100 user:anna", session)
            #expect(try await run(RouteCommand.self, "list", session).contains("user:anna"))
            #expect(await refusal(QueueCommand.self, "remove sales", session) != nil)
            #expect(await refusal(UserCommand.self, "remove anna", session) != nil)
            #expect(await refusal(RouteCommand.self, "add 1 queue:none", session) != nil)
            #expect(await refusal(RouteCommand.self, "add 1 nowhere", session) != nil)
            #expect(await refusal(RouteCommand.self, "remove 9", session) == .refused("there is no route 9"))
            #expect(await refusal(RouteCommand.self, "sell 9", session) == .usage("there is no \"sell\" here"))
            #expect(try await run(RouteCommand.self, "remove 1", session) == "route 1 removed")
            #expect(try await run(QueueCommand.self, "remove sales", session) == "queue sales removed")
        }
    }

    @Test func `users get passwords that fit, and the last administrator stays`() async throws {
        try await session { session in
            _ = try await run(
                UserCommand.self,
                #"add boss --role admin --password longenough --settings {"limits":{"callsPerHour":9}}"#,
                session)
            let boss = try #require(try await session.store.credentials(login: "boss"))
            #expect(PasswordHash.verify("longenough", against: boss.passwordHash ?? ""))
            #expect(try await session.store.roster().tollLimits(ofUser: boss.user.id).callsPerHour == 9)
            let changed = try await run(UserCommand.self, "password boss", session)
            let password = try #require(changed.split(separator: " ").last.map(String.init))
            let hash = try await session.store.credentials(login: "boss")?.passwordHash
            #expect(PasswordHash.verify(password, against: hash ?? ""))
            #expect(
                await refusal(UserCommand.self, "remove boss", session)
                    == .refused("boss is the last administrator"))
            #expect(await refusal(UserCommand.self, "add boss", session) != nil)
            #expect(await refusal(UserCommand.self, "add eva --password -", session) != nil)
            #expect(try await run(UserCommand.self, "list", session).contains("admin"))
        }
    }
}
