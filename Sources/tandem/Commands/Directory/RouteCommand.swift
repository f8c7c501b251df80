import Directory
import Store
import Wire

/// `tandem route`: where calls from trunks go.
enum RouteCommand: DirectoryCommand {
    static let help = """
        tandem route add NUMBER DESTINATION [--trunk NAME]
        tandem route list [--json]
        tandem route remove ID

        NUMBER is a number, a prefix such as +7495*, an expression such as /2\\d\\d/, or * for any.
        DESTINATION is user:LOGIN, extension:N, queue:NAME, trunk:NAME or trunk:NAME/NUMBER.
        """

    static let verbs: [String: Verb] = ["add": add, "list": list, "remove": remove]

    private static func add(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let arguments = try Arguments(words, options: ["--trunk"])
        let names = try arguments.exactly("NUMBER", "DESTINATION")
        let roster = try await session.roster()
        let destination = try session.destination(names[1], in: roster)
        let form = Form([
            "number": .string(names[0]), "destination": destination.json,
            "trunk": JSONValue(arguments.value("--trunk")),
        ])
        let route = InboundRoute(form)
        form.check(route, in: roster)
        try session.finish(form)
        let stored = try await session.stored { () throws(StoreError) in try await session.store.add(route) }
        return "route \(stored.id) added: \(stored.number) to \(stored.destination)"
    }

    private static func list(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let arguments = try Arguments(words, flags: ["--json"])
        _ = try arguments.exactly()
        let roster = try await session.roster()
        var table = TextTable("ID", "TRUNK", "NUMBER", "DESTINATION")
        for route in roster.routes {
            table.rows.append([
                "\(route.id)", route.trunk ?? "any", "\(route.number)", name(of: route.destination, roster),
            ])
        }
        return session.list(table, roster.routes.compactMap(\.json.objectValue), arguments)
    }

    private static func name(of destination: Destination, _ roster: Roster) -> String {
        guard case .user(let id) = destination, let login = roster.users[id]?.login else { return "\(destination)" }
        return "user:\(login)"
    }

    private static func remove(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let id = try session.number(try Arguments(words).exactly("ID")[0])
        let isRemoved = try await session.stored { () throws(StoreError) in try await session.store.removeRoute(id: id)
        }
        guard isRemoved else { throw .refused("there is no route \(id)") }
        return "route \(id) removed"
    }
}
