import Directory
import Glibc

/// Where the embedded store keeps its file.
package enum StoreLocation: Hashable, Sendable {
    case file(String)
    /// Lost at the end: for tests and trials.
    case memory

    /// `tandem.db` in the data folder.
    package static func dataFolder(_ folder: String) -> StoreLocation {
        .file(folder.hasSuffix("/") ? folder + "tandem.db" : folder + "/tandem.db")
    }

    /// Reads `sqlite:PATH` (also `sqlite://PATH`), the form of `DATABASE_URL`; nil for any other scheme or no path.
    package init?(url: String) {
        guard url.hasPrefix("sqlite:") else { return nil }
        var path = url.dropFirst("sqlite:".count)
        if path.hasPrefix("//") { path = path.dropFirst(2) }
        guard !path.isEmpty else { return nil }
        self = path == ":memory:" ? .memory : .file(String(path))
    }

    /// Makes the folder and the file, readable by the owner only, where they do not exist, and answers the path.
    func prepare() throws(StoreError) -> String {
        guard case .file(let path) = self else { return ":memory:" }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try Self.makeFolder(String(path[..<slash]))
        }
        // SQLite gives its journal the mode of the file, so the file gets it before SQLite makes one.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.unusable(path) }
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
