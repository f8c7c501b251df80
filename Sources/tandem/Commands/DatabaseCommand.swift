import Directory
import Glibc
import Store
import Wire

/// `tandem db`: what is done to the store as a whole.
enum DatabaseCommand {
    static let help = """
        tandem db status          say what is in the database, and whether its schema is the newest
        tandem db migrate         bring the schema up to date
        tandem db copy FROM TO    copy everything into an empty database, with no gateway running; how
                                  far it is goes to standard error

        tandem db import FROM     take over operators, lines and calls of the call service or the Mango webhook of a CRM
                                  whose PostgreSQL is FROM, with no gateway running; again: what has come since

        FROM and TO are sqlite:PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME.
        """

    static func main(_ words: [String]) {
        let configuration = Program.configuration()
        do throws(StoreError) {
            switch words.first {
            case "status" where words.count == 1: print(try status(configuration.storeLocation))
            case "migrate" where words.count == 1:
                let tools = try DatabaseTools(configuration.storeLocation)
                try tools.migrate()
                let status = try tools.status()
                print("\(status.place) has schema \(status.version)")
            case "copy" where words.count == 3: print(try copy(words[1], words[2], configuration))
            case "import" where words.count == 2: print(try takeOver(words[1], configuration))
            case nil, "help", "--help", "-h":
                print(help)
                exit(words.isEmpty ? Program.Failure.usage.rawValue : 0)
            default: Program.fail(.usage, "there is no \"\(words.joined(separator: " "))\" here\n\n\(help)")
            }
        } catch {
            let verbs = ["copy", "import"]
            let place = words.first.flatMap { verbs.contains($0) ? "tandem db \($0)" : nil }
            let error = StartError.store(error, place ?? configuration.storeVariable)
            Program.fail(error.failure, error.description)
        }
    }

    private static func status(_ location: StoreLocation) throws(StoreError) -> String {
        let status = try DatabaseTools(location).status()
        let isNewest = status.version == status.newest ? "the newest" : "of \(status.newest): run tandem db migrate"
        let rows = status.rows.map { "  \($0.table) \($0.count)" }
        return (["\(status.place)", "schema \(status.version), \(isNewest)"] + rows).joined(separator: "\n")
    }

    private static func copy(
        _ source: String, _ target: String, _ configuration: Configuration
    ) throws(StoreError) -> String {
        let copied = try DatabaseTools(location(source, configuration)).copy(
            to: DatabaseTools(location(target, configuration)), progress: Program.say)
        return copied.filter { $0.count > 0 }.map { "\($0.table) \($0.count)" }.joined(separator: "\n")
    }

    private static func takeOver(_ source: String, _ configuration: Configuration) throws(StoreError) -> String {
        guard let address = PostgresAddress(url: source) else {
            // A password may be in it, so it is not repeated.
            Program.fail(.usage, "FROM names no PostgreSQL database\n\n\(help)")
        }
        let report = try DatabaseTools(configuration.storeLocation).takeOver(from: address)
        guard !report.tables.isEmpty else {
            Program.fail(.refused, "FROM has none of the tables \(report.missing.joined(separator: ", "))")
        }
        return (report.tables.flatMap(lines) + report.missing.map { "\($0) is not there" }).joined(separator: "\n")
    }

    private static func lines(of table: ImportReport.Table) -> [String] {
        let numbers = table.renumbered > 0 ? ", under new numbers \(table.renumbered)" : ""
        let counts = "taken \(table.taken)\(numbers), there already \(table.known), skipped \(table.skipped)"
        return ["\(table.name): \(counts)"] + table.reasons.map { "  skipped \($0)" }
    }

    private static func location(_ url: String, _ configuration: Configuration) -> StoreLocation {
        let outbox = OutboxSettings(
            folder: configuration.service.dataFolder, megabytes: configuration.service.outboxLimit)
        guard let location = StoreLocation(url: url, outbox: outbox) else {
            // A password may be in it, so it is not repeated.
            Program.fail(.usage, "FROM or TO names no database that can be used\n\n\(help)")
        }
        return location
    }
}
