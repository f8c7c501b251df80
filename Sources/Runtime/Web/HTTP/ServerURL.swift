import Wire

/// A URL that names a server and something of it (RFC 3986 §3), taken apart: `scheme://host:port/path?query`.
struct ServerURL: Sendable, Equatable {
    /// The scheme is the one for TLS.
    let isSecure: Bool
    /// A name or a numeric address, the latter without brackets; in lower case.
    let host: String
    let port: UInt16
    /// Path and query, as the request line has them.
    let target: String

    /// Nil for another scheme than these two, credentials in it, no host, a bad port, or what a request may not have.
    init?(_ text: String, plain: String, secure: String) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let colon = text.firstIndex(of: ":"),
            text[colon...].hasPrefix("://")
        else { return nil }
        switch text[..<colon].lowercased() {
        case plain: isSecure = false
        case secure: isSecure = true
        default: return nil
        }
        let rest = text[colon...].dropFirst(3).prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let path = rest[authority.endIndex...]
        target = path.hasPrefix("/") ? String(path) : "/\(path)"
        guard !authority.contains("@"), let (host, port) = Self.split(authority) else { return nil }
        self.host = host.lowercased()
        guard let port else {
            self.port = isSecure ? 443 : 80
            return
        }
        guard let number = ASCII.decimal(port.utf8, maximumDigits: 5), (1...65_535).contains(number) else { return nil }
        self.port = UInt16(number)
    }

    private static func split(_ authority: Substring) -> (Substring, Substring?)? {
        let host: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            guard IPAddress(String(host)) != nil else { return nil }
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            return (host, rest.isEmpty ? nil : rest.dropFirst())
        }
        host = authority.prefix { $0 != ":" }
        guard !host.isEmpty else { return nil }
        return (host, host.endIndex == authority.endIndex ? nil : authority[host.endIndex...].dropFirst())
    }

    /// The `Host` of a request.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }
}
