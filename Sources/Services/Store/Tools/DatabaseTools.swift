package import Directory
import Glibc
import Reactor
import Wire

/// What is done to a database as a whole, while no gateway uses it.
package struct DatabaseTools {
    package struct Status: Sendable {
        /// The file or the server.
        package let place: String
        /// The newest step of the schema that was applied, and the newest there is.
        package let version: Int
        package let newest: Int
        /// Rows by table, the fuller tables first.
        package let rows: [(table: String, count: Int)]
    }

    private let location: StoreLocation
    private let database: Database

    /// Opens the database, as it is.
    package init(_ location: StoreLocation) throws(StoreError) {
        self.location = location
        if case .server(let address, _) = location {
            database = try PostgresLink.open(address)
        } else {
            database = Database(.sqlite(try SQLiteConnection(path: try location.prepare())))
        }
    }

    package func status() throws(StoreError) -> Status {
        try failing { () throws(SQLFailure) in
            let tables = try database.tables()
            let version = tables.isEmpty ? 0 : try database.schemaVersion()
            var rows: [(String, Int)] = []
            for table in tables {
                rows.append((table, Int(try database.integer("SELECT count(*) FROM \(table)") ?? 0)))
            }
            return Status(
                place: database.place, version: version, newest: Migration.all.last?.version ?? 0,
                rows: rows.sorted { $0.1 > $1.1 })
        }
    }

    /// A setting, and the user whom `find` picks from all; neither in an empty database.
    ///
    /// Nothing is written: a gateway may run meanwhile.
    package func look(
        up setting: String, _ find: ([User]) -> User?
    ) throws(StoreError) -> (setting: String?, user: User?) {
        try failing { () throws(SQLFailure) in
            guard try database.tables().contains("users") else { return (nil, nil) }
            return (try SettingsTable.value(setting, in: database), find(try UserTable.read(database)))
        }
    }

    /// Brings the schema up to date.
    package func migrate() throws(StoreError) { try database.migrate(at: SystemClock.wallTime()) }

    /// Copies everything into a database that is empty, in one transaction, with the key of its passwords; answers how many
    /// rows went into each table.
    ///
    /// `progress` is told how far it is.
    package func copy(
        to target: DatabaseTools, progress: @escaping (String) -> Void = { _ in }
    ) throws(StoreError) -> [(table: String, count: Int)] {
        try refuseWaiting()
        try target.refuseWaiting()
        try migrate()
        try target.migrate()
        let copy = DatabaseCopy(from: database, to: target.database, progress: progress)
        let copied = try target.failing { () throws(SQLFailure) in
            try target.database.transaction { () throws(SQLFailure) in try copy.run() }
        }
        if let key = location.keyPath, let targetKey = target.location.keyPath {
            try KeyFile(path: key).copy(to: KeyFile(path: targetKey))
        }
        return copied
    }

    /// Takes over the tables of another service at this address, in one transaction; see `ServiceImport`.
    package func takeOver(from address: PostgresAddress) throws(StoreError) -> ImportReport {
        try refuseWaiting()
        let source = try PostgresLink.open(address)
        try migrate()
        return try failing { () throws(SQLFailure) in
            var importing = ServiceImport(from: source, to: database)
            if try importing.isOwnKind {
                throw SQLFailure(.other, message: "FROM is a database of this program; tandem db copy copies it")
            }
            return try database.named { () throws(SQLFailure) in
                try database.transaction { () throws(SQLFailure) in try importing.run() }
            }
        }
    }

    /// What waits for a server is part of what is there: it would be missing from a copy, or come upon numbers that are
    /// taken.
    private func refuseWaiting() throws(StoreError) {
        guard case .server(let address, let settings) = location, access(settings.path, F_OK) == 0 else { return }
        let outbox = try Outbox(path: settings.path, megabytes: settings.megabytes)
        guard outbox.count == 0, outbox.eventCounts.waiting == 0 else {
            let waiting = "\(settings.path) has changes that wait for \(address)"
            throw .refused(reason: "\(waiting); start the gateway once, until they are written")
        }
    }

    private func failing<Value>(_ body: () throws(SQLFailure) -> Value) throws(StoreError) -> Value {
        do throws(SQLFailure) {
            return try body()
        } catch {
            throw error.storeError(database.place)
        }
    }
}
