/// Where a WebSocket server is (RFC 6455 §3): `ws://host:port/path?query`, or `wss` for TLS.
package struct WebSocketURL: Sendable, Equatable {
    private let url: ServerURL

    /// Nil for another scheme, credentials in it, no host, a bad port, or what a request may not have.
    package init?(_ text: String) {
        guard let url = ServerURL(text, plain: "ws", secure: "wss") else { return nil }
        self.url = url
    }

    package var isSecure: Bool { url.isSecure }
    /// A name or a numeric address, the latter without brackets; in lower case.
    package var host: String { url.host }
    package var port: UInt16 { url.port }
    /// Path and query, as the request line has them.
    package var target: String { url.target }
    /// The `Host` of a request.
    var authority: String { url.authority }
    /// Without path and query, which may hold secrets.
    package var origin: String { "\(isSecure ? "wss" : "ws")://\(authority)" }
}
