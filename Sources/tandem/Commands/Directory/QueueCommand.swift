import Directory
import Store
import Wire

/// `tandem queue`: callers that wait, and who takes them.
enum QueueCommand: DirectoryCommand {
    static let help = """
        tandem queue add NAME [--extension N] [--strategy ring-all|round-robin|least-recent] [--member LOGIN ...]
            [--overflow DESTINATION] [--settings JSON]
        tandem queue list [--json]
        tandem queue remove NAME
        tandem queue pause NAME LOGIN [--off]

        --settings takes every field of POST /api/v1/admin/queues. A NAME is not of digits alone.
        """

    static let verbs: [String: Verb] = ["add": add, "list": list, "remove": remove, "pause": pause]

    private static func add(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let options: Set = ["--extension", "--strategy", "--member", "--overflow", "--settings"]
        let arguments = try Arguments(words, options: options)
        let roster = try await session.roster()
        var object = try session.settings(arguments)
        object["name"] = .string(try arguments.exactly("NAME")[0])
        for (option, name) in [("--extension", "extension"), ("--strategy", "strategy")] {
            if let value = arguments.value(option) { object[name] = .string(value) }
        }
        if let overflow = arguments.value("--overflow") {
            object["overflow"] = try session.destination(overflow, in: roster).json
        }
        var members: [JSONValue] = []
        for login in arguments.values("--member") {
            members.append(["userId": .integer(try session.user(login, in: roster).id)])
        }
        if !members.isEmpty { object["members"] = .array(members) }
        let form = Form(object)
        let queue = CallQueue(form)
        form.check(queue, in: roster)
        try session.finish(form)
        _ = try await session.stored { () throws(StoreError) in try await session.store.add(queue) }
        return "queue \(queue.name) added"
    }

    private static func list(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let arguments = try Arguments(words, flags: ["--json"])
        _ = try arguments.exactly()
        let roster = try await session.roster()
        var table = TextTable("NAME", "EXTENSION", "STRATEGY", "MEMBERS", "OVERFLOW")
        for queue in roster.queues {
            let members = queue.members.map { member in
                let login = roster.users[member.userID]?.login ?? "\(member.userID)"
                return member.isPaused ? "\(login) (paused)" : login
            }
            table.rows.append([
                queue.name, queue.extension ?? "-", queue.strategy.rawValue,
                members.isEmpty ? "-" : members.joined(separator: ", "), queue.overflow.map { "\($0)" } ?? "-",
            ])
        }
        return session.list(table, roster.queues.compactMap(\.json.objectValue), arguments)
    }

    private static func remove(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let name = try Arguments(words).exactly("NAME")[0]
        let roster = try await session.roster()
        guard let queue = roster.queue(named: name) else { throw .refused("there is no queue \(name)") }
        let users = roster.references { $0 == .queue(name) }.filter { $0 != "queue \(name)" }
        guard users.isEmpty else { throw .refused("queue \(name) is used by \(users.joined(separator: ", "))") }
        _ = try await session.stored { () throws(StoreError) in try await session.store.removeQueue(id: queue.id) }
        return "queue \(name) removed"
    }

    private static func pause(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let arguments = try Arguments(words, flags: ["--off"])
        let names = try arguments.exactly("NAME", "LOGIN")
        let roster = try await session.roster()
        guard let queue = roster.queue(named: names[0]) else { throw .refused("there is no queue \(names[0])") }
        let user = try session.user(names[1], in: roster)
        guard queue.members.contains(where: { $0.userID == user.id }) else {
            throw .refused("\(names[1]) is no member of queue \(names[0])")
        }
        let member = QueueMember(userID: user.id, isPaused: !arguments.has("--off"))
        _ = try await session.stored { () throws(StoreError) in
            try await session.store.setMember(member, ofQueue: queue.id)
        }
        return "\(names[1]) \(member.isPaused ? "rests in" : "is back in") queue \(names[0])"
    }
}
