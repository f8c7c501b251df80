import Directory
import Glibc

/// Where the store keeps what it is given.
package enum StoreLocation: Hashable, Sendable {
    case file(String)
    /// A server, and the folder for what must be kept while it is away.
    case server(PostgresAddress, outbox: OutboxSettings)
    /// Lost at the end: for tests and trials.
    case memory

    /// `tandem.db` in the data folder.
    package static func dataFolder(_ folder: String) -> StoreLocation {
        .file(folder.hasSuffix("/") ? folder + "tandem.db" : folder + "/tandem.db")
    }

    /// Reads `DATABASE_URL`: `sqlite:PATH` (also `sqlite://PATH`), `postgres://…` or `postgresql://…`; nil for any other
    /// scheme or no path.
    package init?(url: String, outbox: OutboxSettings) {
        if let address = PostgresAddress(url: url) {
            self = .server(address, outbox: outbox)
            return
        }
        guard url.hasPrefix("sqlite:") else { return nil }
        var path = url.dropFirst("sqlite:".count)
        if path.hasPrefix("//") { path = path.dropFirst(2) }
        guard !path.isEmpty else { return nil }
        self = path == ":memory:" ? .memory : .file(String(path))
    }

    /// Makes the folder and the file, readable by the owner only, where they do not exist, and answers the path; of a
    /// server, those of the outbox.
    func prepare() throws(StoreError) -> String {
        switch self {
        case .memory: ":memory:"
        case .file(let path): try Self.prepare(path)
        case .server(_, let outbox): try Self.prepare(outbox.path)
        }
    }

    /// Where the key of sealed passwords is; nil when it is kept in memory.
    var keyPath: String? {
        switch self {
        case .memory: nil
        case .file(let path): path + ".key"
        case .server(_, let outbox): outbox.keyPath
        }
    }

    private static func prepare(_ path: String) throws(StoreError) -> String {
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeFolder(String(path[..<slash]))
        }
        // SQLite gives its journal the mode of the file, so the file gets it before SQLite makes one.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unusable(path) }
        close(descriptor)
        return path
    }

    private static func makeFolder(_ folder: String) throws(StoreError) {
        guard access(folder, F_OK) != 0 else { return }
        if let slash = folder.lastIndex(of: "/"), slash != folder.startIndex {
            try makeFolder(String(folder[..<slash]))
        }
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw unusable(folder) }
    }

    private static func unusable(_ path: String) -> StoreError {
        .unusable(path: path, reason: String(cString: strerror(errno)))
    }
}

/// Where changes wait for a server, and how much of them.
package struct OutboxSettings: Hashable, Sendable {
    let folder: String
    let megabytes: Int

    package init(folder: String, megabytes: Int) { (self.folder, self.megabytes) = (folder, megabytes) }

    var path: String { within("outbox.db") }
    /// The key of sealed passwords, which the database must not have.
    var keyPath: String { within("tandem.key") }

    private func within(_ name: String) -> String { folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)" }
}

extension StoreLocation: CustomStringConvertible {
    /// The file, or the server without its password.
    package var description: String {
        switch self {
        case .memory: "memory"
        case .file(let path): path
        case .server(let address, _): "\(address)"
        }
    }
}
