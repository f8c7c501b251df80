package import Wire

/// What an HTTP client is sent for: `http://host:port/path?query`, or `https` for TLS (RFC 9110 §4.2).
package struct HTTPURL: Sendable, Equatable {
    private let url: ServerURL
    /// The address that `host` is, when it is no name.
    package let address: IPAddress?

    /// Nil for another scheme, credentials in it, a bad host or port, or what a request may not have.
    package init?(_ text: String) {
        guard let url = ServerURL(text, plain: "http", secure: "https") else { return nil }
        address = IPAddress(url.host)
        guard address != nil || Self.isName(url.host) else { return nil }
        self.url = url
    }

    /// A name whose last label is a number is none: resolvers would take `127.1` or `0x7f000001` for an address.
    private static func isName(_ host: String) -> Bool {
        guard host.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || "-_.".utf8.contains($0) }) else { return false }
        let last = host.split(separator: ".").last ?? ""
        return last.utf8.first.map { !ASCII.isDigit($0) } ?? false
    }

    package var isSecure: Bool { url.isSecure }
    /// A name, or a numeric address in its one form without brackets; in lower case.
    package var host: String { address?.description ?? url.host }
    package var port: UInt16 { url.port }

    /// What `Host` says: with the port, unless it is the scheme's own.
    package var hostAndPort: String { url.authority }
    /// Without the query and without a slash at its end; empty for the root.
    package var path: String {
        let path = url.target.prefix { $0 != "?" }
        return path.hasSuffix("/") ? String(path.dropLast()) : String(path)
    }

    /// What is below it: `http://host/a` and `b` are `http://host/a/b`.
    package func appending(_ more: String) -> HTTPURL? { HTTPURL("\(origin)\(path)/\(more)") }

    /// Without path and query, which may hold secrets.
    package var origin: String { "\(isSecure ? "https" : "http")://\(url.authority)" }
    /// Without the query, which may hold secrets.
    package var resource: String { origin + url.target.prefix { $0 != "?" } }
    /// The whole of it, without what follows `#`.
    var text: String { origin + url.target }
}
