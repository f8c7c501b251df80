import CPostgres

/// A server as `DATABASE_URL` names it.
package struct PostgresAddress: Hashable, Sendable, CustomStringConvertible {
    /// What libpq reads; the password may be in it, so it is shown to nobody.
    let url: String
    /// Of `?schema=`, which other clients know and libpq does not.
    let schema: String?
    /// The server without user and password.
    package let description: String

    /// Reads `postgres://` and `postgresql://`; nil for any other scheme, and for what libpq cannot read.
    package init?(url: String) {
        guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") else { return nil }
        let parts = url.split(separator: "?", maxSplits: 1)
        let settings = parts.count > 1 ? parts[1].split(separator: "&") : []
        let known = settings.filter { setting in
            setting.split(separator: "=").first.map { Self.keywords.contains(String($0)) } ?? false
        }
        schema = settings.first { $0.hasPrefix("schema=") }.map { String($0.dropFirst("schema=".count)) }
        let plain = String(parts[0]) + (known.isEmpty ? "" : "?" + known.joined(separator: "&"))
        guard let read = Self.read(plain) else { return nil }
        self.url = plain
        let host = read["host"] ?? "localhost"
        let port = read["port"].map { ":\($0)" } ?? ""
        description = "postgres://\(host.contains(":") ? "[\(host)]" : host)\(port)/\(read["dbname"] ?? "")"
    }

    /// Every setting that libpq knows; a URL with another would be refused as a whole.
    private static let keywords: Set<String> = {
        guard let options = PQconndefaults() else { return [] }
        defer { PQconninfoFree(options) }
        return Set(values(of: options).map(\.keyword)).union(["ssl"])
    }()

    private static func read(_ url: String) -> [String: String]? {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &message) else {
            PQfreemem(message)
            return nil
        }
        defer { PQconninfoFree(options) }
        let set = values(of: options).compactMap { option in option.value.map { (option.keyword, $0) } }
        return Dictionary(set) { first, _ in first }
    }

    private static func values(of options: UnsafeMutablePointer<PQconninfoOption>) -> [(
        keyword: String, value: String?
    )] {
        var (found, option): ([(String, String?)], UnsafeMutablePointer<PQconninfoOption>) = ([], options)
        while let keyword = option.pointee.keyword {
            found.append((String(cString: keyword), option.pointee.val.map { String(cString: $0) }))
            option += 1
        }
        return found
    }
}
