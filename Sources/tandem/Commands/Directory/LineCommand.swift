import Directory
import Store
import Wire

/// `tandem line`: the numbers that customers dial, and what each was advertised for.
enum LineCommand: DirectoryCommand {
    static let help = """
        tandem line add NUMBER [--rk CAMPAIGN] [--city CITY] [--avito-name NAME]
        tandem line list [--json]
        tandem line remove NUMBER
        """

    static let verbs: [String: Verb] = ["add": add, "list": list, "remove": remove]

    private static func add(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let names = [("--rk", "rk"), ("--city", "city"), ("--avito-name", "avitoName")]
        let arguments = try Arguments(words, options: Set(names.map(\.0)))
        var object: JSONObject = ["number": .string(try arguments.exactly("NUMBER")[0])]
        for (option, name) in names { object.appendIfPresent(name, JSONValue(arguments.value(option))) }
        let form = Form(object)
        let line = PhoneLine(form)
        form.check(line, in: try await session.roster())
        try session.finish(form)
        _ = try await session.stored { () throws(StoreError) in try await session.store.add(line) }
        return "line \(line.number) added"
    }

    private static func list(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let arguments = try Arguments(words, flags: ["--json"])
        _ = try arguments.exactly()
        let lines = try await session.roster().lines
        var table = TextTable("NUMBER", "RK", "CITY", "AVITO NAME")
        for line in lines {
            table.rows.append([line.number, line.campaign ?? "-", line.city ?? "-", line.avitoName ?? "-"])
        }
        return session.list(table, lines.map(\.json), arguments)
    }

    private static func remove(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let number = try Arguments(words).exactly("NUMBER")[0]
        guard let line = try await session.roster().line(number: number) else {
            throw .refused("there is no line \(number)")
        }
        _ = try await session.stored { () throws(StoreError) in try await session.store.removeLine(id: line.id) }
        return "line \(line.number) removed"
    }
}
