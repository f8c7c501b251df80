import Wire

/// Which web pages may use us: the origins of `CORS_ORIGINS`.
package struct OriginPolicy: Sendable, Equatable {
    /// Every origin may read, none may send credentials.
    package let allowsAny: Bool
    package let origins: [String]

    /// A comma-separated list of origins such as `https://crm.example`; `*` stands for any.
    package init(_ list: String) {
        let entries = list.utf8.split(separator: UInt8(ascii: ","))
            .map { Substring($0.trimmingOptionalWhitespace()).lowercased() }
            .map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
            .filter { !$0.isEmpty }
        allowsAny = entries.contains("*")
        origins = entries.filter { $0 != "*" }
    }

    /// Whether the origin is in the list by name.
    package func names(_ origin: String) -> Bool { origins.contains(origin.lowercased()) }

    /// What `Access-Control-Allow-Origin` says to a page of this origin; nil to say nothing.
    package func allowedOrigin(for origin: String) -> String? {
        if names(origin) { return origin }
        return allowsAny ? "*" : nil
    }

    /// Whether a page of this origin was served by `host` (compared without ports).
    package static func isSameHost(origin: String, host: String) -> Bool {
        guard let scheme = ["https://", "http://"].first(where: { origin.hasPrefix($0) }) else { return false }
        let authority = String(origin.dropFirst(scheme.count))
        return !authority.isEmpty && ASCII.equalIgnoringCase(withoutPort(authority), withoutPort(host))
    }

    /// `host:port` without the port; brackets of an IPv6 address stay.
    package static func withoutPort(_ authority: String) -> String {
        guard let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") else { return authority }
        return String(authority[..<colon])
    }
}
