import Directory
import Store
import Wire

/// `tandem company`: the organisations of those who call.
enum CompanyCommand: DirectoryCommand {
    static let help = """
        tandem company add NAME [--inn DIGITS] [--status WORD] [--phone NUMBER ...] [--settings JSON]
        tandem company list [SEARCH] [--json]
        tandem company remove ID

        --settings takes every field of POST /api/v1/admin/companies, such as phones with their contact persons.
        A list shows the first 500 companies whose name, number or INN has SEARCH in it.
        """
    private static let listed = 500

    static let verbs: [String: Verb] = ["add": add, "list": list, "remove": remove]

    private static func add(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let arguments = try Arguments(words, options: ["--inn", "--status", "--phone", "--settings"])
        var object = try session.settings(arguments)
        object["name"] = .string(try arguments.exactly("NAME")[0])
        for (option, name) in [("--inn", "inn"), ("--status", "status")] {
            if let value = arguments.value(option) { object[name] = .string(value) }
        }
        let phones = arguments.values("--phone").map { JSONValue.object(["number": .string($0)]) }
        if !phones.isEmpty { object["phones"] = .array(phones) }
        let form = Form(object)
        let company = Company(form)
        try session.finish(form)
        let stored = try await session.stored { () throws(StoreError) in try await session.store.add(company) }
        return "company \(stored.id) added: \(stored.name)"
    }

    private static func list(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let arguments = try Arguments(words, flags: ["--json"])
        guard arguments.words.count < 2 else { throw .usage("\"\(arguments.words[1])\" is too much") }
        let query = CompanyQuery(search: arguments.words.first, limit: listed)
        let page = try await session.stored { () throws(StoreError) in
            try await session.store.companies(matching: query)
        }
        var table = TextTable("ID", "NAME", "INN", "STATUS", "PHONES")
        for company in page.items {
            let phones = company.phones.map(\.number).joined(separator: ", ")
            table.rows.append([
                "\(company.id)", company.name, company.inn ?? "-", company.status, phones.isEmpty ? "-" : phones,
            ])
        }
        return session.list(table, page.items.map(\.json), arguments)
    }

    private static func remove(_ words: ArraySlice<String>, _ session: DirectorySession) async throws(CommandError)
        -> String
    {
        let id = try session.number(try Arguments(words).exactly("ID")[0])
        let isRemoved = try await session.stored { () throws(StoreError) in
            try await session.store.removeCompany(id: id)
        }
        guard isRemoved else { throw .refused("there is no company \(id)") }
        return "company \(id) removed"
    }
}
