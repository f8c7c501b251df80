import Directory
import Store
import Wire

/// `tandem account`: the phones that may register.
enum AccountCommand: DirectoryCommand {
    static let help = """
        tandem account add EXTENSION [--password WORD|-] [--username NAME] [--name NAME] [--user LOGIN] [--disabled]
        tandem account list [--json]
        tandem account remove EXTENSION

        A password of "-" is read from standard input; without one it is made, and printed once.
        """

    static let verbs: [String: Verb] = ["add": add, "list": list, "remove": remove]

    private static func add(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let options: Set = ["--password", "--username", "--name", "--user"]
        let arguments = try Arguments(words, options: options, flags: ["--disabled"])
        let number = try arguments.exactly("EXTENSION")[0]
        let roster = try await session.roster()
        let password = try session.password.password(arguments)
        var object: JSONObject = [
            "extension": .string(number), "password": .string(password.text),
            "enabled": .bool(!arguments.has("--disabled")),
        ]
        object.appendIfPresent("username", JSONValue(arguments.value("--username")))
        object.appendIfPresent("displayName", JSONValue(arguments.value("--name")))
        if let login = arguments.value("--user") {
            object.append("userId", .integer(try session.user(login, in: roster).id))
        }
        let form = Form(object)
        var account = SIPAccount(form)
        _ = form.password()
        form.check(account, in: roster)
        try session.finish(form)
        account.secret = SIPSecret(digesting: password.text, username: account.username)
        let wanted = account
        let stored = try await session.stored { () throws(StoreError) in try await session.store.add(wanted) }
        let known = password.isGenerated ? ", password \(password.text)" : ""
        return "account \(stored.extension) added: user name \(stored.username)\(known)"
    }

    private static func list(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let arguments = try Arguments(words, flags: ["--json"])
        _ = try arguments.exactly()
        let roster = try await session.roster()
        var table = TextTable("EXTENSION", "USER NAME", "NAME", "USER", "STATE")
        for account in roster.accounts {
            let state = account.isFromEnvironment ? "SIP_USERS" : account.isEnabled ? "enabled" : "disabled"
            let owner = account.userID.flatMap { roster.users[$0] }
            table.rows.append([
                account.extension, account.username, account.displayName, owner?.login ?? "-", state,
            ])
        }
        return session.list(table, roster.accounts.map(\.json), arguments)
    }

    private static func remove(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let number = try Arguments(words).exactly("EXTENSION")[0]
        guard let account = try await session.roster().account(extension: number) else {
            throw .refused("there is no account \(number)")
        }
        guard !account.isFromEnvironment else { throw .refused("account \(number) is one of SIP_USERS") }
        _ = try await session.stored { () throws(StoreError) in try await session.store.removeAccount(id: account.id) }
        return "account \(number) removed"
    }
}
