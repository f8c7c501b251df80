import Wire

/// One open database of either engine, used by one thread at a time: what the tables are written against.
///
/// Statements are written once, in SQLite's words as far as `Dialect` knows PostgreSQL's for them.
final class Database {
    enum Engine {
        case sqlite(SQLiteConnection)
        case postgres(PostgresConnection)
        /// Nothing is run: the changes are kept until a server takes them.
        case recorder(StatementRecorder)
    }

    let engine: Engine
    /// The gateway that writes here; nil where no other can.
    var node: UUID?
    /// How often companies were changed here.
    var companyChanges: Int64 = 0

    init(_ engine: Engine) { self.engine = engine }

    var dialect: Dialect {
        switch engine {
        case .sqlite: .sqlite
        case .postgres, .recorder: .postgres
        }
    }

    /// The file or the server, as people know it.
    var place: String {
        switch engine {
        case .sqlite(let connection): connection.path
        case .postgres(let connection): "\(connection.address)"
        case .recorder: "the outbox"
        }
    }

    /// Does something where two databases are at work: a failure says that it was this one.
    func named<Value>(_ body: () throws(SQLFailure) -> Value) throws(SQLFailure) -> Value {
        do throws(SQLFailure) {
            return try body()
        } catch {
            var failure = error
            failure.place = failure.place ?? place
            throw failure
        }
    }

    /// Runs a script of statements without parameters, each in the engine's own words.
    func execute(_ script: String) throws(SQLFailure) {
        switch engine {
        case .sqlite(let connection): try connection.execute(script)
        case .postgres(let connection): try connection.execute(script)
        case .recorder: break
        }
    }

    /// Runs one statement and answers how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: [SQLValue] = []) throws(SQLFailure) -> Int {
        switch engine {
        case .sqlite(let connection): try connection.run(sql, values)
        case .postgres(let connection): try connection.run(sql, values)
        case .recorder(let recorder): recorder.add(sql, values)
        }
    }

    /// Runs one of the statements that every call needs, and answers how many rows it changed.
    @discardableResult
    func run(_ sql: FixedSQL, _ values: [SQLValue]) throws(SQLFailure) -> Int {
        switch engine {
        case .sqlite(let connection): try connection.run(sql, values)
        case .postgres(let connection): try connection.run(sql, values)
        case .recorder(let recorder): recorder.add(sql.text, values)
        }
    }

    /// Reads all rows of one statement.
    func query<Value>(
        _ sql: String, _ values: [SQLValue] = [], read: (borrowing SQLRow) -> Value
    ) throws(SQLFailure) -> [Value] {
        var rows: [Value] = []
        switch engine {
        case .sqlite(let connection): try connection.query(sql, values) { rows.append(read($0)) }
        case .postgres(let connection): try connection.query(sql, values) { rows.append(read($0)) }
        case .recorder: break
        }
        return rows
    }

    /// The single integer a statement answers.
    func integer(_ sql: String, _ values: [SQLValue] = []) throws(SQLFailure) -> Int64? {
        try query(sql, values) { $0.integerIfPresent(0) }.first ?? nil
    }

    /// Runs an INSERT of one row into a table with an `id`, and answers the one it got.
    func insert(_ sql: String, _ values: [SQLValue]) throws(SQLFailure) -> Int64 {
        guard case .sqlite(let connection) = engine else { return try integer(sql + " RETURNING id", values) ?? 0 }
        try connection.run(sql, values)
        return connection.lastInsertedID
    }

    /// Runs `body` in a transaction that takes the write lock at once; a failure undoes all of it.
    func transaction<Value>(_ body: () throws(SQLFailure) -> Value) throws(SQLFailure) -> Value {
        try transaction(dialect.begin, body)
    }

    /// Runs `body`, which only reads, so that all of it sees the same moment.
    func snapshot<Value>(_ body: () throws(SQLFailure) -> Value) throws(SQLFailure) -> Value {
        try transaction(dialect.beginSnapshot, body)
    }

    private func transaction<Value>(
        _ begin: String, _ body: () throws(SQLFailure) -> Value
    ) throws(SQLFailure) -> Value {
        try run(begin)
        do throws(SQLFailure) {
            let value = try body()
            try run("COMMIT")
            return value
        } catch {
            // A full disk or a server that is gone has ended the transaction already; then there is nothing to undo.
            if isInTransaction { try? execute("ROLLBACK") }
            throw error
        }
    }

    /// Runs `body` in a transaction, and all of it again when others were in the way: three times at most.
    func repeatedTransaction<Value>(_ body: () throws(SQLFailure) -> Value) throws(SQLFailure) -> Value {
        for _ in 1...2 {
            do throws(SQLFailure) {
                return try transaction(body)
            } catch  where error.kind == .collision {
                continue
            }
        }
        return try transaction(body)
    }

    private var isInTransaction: Bool {
        switch engine {
        case .sqlite(let connection): connection.isInTransaction
        case .postgres(let connection): connection.isInTransaction
        case .recorder: false
        }
    }

    /// Runs `body` so that the transaction goes on when a row of it is refused.
    ///
    /// To PostgreSQL any failure ends the transaction but for what a savepoint guards, and savepoints cost two journeys:
    /// a connection that does without them answers `.spoiled`, and the whole is to be done again with them.
    func guarded<Value>(_ body: () throws(SQLFailure) -> Value) throws(SQLFailure) -> Value {
        guard case .postgres(let connection) = engine, connection.isInTransaction else { return try body() }
        do throws(SQLFailure) {
            if connection.usesSavepoints { try connection.run("SAVEPOINT guarded", []) }
            let value = try body()
            if connection.usesSavepoints { try connection.run("RELEASE SAVEPOINT guarded", []) }
            return value
        } catch {
            guard error.isConstraint else { throw error }
            guard connection.usesSavepoints else {
                throw SQLFailure(.spoiled, code: error.code, message: error.message)
            }
            try connection.execute("ROLLBACK TO SAVEPOINT guarded; RELEASE SAVEPOINT guarded")
            throw error
        }
    }
}
