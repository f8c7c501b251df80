import Glibc
import Wire

/// Names and addresses as `/etc/hosts` lists them (hosts(5)).
struct HostsTable {
    /// Lines read; what follows them is left out.
    static let maximumLines = 20_000

    private var addresses: [String: [IPAddress]] = [:]

    init(_ text: [UInt8] = []) {
        for line in text.split(separator: ASCII.lineFeed).prefix(Self.maximumLines) {
            let words = line.prefix { $0 != UInt8(ascii: "#") }
                .split { ASCII.isWhitespace($0) || $0 == ASCII.carriageReturn }
                .map { String(decoding: $0, as: UTF8.self).lowercased() }
            guard let first = words.first, let ip = IPAddress(first) else { continue }
            for name in words.dropFirst() where !(addresses[name]?.contains(ip) ?? false) {
                addresses[name, default: []].append(ip)
            }
        }
    }

    /// What stands beside a name, both families; nil for a name that is not listed.
    func addresses(of name: String) -> [IPAddress]? { addresses[name] }
}

/// The hosts file, read again when it has changed.
struct HostsFile {
    private struct Stamp: Equatable {
        let seconds: Int
        let nanoseconds: Int
        let size: Int64
    }

    /// How often it is asked whether the file has changed.
    private static let interval = Duration.seconds(5)
    private static let maximumSize = 1 << 20

    private let path: String?
    private var table = HostsTable()
    private var stamp: Stamp?
    private var lookAgain = Instant.zero

    /// Nil: there is no such file.
    init(path: String?) { self.path = path }

    mutating func addresses(of name: String, now: Instant) -> [IPAddress]? {
        if now >= lookAgain {
            lookAgain = now + Self.interval
            refresh()
        }
        return table.addresses(of: name)
    }

    private mutating func refresh() {
        guard let path else { return }
        var status = stat()
        guard stat(path, &status) == 0 else {
            (table, stamp) = (HostsTable(), nil)
            return
        }
        let current = Stamp(
            seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec, size: Int64(status.st_size))
        guard current != stamp else { return }
        stamp = current
        table = HostsTable(Self.read(path))
    }

    private static func read(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "re") else { return [] }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: maximumSize)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }
}
