import CSQLite
import Directory

/// Owns an open database; closing waits for its statements, which are released with their connection.
///
/// Not private: a release build for tests cannot link a private noncopyable type.
struct DatabaseHandle: ~Copyable {
    let pointer: OpaquePointer

    deinit { sqlite3_close_v2(pointer) }
}

/// One open SQLite database, used by one thread at a time.
final class SQLiteConnection {
    let path: String
    private let handle: DatabaseHandle
    private var statements: [String: SQLiteStatement] = [:]
    /// Each with its text, whose identity is another's once it is gone.
    private var fixedStatements: [ObjectIdentifier: (sql: FixedSQL, statement: SQLiteStatement)] = [:]

    /// Lists with many optional conditions have many texts; past this the cache starts anew.
    private static let statementLimit = 256
    /// Pages of the log, of 4 KiB, before they are written to their places: a page that many calls change in that time
    /// is written once.
    private static let logPages = 4000
    /// How long a statement waits for another process that holds the file, in milliseconds.
    private static let busyTimeout: Int32 = 5000

    /// Opens or creates the file; `:memory:` is a private database that is lost at the end.
    init(path: String) throws(StoreError) {
        self.path = path
        var pointer: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let status = sqlite3_open_v2(path, &pointer, flags, nil)
        guard let pointer else { throw .unusable(path: path, reason: "out of memory") }
        handle = DatabaseHandle(pointer: pointer)
        guard status == SQLITE_OK else { throw SQLiteFailure(connection: pointer).storeError(path: path) }
        sqlite3_extended_result_codes(pointer, 1)
        sqlite3_busy_timeout(pointer, Self.busyTimeout)
        SQLiteFunctions.install(on: pointer)
        do throws(SQLiteFailure) {
            try execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON")
            try execute("PRAGMA wal_autocheckpoint = \(Self.logPages)")
        } catch {
            throw error.storeError(path: path)
        }
    }

    /// Runs a script of statements without parameters.
    func execute(_ script: String) throws(SQLiteFailure) {
        guard sqlite3_exec(handle.pointer, script, nil, nil, nil) == SQLITE_OK else { throw failure }
    }

    /// Runs one statement and answers how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteFailure) -> Int {
        try statement(sql).run(values)
        return Int(sqlite3_changes(handle.pointer))
    }

    /// Runs one of the statements that every call needs, and answers how many rows it changed.
    @discardableResult
    func run(_ sql: FixedSQL, _ values: [SQLiteValue]) throws(SQLiteFailure) -> Int {
        try statement(sql).run(values)
        return Int(sqlite3_changes(handle.pointer))
    }

    /// Reads all rows of one statement.
    func query<Value>(
        _ sql: String, _ values: [SQLiteValue] = [], read: (borrowing SQLiteRow) -> Value
    ) throws(SQLiteFailure) -> [Value] {
        var rows: [Value] = []
        try statement(sql).run(values) { rows.append(read($0)) }
        return rows
    }

    /// The single integer a statement answers.
    func integer(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteFailure) -> Int64? {
        try query(sql, values) { $0.integerIfPresent(0) }.first ?? nil
    }

    var lastInsertedID: Int64 { sqlite3_last_insert_rowid(handle.pointer) }

    /// Runs `body` in a transaction that takes the write lock at once; a failure undoes all of it.
    func transaction<Value>(_ body: () throws(SQLiteFailure) -> Value) throws(SQLiteFailure) -> Value {
        try run("BEGIN IMMEDIATE")
        do throws(SQLiteFailure) {
            let value = try body()
            try run("COMMIT")
            return value
        } catch {
            // A full disk may have ended the transaction already; then there is nothing to undo.
            if sqlite3_get_autocommit(handle.pointer) == 0 { try? execute("ROLLBACK") }
            throw error
        }
    }

    private func statement(_ sql: FixedSQL) throws(SQLiteFailure) -> SQLiteStatement {
        if let fixed = fixedStatements[ObjectIdentifier(sql)] { return fixed.statement }
        let statement = try prepare(sql.text)
        fixedStatements[ObjectIdentifier(sql)] = (sql, statement)
        return statement
    }

    private func statement(_ sql: String) throws(SQLiteFailure) -> SQLiteStatement {
        if let statement = statements[sql] { return statement }
        let statement = try prepare(sql)
        if statements.count >= Self.statementLimit { statements.removeAll() }
        statements[sql] = statement
        return statement
    }

    private func prepare(_ sql: String) throws(SQLiteFailure) -> SQLiteStatement {
        var pointer: OpaquePointer?
        let status = sqlite3_prepare_v3(
            handle.pointer, sql, Int32(clamping: sql.utf8.count), UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
        guard status == SQLITE_OK, let pointer else { throw failure }
        return SQLiteStatement(StatementHandle(pointer))
    }

    private var failure: SQLiteFailure { SQLiteFailure(connection: handle.pointer) }
}
