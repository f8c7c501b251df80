import Directory
import Store
import Wire

/// `tandem trunk`: the ways to the telephone network.
enum TrunkCommand: DirectoryCommand {
    static let help = """
        tandem trunk add NAME --target HOST[:PORT][/udp|tcp|tls] ... [--username NAME] [--password WORD|-]
            [--no-register] [--source NETWORK ...] [--accepts PATTERN ...] [--rewrite PATTERN=REPLACEMENT ...]
            [--priority N] [--channels N] [--encryption off|optional|required] [--settings JSON]
        tandem trunk list [--json]
        \(TrunkCheckCommand.help)
        tandem trunk remove NAME

        A pattern is a number, a prefix such as +7495*, an expression such as /8(\\d{10})/, or * for any.
        A carrier's password of "-", or none beside a user name, is read from standard input.
        --settings takes every field of POST /api/v1/admin/trunks. A NAME is not of digits alone.
        """

    private static let options: Set = [
        "--target", "--username", "--password", "--source", "--accepts", "--rewrite", "--priority", "--channels",
        "--encryption", "--settings",
    ]

    static let verbs: [String: Verb] = ["add": add, "list": list, "remove": remove]

    private static func add(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let arguments = try Arguments(words, options: options, flags: ["--no-register"])
        let form = Form(try object(arguments, session))
        let trunk = Trunk(form)
        form.check(trunk, in: try await session.roster())
        try session.finish(form)
        _ = try await session.stored { () throws(StoreError) in try await session.store.add(trunk) }
        return "trunk \(trunk.name) added"
    }

    /// What the line says, as the REST interface would be told; what `--settings` says goes first.
    private static func object(_ arguments: Arguments, _ session: DirectorySession) throws(CommandError) -> JSONObject {
        var object = try session.settings(arguments)
        object["name"] = .string(try arguments.exactly("NAME")[0])
        let targets = arguments.values("--target").map(target)
        if !targets.isEmpty { object["targets"] = .array(targets) }
        if let username = arguments.value("--username") {
            object["credentials"] = [
                [
                    "username": .string(username), "password": .string(try session.password.foreignPassword(arguments)),
                    "registers": .bool(!arguments.has("--no-register")),
                ]
            ]
        }
        let networks = arguments.values("--source")
        if !networks.isEmpty { object["sourceNetworks"] = JSONValue(networks) }
        try addNumbers(arguments, to: &object)
        for (option, name) in [("--priority", "priority"), ("--channels", "maximumChannels")] {
            guard let text = arguments.value(option) else { continue }
            guard let number = Int64(text) else { throw .usage("\(option) takes a number") }
            object[name] = .integer(number)
        }
        if let encryption = arguments.value("--encryption") {
            var session = object["session"]?.objectValue ?? JSONObject()
            session["encryption"] = .string(encryption)
            object["session"] = .object(session)
        }
        return object
    }

    private static func addNumbers(_ arguments: Arguments, to object: inout JSONObject) throws(CommandError) {
        var numbers = object["numbers"]?.objectValue ?? JSONObject()
        let accepts = arguments.values("--accepts")
        if !accepts.isEmpty { numbers["accepts"] = JSONValue(accepts) }
        var rules: [JSONValue] = []
        for rule in arguments.values("--rewrite") {
            guard let place = rule.lastIndex(of: "=") else { throw .usage("--rewrite takes PATTERN=REPLACEMENT") }
            let replacement = String(rule[rule.index(after: place)...])
            rules.append(["match": .string(String(rule[..<place])), "replace": .string(replacement)])
        }
        if !rules.isEmpty { numbers["outgoingCalled"] = .array(rules) }
        if !numbers.members.isEmpty { object["numbers"] = .object(numbers) }
    }

    /// `host`, `host:port`, `[v6]:port`, each with `/transport`.
    private static func target(_ text: String) -> JSONValue {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var host = parts[0]
        var object = JSONObject()
        let isBareV6 = IPAddress(host) != nil
        if !isBareV6, let colon = host.lastIndex(of: ":") {
            let port = String(host[host.index(after: colon)...])
            object.append("port", Int64(port).map(JSONValue.integer) ?? .string(port))
            host = String(host[..<colon])
        }
        object.append("host", .string(host))
        if parts.count == 2 { object.append("transport", .string(parts[1])) }
        return .object(object)
    }

    private static func list(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let arguments = try Arguments(words, flags: ["--json"])
        _ = try arguments.exactly()
        let trunks = try await session.roster().trunks
        var table = TextTable("NAME", "TARGETS", "ACCOUNTS", "PRIORITY", "STATE")
        for trunk in trunks {
            let targets = trunk.targets.map(\.description).joined(separator: ", ")
            let accounts = trunk.credentials.map(\.username).joined(separator: ", ")
            let state = trunk.id == 0 ? "SIP_SERVER" : trunk.isEnabled ? "enabled" : "disabled"
            table.rows.append([trunk.name, targets, accounts.isEmpty ? "-" : accounts, "\(trunk.priority)", state])
        }
        return session.list(table, trunks.map { $0.json() }, arguments)
    }

    private static func remove(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let name = try Arguments(words).exactly("NAME")[0]
        let roster = try await session.roster()
        guard let trunk = roster.trunk(named: name) else { throw .refused("there is no trunk \(name)") }
        guard trunk.id != 0 else { throw .refused("trunk \(name) is the one of SIP_SERVER") }
        let own = roster.routes.filter { $0.trunk == name }.map { "route \($0.id)" }
        let users =
            own
            + roster.references { destination in
                if case .trunk(name, _) = destination { true } else { false }
            }
        guard users.isEmpty else { throw .refused("trunk \(name) is used by \(users.joined(separator: ", "))") }
        _ = try await session.stored { () throws(StoreError) in try await session.store.removeTrunk(id: trunk.id) }
        return "trunk \(name) removed"
    }
}
