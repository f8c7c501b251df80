import CPostgres
import Glibc
import Reactor
import Wire

/// Owns a connection to a server.
///
/// Not private: a release build for tests cannot link a private noncopyable type.
struct PostgresHandle: ~Copyable {
    let pointer: OpaquePointer

    deinit { PQfinish(pointer) }
}

/// One connection to a PostgreSQL server, used by one thread at a time.
///
/// Statements are prepared once for each connection; values go and come as text. No answer is waited for longer than
/// `patience`: a server that does not say anything for so long is as good as gone.
final class PostgresConnection {
    let address: PostgresAddress
    /// Whether statements that may be refused are guarded one by one (see `Database.guarded`).
    var usesSavepoints = true
    /// How long an answer may take; nil: as long as it likes.
    var patience: Duration?
    private let handle: PostgresHandle
    private var statements: [String: PostgresStatement] = [:]
    /// Each with its text, whose identity is another's once it is gone.
    private var fixedStatements: [ObjectIdentifier: (sql: FixedSQL, statement: PostgresStatement)] = [:]
    private var preparedCount = 0
    private var isLost = false

    /// Lists with many optional conditions have many texts; past this all are prepared anew.
    private static let statementLimit = 256

    init(_ address: PostgresAddress, patience: Duration?) throws(SQLFailure) {
        (self.address, self.patience) = (address, patience)
        // What the URL says comes later, and wins.
        let settings = [
            ("connect_timeout", "5"), ("application_name", "tandem"), ("keepalives_idle", "15"),
            ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "15000"),
            ("dbname", address.url), ("client_encoding", "UTF8"),
        ]
        let opened = Self.withPointers(to: settings.map(\.0)) { keywords in
            Self.withPointers(to: settings.map(\.1)) { PQconnectdbParams(keywords, $0, 1) }
        }
        guard let opened else { throw SQLFailure(.unreachable, message: "out of memory") }
        handle = PostgresHandle(pointer: opened)
        guard PQstatus(opened) == CONNECTION_OK else { throw failure }
        PQsetNoticeProcessor(opened, { _, _ in }, nil)
        var script = "SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET standard_conforming_strings = on"
        if let schema = address.schema, let name = PQescapeIdentifier(opened, schema, schema.utf8.count) {
            script += "; SET search_path = \(String(cString: name))"
            PQfreemem(name)
        }
        try execute(script)
    }

    var pointer: OpaquePointer { handle.pointer }

    /// Whether the connection is of no use any more.
    var isBroken: Bool { isLost || PQstatus(handle.pointer) != CONNECTION_OK }

    var isInTransaction: Bool {
        !isBroken && [PQTRANS_INTRANS, PQTRANS_INERROR].contains(PQtransactionStatus(handle.pointer))
    }

    /// Runs a script of statements without parameters.
    func execute(_ script: String) throws(SQLFailure) {
        _ = try answer(to: PQsendQuery(handle.pointer, script))
    }

    /// Runs one statement and answers how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: [SQLValue]) throws(SQLFailure) -> Int { try run(statement(sql), values).changes }

    @discardableResult
    func run(_ sql: FixedSQL, _ values: [SQLValue]) throws(SQLFailure) -> Int {
        try run(statement(sql), values).changes
    }

    /// Hands every row of one statement to `row`.
    func query(_ sql: String, _ values: [SQLValue], row: (borrowing SQLRow) -> Void) throws(SQLFailure) {
        let result = try run(statement(sql), values)
        for index in 0..<PQntuples(result.pointer) { row(SQLRow(PostgresRow(result.pointer, index))) }
    }

    /// Takes what others have notified of, and not this connection itself: the tables that were changed.
    func takeNotifications() -> [String] {
        PQconsumeInput(handle.pointer)
        var tables: [String] = []
        while let notification = PQnotifies(handle.pointer) {
            if notification.pointee.be_pid != PQbackendPID(handle.pointer), let table = notification.pointee.extra {
                tables.append(String(cString: table))
            }
            PQfreemem(notification)
        }
        return tables
    }
}

// MARK: - Statements

extension PostgresConnection {
    private func statement(_ sql: FixedSQL) throws(SQLFailure) -> PostgresStatement {
        if let fixed = fixedStatements[ObjectIdentifier(sql)] { return fixed.statement }
        let statement = try prepare(sql.text)
        fixedStatements[ObjectIdentifier(sql)] = (sql, statement)
        return statement
    }

    private func statement(_ sql: String) throws(SQLFailure) -> PostgresStatement {
        if let statement = statements[sql] { return statement }
        if statements.count >= Self.statementLimit {
            try execute("DEALLOCATE ALL")
            statements.removeAll()
            fixedStatements.removeAll()
        }
        let statement = try prepare(sql)
        statements[sql] = statement
        return statement
    }

    private func prepare(_ sql: String) throws(SQLFailure) -> PostgresStatement {
        let translated = Dialect.translated(sql)
        preparedCount += 1
        let statement = PostgresStatement(name: "s\(preparedCount)", values: translated.values)
        _ = try answer(to: PQsendPrepare(handle.pointer, statement.name, translated.text, 0, nil))
        return statement
    }

    private func run(_ statement: PostgresStatement, _ values: [SQLValue]) throws(SQLFailure) -> PostgresResult {
        let parameters = PostgresParameters(statement.values.map { $0 < values.count ? values[$0] : .null })
        let sent = parameters.withPointers { pointers in
            PQsendQueryPrepared(
                handle.pointer, statement.name, Int32(clamping: pointers.count), pointers.baseAddress, nil, nil, 0)
        }
        return try answer(to: sent)
    }

    private static func withPointers<Value>(
        to texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value
    ) -> Value {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies.map { UnsafePointer($0) } + [nil])
    }
}

// MARK: - Answers

extension PostgresConnection {
    /// Waits for the whole answer to what was sent: the last result, or the first failure.
    private func answer(to sent: Int32) throws(SQLFailure) -> PostgresResult {
        guard sent == 1 else { throw failure }
        let deadline = patience.map { SystemClock.now() + $0 }
        var (last, refusal): (PostgresResult?, SQLFailure?)
        while true {
            try awaitResult(until: deadline)
            guard let pointer = PQgetResult(handle.pointer) else { break }
            let result = PostgresResult(pointer)
            if let failure = result.failure(isBroken: isBroken) { refusal = refusal ?? failure }
            last = result
            if isBroken { break }
        }
        if let refusal { throw refusal }
        guard let last else { throw failure }
        return last
    }

    func awaitResult(until deadline: Instant?) throws(SQLFailure) {
        while PQisBusy(handle.pointer) == 1 {
            let left = deadline.map { max(0, ($0 - SystemClock.now()).wholeMilliseconds) }
            var entry = pollfd(fd: PQsocket(handle.pointer), events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, left.map { Int32(clamping: $0) } ?? -1)
            if ready == 0 {
                isLost = true
                throw SQLFailure(.unreachable, message: "the server does not answer")
            }
            if ready > 0, PQconsumeInput(handle.pointer) == 0 { throw failure }
        }
    }

    /// What the connection itself says.
    var failure: SQLFailure {
        let message = PQerrorMessage(handle.pointer).map { String(cString: $0) } ?? ""
        let line = message.split(whereSeparator: { $0.isNewline || $0 == "\t" }).joined(separator: " ")
        return SQLFailure(isBroken ? .unreachable : .other, message: line.isEmpty ? "the connection is lost" : line)
    }
}
