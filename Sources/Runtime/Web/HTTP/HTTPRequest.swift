package import Wire

/// One request, complete with its body.
package struct HTTPRequest: Sendable {
    package var method: HTTPMethod
    /// The path as it came, still percent-encoded, without the query.
    package var path: String
    /// The path's segments, percent-decoded; a `+` stays a `+`, a trailing slash adds none.
    package var segments: [String]
    /// The query's items in order, decoded: `+` and `%20` are spaces.
    package var query: HTTPQuery
    package var fields: HTTPFields
    package var body: [UInt8]
    /// The other end of the connection; with `WebApplication.trustsProxy`, the client that the proxy names.
    package var remote: SocketAddress
    package var isTLS: Bool
    /// The authority the client asked for, as in `Host`; empty in HTTP/1.0 without it.
    package var host: String
    /// Names this request in logs and in `X-Request-Id`; the client's own when it sent a plain one.
    package var id: String

    package init(
        method: HTTPMethod, target: HTTPTarget, fields: HTTPFields = HTTPFields(), body: [UInt8] = [],
        remote: SocketAddress = SocketAddress(ip: .loopbackIPv4, port: 0), isTLS: Bool = false, host: String = "",
        id: String = ""
    ) {
        self.method = method
        path = target.path
        segments = target.segments
        query = target.query
        self.fields = fields
        self.body = body
        self.remote = remote
        self.isTLS = isTLS
        self.host = host
        self.id = id
    }

    /// The path without the slash at its end: what WebSocket endpoints are found by.
    var plainPath: String { path.utf8.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path }

    /// The first value of a header field, whatever the case of its name.
    package func field(_ name: String) -> String? { fields[name] }

    /// The media type of the body in lower case, without parameters; nil when there is none.
    package var contentType: String? {
        guard let value = fields["Content-Type"] else { return nil }
        let type = value.utf8.prefix { $0 != UInt8(ascii: ";") }.trimmingOptionalWhitespace()
        return Substring(type).lowercased()
    }

    /// The token of `Authorization: Bearer …`, nil when there is none.
    package var bearerToken: String? {
        guard let value = fields["Authorization"] else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard let scheme = parts.first, parts.count == 2, ASCII.equalIgnoringCase(String(scheme), "Bearer")
        else { return nil }
        return String(Substring(parts[1].utf8.trimmingOptionalWhitespace()))
    }

    /// The value of a cookie (RFC 6265 §4.2), nil when it was not sent.
    package func cookie(_ name: String) -> String? {
        for field in fields.values("Cookie") {
            for pair in field.split(separator: ";") {
                let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard halves.count == 2, Substring(halves[0].utf8.trimmingOptionalWhitespace()) == name else {
                    continue
                }
                return String(Substring(halves[1].utf8.trimmingOptionalWhitespace()))
            }
        }
        return nil
    }
}

/// Decoded name-value pairs of a query or a form, in order (the URL standard's `urlencoded` parsing).
package struct HTTPQuery: Sendable, Equatable {
    package struct Item: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    package let items: [Item]

    package init(items: [Item] = []) { self.items = items }

    /// Parses `a=1&b=two+words`; a name without `=` has an empty value, a broken `%` stays as it is.
    package init(encoded bytes: some Collection<UInt8>) {
        items = bytes.split(separator: UInt8(ascii: "&")).map { pair in
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            let value = pair.dropFirst(name.count + 1)
            return Item(name: PercentEncoding.decodeForm(name), value: PercentEncoding.decodeForm(value))
        }
    }

    /// The first value of a name, nil when it was not given.
    package subscript(_ name: String) -> String? { items.first { $0.name == name }?.value }

    package func contains(_ name: String) -> Bool { items.contains { $0.name == name } }
}
