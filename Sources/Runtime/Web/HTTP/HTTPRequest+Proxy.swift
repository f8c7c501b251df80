import Wire

extension HTTPRequest {
    /// Takes the client and its scheme from what a trusted proxy added.
    ///
    /// Of several addresses only the last is the proxy's own; those before it came with the request.
    mutating func believeProxy() {
        if let text = fields.list("X-Forwarded-For").last, let address = Self.address(text) { remote = address }
        if let scheme = fields.list("X-Forwarded-Proto").last { isTLS = ASCII.equalIgnoringCase(scheme, "https") }
    }

    /// An address with or without a port, which proxies may leave out.
    private static func address(_ text: String) -> SocketAddress? {
        let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        return SocketAddress(host: bare, port: 0) ?? SocketAddress(text)
    }
}
