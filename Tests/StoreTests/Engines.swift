import Directory
import Glibc
import Synchronization
import Testing
import Wire

@testable import Store

/// What a store can be kept in; nearly every test is run in both.
enum Engine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite
    case postgres

    var testDescription: String { rawValue }
}

/// A database of its own that is opened more than once, and the folder that belongs to it.
final class Place: Sendable {
    let engine: Engine
    let folder: TemporaryFolder
    /// As `DATABASE_URL` names it.
    let url: String

    /// `isEmpty`: without any table, as a database is before the first start.
    init(_ engine: Engine, isEmpty: Bool = false) throws {
        self.engine = engine
        folder = try TemporaryFolder()
        url =
            engine == .sqlite ? "sqlite:\(folder.database)" : try TestServer.shared.get().makeDatabase(isEmpty: isEmpty)
    }

    var location: StoreLocation { Self.location(url: url, folder: folder.path) }

    /// For another process, which has the strings alone.
    static func location(url: String, folder: String) -> StoreLocation {
        StoreLocation(url: url, outbox: OutboxSettings(folder: folder, megabytes: 64)) ?? .memory
    }

    var keyPath: String { engine == .sqlite ? "\(folder.database).key" : "\(folder.path)/tandem.key" }

    /// A connection without a store.
    func open() throws -> Database {
        if engine == .sqlite { return Database(.sqlite(try SQLiteConnection(path: folder.database))) }
        guard let address = PostgresAddress(url: url) else { throw StoreError.failed(reason: url) }
        return try PostgresLink.open(address)
    }
}

/// A database without any table, lost at the end.
func emptyDatabase(_ engine: Engine) throws -> Database {
    if engine == .sqlite { return Database(.sqlite(try SQLiteConnection(path: ":memory:"))) }
    return try Place(engine, isEmpty: true).open()
}

/// A PostgreSQL server for this process; it ends with it.
final class TestServer: Sendable {
    static let shared = Result { try TestServer() }

    private let folder: String
    private let count = Atomic(0)

    private init() throws {
        var template = Array("/tmp/store-server-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw StoreError.failed(reason: "mkdtemp") }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let script = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/scripts/postgres"
        // The pipe is closed by the kernel when this process is over, and that ends the server.
        guard popen("exec \(script) \(folder)", "we") != nil else { throw StoreError.failed(reason: "popen") }
        for _ in 0..<600 where access("\(folder)/state", F_OK) != 0 { usleep(50_000) }
        let database = try PostgresLink.open(address("postgres"))
        try database.execute("CREATE DATABASE filled")
        try PostgresLink.open(address("filled")).migrate(at: noon)
    }

    /// Answers the URL of a database of its own.
    func makeDatabase(isEmpty: Bool) throws -> String {
        let name = "test\(count.add(1, ordering: .relaxed).newValue)"
        let database = try PostgresLink.open(address("postgres"))
        try database.execute("CREATE DATABASE \(name) TEMPLATE \(isEmpty ? "template0" : "filled")")
        return url(name)
    }

    private func url(_ database: String) -> String { "postgres:///\(database)?host=\(folder)&user=tandem" }

    private func address(_ database: String) throws -> PostgresAddress {
        guard let address = PostgresAddress(url: url(database)) else { throw StoreError.failed(reason: url(database)) }
        return address
    }
}
