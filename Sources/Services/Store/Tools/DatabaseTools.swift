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

    /// Brings the schema up to date.
    package func migrate() throws(StoreError) { try database.migrate(at: SystemClock.wallTime()) }

    /// Copies everything into a database that is empty, in one transaction, with the key of its passwords; answers how many
    /// rows went into each table.
    package func copy(to target: DatabaseTools) throws(StoreError) -> [(table: String, count: Int)] {
        try refuseWaiting()
        try target.refuseWaiting()
        try migrate()
        try target.migrate()
        let copied = try target.failing { () throws(SQLFailure) in
            try target.database.transaction { () throws(SQLFailure) in try copyTables(to: target.database) }
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

    private func copyTables(to target: Database) throws(SQLFailure) -> [(table: String, count: Int)] {
        let present = try target.integer(
            "SELECT count(*) FROM (SELECT id FROM users UNION ALL SELECT id FROM calls) AS found")
        guard present == 0 else {
            throw SQLFailure(.other, message: "there are users or calls already; name an empty database")
        }
        var copied: [(String, Int)] = []
        let tables = Set(try target.tables())
        for table in try database.tables() where tables.contains(table) {
            copied.append((table, try copy(table, to: target)))
        }
        return copied
    }

    private func copy(_ table: String, to target: Database) throws(SQLFailure) -> Int {
        let (own, others) = (try database.columns(of: table), try target.columns(of: table))
        // PostgreSQL knows more of a column than SQLite does.
        let columns = own.keys.sorted().compactMap { name in
            others[name].map { CopiedColumn(name: name, kind: target.dialect == .postgres ? $0 : own[name] ?? $0) }
        }
        let names = columns.map(\.name).joined(separator: ", ")
        let places = columns.map { _ in "?" }.joined(separator: ", ")
        let insertion = FixedSQL("INSERT INTO \(table) (\(names)) VALUES (\(places))")
        var count = 0
        try database.scan("SELECT \(names) FROM \(table)") { row in
            columns.enumerated().map { $1.value(row, Int32($0)) }
        } each: { (values) throws(SQLFailure) in
            try target.run(insertion, values)
            count += 1
        }
        if target.dialect == .postgres, others["id"] == .integer {
            try target.run(
                "SELECT setval(pg_get_serial_sequence(?, 'id'), max(id)) FROM \(table) HAVING max(id) > 0",
                [.text(table)])
        }
        return count
    }

    private func failing<Value>(_ body: () throws(SQLFailure) -> Value) throws(StoreError) -> Value {
        do throws(SQLFailure) {
            return try body()
        } catch {
            throw error.storeError(database.place)
        }
    }
}

extension Database {
    /// Reads a statement's rows some at a time, so that a table need not fit into memory.
    func scan<Value>(
        _ sql: String, read: (borrowing SQLRow) -> Value, each: (Value) throws(SQLFailure) -> Void
    ) throws(SQLFailure) {
        guard case .postgres = engine else {
            var failure: SQLFailure?
            _ = try query(sql) { row in
                guard failure == nil else { return }
                do throws(SQLFailure) { try each(read(row)) } catch { failure = error }
            }
            if let failure { throw failure }
            return
        }
        try transaction { () throws(SQLFailure) in
            try execute("DECLARE scan NO SCROLL CURSOR FOR \(sql)")
            while true {
                let values = try query("FETCH 1000 FROM scan", read: read)
                if values.isEmpty { break }
                for value in values { try each(value) }
            }
            try execute("CLOSE scan")
        }
    }
}
