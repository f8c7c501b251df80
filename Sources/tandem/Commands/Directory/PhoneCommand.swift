import Directory
import Store
import Wire

/// `tandem phone`: where people are reached besides their extensions.
enum PhoneCommand: DirectoryCommand {
    static let help = """
        tandem phone add LOGIN NUMBER [--type work|mobile|extension] [--primary]
        tandem phone list [--json]
        tandem phone remove ID

        A user's primary phone is the first of the list.
        """

    static let verbs: [String: Verb] = ["add": add, "list": list, "remove": remove]

    private static func add(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let arguments = try Arguments(words, options: ["--type"], flags: ["--primary"])
        let names = try arguments.exactly("LOGIN", "NUMBER")
        let roster = try await session.roster()
        let user = try session.user(names[0], in: roster)
        var object: JSONObject = ["number": .string(names[1]), "isPrimary": .bool(arguments.has("--primary"))]
        object.appendIfPresent("type", JSONValue(arguments.value("--type")))
        let form = Form(object)
        let phone = UserPhone(form, ofUser: user.id)
        form.check(phone, in: roster)
        try session.finish(form)
        let stored = try await session.stored { () throws(StoreError) in try await session.store.add(phone) }
        return "phone \(stored.id) added: \(stored.number) of \(names[0])"
    }

    private static func list(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let arguments = try Arguments(words, flags: ["--json"])
        _ = try arguments.exactly()
        let roster = try await session.roster()
        let phones = roster.phones.sorted { $0.key < $1.key }.flatMap(\.value)
        var table = TextTable("ID", "LOGIN", "NUMBER", "TYPE", "PRIMARY")
        for phone in phones {
            let login = roster.users[phone.userID]?.login ?? "\(phone.userID)"
            table.rows.append([
                "\(phone.id)", login, phone.number, phone.kind.rawValue, phone.isPrimary ? "yes" : "-",
            ])
        }
        return session.list(table, phones.map(\.json), arguments)
    }

    private static func remove(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let id = try session.number(try Arguments(words).exactly("ID")[0])
        let isRemoved = try await session.stored { () throws(StoreError) in
            try await session.store.removePhone(id: id)
        }
        guard isRemoved else { throw .refused("there is no phone \(id)") }
        return "phone \(id) removed"
    }
}
