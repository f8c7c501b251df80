import Directory
import Glibc
import Store
import Wire

/// A command that reads or changes the directory in the store's file; a running gateway follows within two seconds.
protocol DirectoryCommand {
    static var help: String { get }
    /// What it can do, by the first word.
    static var verbs: [String: Verb] { get }
}

extension DirectoryCommand {
    /// Does what the words after the first say, and answers what to print.
    typealias Verb = @Sendable (ArraySlice<String>, DirectorySession) async throws(CommandError) -> String
}

extension DirectoryCommand {
    /// Runs the command on the store of the environment and ends the program with 0, 1 or 64.
    static func main(_ words: [String]) async {
        guard let first = words.first, !["help", "--help", "-h"].contains(first) else {
            print(help)
            exit(words.isEmpty ? Program.Failure.usage.rawValue : 0)
        }
        let configuration = Program.configuration()
        let session: DirectorySession
        do throws(StoreError) {
            session = try DirectorySession(configuration)
        } catch {
            let error = StartError.store(error, configuration.storeVariable)
            Program.fail(error.failure, error.description)
        }
        do throws(CommandError) {
            let text = try await run(words, in: session)
            await session.store.close()
            if !text.isEmpty { print(text) }
        } catch {
            await session.store.close()
            switch error {
            case .usage(let problem): Program.fail(.usage, "\(problem)\n\n\(help)")
            case .refused(let problem): Program.fail(.refused, problem)
            }
        }
    }

    /// Does what the words say and answers what to print.
    static func run(_ words: [String], in session: DirectorySession) async throws(CommandError) -> String {
        guard let verb = verbs[words[0]] else { throw .usage("there is no \"\(words[0])\" here") }
        return try await verb(words.dropFirst(), session)
    }
}

/// What such a command works with: the store, and what the environment adds to it.
struct DirectorySession {
    let store: SQLStore
    private let accounts: [SIPAccount]
    private let trunks: [Trunk]
    let password: PasswordSource

    init(_ configuration: Configuration) throws(StoreError) {
        self.init(
            store: try SQLStore(configuration.storeLocation), accounts: configuration.sip.users,
            trunks: configuration.sip.trunk.map { [$0] } ?? [])
    }

    init(
        store: SQLStore, accounts: [SIPAccount] = [], trunks: [Trunk] = [],
        password: PasswordSource = PasswordSource()
    ) {
        (self.store, self.accounts, self.trunks) = (store, accounts, trunks)
        self.password = password
    }

    func roster() async throws(CommandError) -> Roster {
        try await stored { () throws(StoreError) in try await store.roster().adding(accounts).adding(trunks) }
    }

    /// Asks the store, with its refusals in words.
    func stored<Value>(_ body: () async throws(StoreError) -> Value) async throws(CommandError) -> Value {
        do throws(StoreError) {
            return try await body()
        } catch {
            if case .conflict(let column) = error { throw .refused("\(column) is taken") }
            throw .refused("the store refuses: \(error)")
        }
    }

    /// Ends the reading of a form, with everything wrong in one message.
    func finish(_ form: Form) throws(CommandError) {
        do throws(FieldProblems) {
            try form.finish()
        } catch {
            throw .refused(error.lines.joined(separator: "\n        "))
        }
    }

    /// A user by login or by number.
    func user(_ name: String, in roster: Roster) throws(CommandError) -> User {
        let byID = ASCII.decimal(name.utf8, maximumDigits: 18).flatMap { roster.users[Int64($0)] }
        guard let user = roster.users.values.first(where: { $0.login == name }) ?? byID else {
            throw .refused("there is no user \"\(name)\"")
        }
        return user
    }

    /// A destination, in which a user may be named by login.
    func destination(_ text: String, in roster: Roster) throws(CommandError) -> Destination {
        if text.hasPrefix("user:") { return .user(try user(String(text.dropFirst(5)), in: roster).id) }
        do throws(FieldProblem) {
            return try Destination(text)
        } catch {
            throw .usage("\"\(text)\" is no destination; write user:LOGIN, extension:N, queue:NAME or trunk:NAME[/N]")
        }
    }

    /// The number of something, as lists show it.
    func number(_ text: String) throws(CommandError) -> Int64 {
        guard let id = ASCII.decimal(text.utf8, maximumDigits: 18) else { throw .usage("ID is a number") }
        return Int64(id)
    }

    /// The members of `--settings`, a JSON object with the fields of the REST interface.
    func settings(_ arguments: Arguments) throws(CommandError) -> JSONObject {
        guard let text = arguments.value("--settings") else { return JSONObject() }
        guard let object = (try? JSONValue(parsing: Array(text.utf8)))?.objectValue else {
            throw .usage("--settings takes a JSON object")
        }
        return object
    }

    /// What a list prints: a table, or JSON for programs.
    func list(_ table: TextTable, _ values: [JSONObject], _ arguments: Arguments) -> String {
        arguments.has("--json") ? JSONValue.array(values.map(JSONValue.object)).text : table.description
    }
}
