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

    /// Set once in the process; where another library used SQLite before us, everything works and only costs more.
    private static let configuration = tandem_sqlite_configure()

    /// Opens or creates the file; `:memory:` is a private database that is lost at the end.
    init(path: String) throws(StoreError) {
        _ = Self.configuration
        self.path = path
        var pointer: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let status = sqlite3_open_v2(path, &pointer, flags, nil)
        guard let pointer else { throw .unusable(path: path, reason: "out of memory") }
        handle = DatabaseHandle(pointer: pointer)
        guard status == SQLITE_OK else { throw SQLFailure(connection: pointer).storeError(path) }
        sqlite3_extended_result_codes(pointer, 1)
        sqlite3_busy_timeout(pointer, Self.busyTimeout)
        SQLiteFunctions.install(on: pointer)
        do throws(SQLFailure) {
            try execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON")
            try execute("PRAGMA wal_autocheckpoint = \(Self.logPages)")
        } catch {
            throw error.storeError(path)
        }
    }

    /// Runs a script of statements without parameters.
    func execute(_ script: String) throws(SQLFailure) {
        guard sqlite3_exec(handle.pointer, script, nil, nil, nil) == SQLITE_OK else { throw failure }
    }

    /// Runs one statement and answers how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: [SQLValue] = []) throws(SQLFailure) -> Int {
        try statement(sql).run(values)
        return Int(sqlite3_changes(handle.pointer))
    }

    /// Runs one of the statements that every call needs, and answers how many rows it changed.
    @discardableResult
    func run(_ sql: FixedSQL, _ values: [SQLValue]) throws(SQLFailure) -> Int {
        try statement(sql).run(values)
        return Int(sqlite3_changes(handle.pointer))
    }

    /// Hands every row of one statement to `row`.
    func query(
        _ sql: String, _ values: [SQLValue], row: (borrowing SQLRow) -> Void
    ) throws(SQLFailure) {
        try statement(sql).run(values, row: row)
    }

    var lastInsertedID: Int64 { sqlite3_last_insert_rowid(handle.pointer) }

    var isInTransaction: Bool { sqlite3_get_autocommit(handle.pointer) == 0 }

    private func statement(_ sql: FixedSQL) throws(SQLFailure) -> SQLiteStatement {
        if let fixed = fixedStatements[ObjectIdentifier(sql)] { return fixed.statement }
        let statement = try prepare(sql.text)
        fixedStatements[ObjectIdentifier(sql)] = (sql, statement)
        return statement
    }

    private func statement(_ sql: String) throws(SQLFailure) -> SQLiteStatement {
        if let statement = statements[sql] { return statement }
        let statement = try prepare(sql)
        if statements.count >= Self.statementLimit { statements.removeAll() }
        statements[sql] = statement
        return statement
    }

    private func prepare(_ sql: String) throws(SQLFailure) -> SQLiteStatement {
        var pointer: OpaquePointer?
        let status = sqlite3_prepare_v3(
            handle.pointer, sql, Int32(clamping: sql.utf8.count), UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
        guard status == SQLITE_OK, let pointer else { throw failure }
        return SQLiteStatement(StatementHandle(pointer))
    }

    private var failure: SQLFailure { SQLFailure(connection: handle.pointer) }
}
