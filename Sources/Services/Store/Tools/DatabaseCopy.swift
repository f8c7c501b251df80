import Wire

/// Everything of one database on its way into another that is empty.
///
/// What the database makes of its rows by itself, its indexes, sums and words, is made when all rows are there. It is all
/// one transaction of the target's: a copy that ends in the middle leaves nothing.
struct DatabaseCopy {
    private let source: Database
    private let target: Database
    private let progress: (String) -> Void

    /// After how many rows of a table the next word is said.
    private static let step = 100_000

    init(from source: Database, to target: Database, progress: @escaping (String) -> Void) {
        (self.source, self.target, self.progress) = (source, target, progress)
    }

    /// Answers how many rows went into each table that got any.
    func run() throws(SQLFailure) -> [(table: String, count: Int)] {
        let present = try target.integer(
            "SELECT count(*) FROM (SELECT id FROM users UNION ALL SELECT id FROM calls) AS found")
        guard present == 0 else {
            throw SQLFailure(.other, message: "there are users or calls already; name an empty database")
        }
        let known = Set(try target.tables())
        var tables: [String] = []
        for table in try source.tables() where known.contains(table) {
            if try !source.isEmpty(table) { tables.append(table) }
        }
        let deferred = try DeferredSchema(of: tables, in: target)
        try deferred.drop()
        var copied: [(table: String, count: Int)] = []
        for table in tables { copied.append((table, try copy(table))) }
        progress("sums of calls")
        try target.execute(Schema.sumFilling(target.dialect))
        try deferred.make(progress)
        progress("texts of calls")
        try target.execute(Schema.wordRefilling(target.dialect))
        if target.dialect == .postgres {
            // Without it, the first lists would be planned as for empty tables.
            for table in tables + Schema.sumTables { try target.execute("ANALYZE \(table)") }
        }
        return copied
    }

    private func copy(_ table: String) throws(SQLFailure) -> Int {
        let (own, others) = (try source.columns(of: table), try target.columns(of: table))
        // PostgreSQL knows more of a column than SQLite does.
        let columns = own.keys.sorted().compactMap { name in
            others[name].map { CopiedColumn(name: name, kind: target.dialect == .postgres ? $0 : own[name] ?? $0) }
        }
        let count = try write(columns, of: table)
        if target.dialect == .postgres, others["id"] == .integer {
            try target.run(
                "SELECT setval(pg_get_serial_sequence(?, 'id'), max(id)) FROM \(table) HAVING max(id) > 0",
                [.text(table)])
        }
        return count
    }

    private func write(_ columns: [CopiedColumn], of table: String) throws(SQLFailure) -> Int {
        let names = columns.map(\.name).joined(separator: ", ")
        guard case .postgres(let connection) = target.engine else {
            let places = columns.map { _ in "?" }.joined(separator: ", ")
            let insertion = FixedSQL("INSERT INTO \(table) (\(names)) VALUES (\(places))")
            return try read(columns, of: table) { (values) throws(SQLFailure) in try target.run(insertion, values) }
        }
        // Rows of a table that was made empty in the same transaction need not be looked at again by the server, and can be
        // read from indexes alone at once.
        let isEmpty = try target.isEmpty(table)
        if isEmpty { try target.execute("TRUNCATE \(table)") }
        var count = 0
        try connection.copy("COPY \(table) (\(names)) FROM STDIN\(isEmpty ? " (FREEZE)" : "")") {
            (add) throws(SQLFailure) in count = try read(columns, of: table, each: add)
        }
        return count
    }

    private func read(
        _ columns: [CopiedColumn], of table: String, each: ([SQLValue]) throws(SQLFailure) -> Void
    ) throws(SQLFailure) -> Int {
        let names = columns.map(\.name).joined(separator: ", ")
        var count = 0
        try source.scan("SELECT \(names) FROM \(table)") { row in
            columns.enumerated().map { $1.value(row, Int32($0)) }
        } each: { (values) throws(SQLFailure) in
            try each(values)
            count += 1
            if count.isMultiple(of: Self.step) { progress("\(table) \(count)") }
        }
        return count
    }
}

extension Database {
    fileprivate func isEmpty(_ table: String) throws(SQLFailure) -> Bool {
        try integer("SELECT count(*) FROM (SELECT 1 FROM \(table) LIMIT 1) AS found") == 0
    }

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
