import Crypto
import Directory
import Store
import Wire

/// `tandem user`: who may log in.
enum UserCommand: DirectoryCommand {
    static let help = """
        tandem user add LOGIN [--password WORD|-] [--name NAME] [--role admin|operator|director|master]
            [--extension N] [--email ADDRESS] [--settings JSON]
        tandem user list [--json]
        tandem user remove LOGIN
        tandem user password LOGIN [--password WORD|-]

        A password of "-" is read from standard input; without one it is made, and printed once.
        --settings takes every field of POST /api/v1/admin/users, such as limits.
        """

    static let verbs: [String: Verb] = ["add": add, "list": list, "remove": remove, "password": changePassword]

    private static func add(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let options: Set = ["--password", "--name", "--role", "--extension", "--email", "--settings"]
        let arguments = try Arguments(words, options: options)
        let login = try arguments.exactly("LOGIN")[0]
        let roster = try await session.roster()
        let password = try session.password.password(arguments)
        var object = try session.settings(arguments)
        (object["login"], object["password"]) = (.string(login), .string(password.text))
        for (option, name) in [
            ("--name", "name"), ("--role", "role"), ("--extension", "extension"), ("--email", "email"),
        ] {
            if let value = arguments.value(option) { object[name] = .string(value) }
        }
        let form = Form(object)
        let user = User(form)
        var limits = TollLimits()
        form.object("limits") { limits.apply($0) }
        _ = form.password()
        form.check(user, in: roster)
        try session.finish(form)
        let (hash, wanted) = (hash(password), limits)
        try await session.stored { () throws(StoreError) in
            _ = try await session.store.add(user, passwordHash: hash, limits: wanted)
        }
        return "user \(login) added" + (password.isGenerated ? ", password \(password.text)" : "")
    }

    private static func list(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let arguments = try Arguments(words, flags: ["--json"])
        _ = try arguments.exactly()
        let roster = try await session.roster()
        let users = roster.users.values.sorted { $0.id < $1.id }
        var table = TextTable("ID", "LOGIN", "NAME", "ROLE", "EXTENSION", "STATUS")
        for user in users {
            table.rows.append([
                "\(user.id)", user.login ?? "-", user.displayName, user.role.rawValue, user.extension ?? "-",
                user.status.rawValue,
            ])
        }
        return session.list(table, users.map { $0.json(limits: roster.tollLimits(ofUser: $0.id)) }, arguments)
    }

    private static func remove(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let login = try Arguments(words).exactly("LOGIN")[0]
        let roster = try await session.roster()
        let user = try session.user(login, in: roster)
        let isLast = roster.keepsAdministrator(without: 0) && !roster.keepsAdministrator(without: user.id)
        guard !isLast else { throw .refused("\(login) is the last administrator") }
        let users = roster.references { $0 == .user(user.id) }
        guard users.isEmpty else { throw .refused("\(login) is used by \(users.joined(separator: ", "))") }
        _ = try await session.stored { () throws(StoreError) in try await session.store.removeUser(id: user.id) }
        return "user \(login) removed"
    }

    private static func changePassword(_ words: ArraySlice<String>, _ session: DirectorySession)
        async throws(CommandError) -> String
    {
        let arguments = try Arguments(words, options: ["--password"])
        let login = try arguments.exactly("LOGIN")[0]
        let user = try session.user(login, in: try await session.roster())
        let password = try session.password.password(arguments)
        let form = Form(["password": .string(password.text)])
        _ = form.password()
        try session.finish(form)
        let hash = hash(password)
        try await session.stored { () throws(StoreError) in
            try await session.store.setPasswordHash(hash, ofUser: user.id)
        }
        return "password of \(login) changed" + (password.isGenerated ? ": \(password.text)" : "")
    }

    private static func hash(_ password: PasswordSource.Password) -> String {
        var entropy = Entropy.system
        return PasswordHash.make(password.text, cost: password.isGenerated ? .generated : .chosen, using: &entropy)
    }
}
