package import Wire

/// One server to try: where to send, and how.
package struct SIPDestination: Hashable, Sendable, CustomStringConvertible {
    package let transport: SIPTransport
    package let address: SocketAddress
    /// The name that was looked for, which a TLS certificate must be good for (RFC 5922), whatever SRV led to.
    package let domain: String

    package init(transport: SIPTransport, address: SocketAddress, domain: String) {
        (self.transport, self.address, self.domain) = (transport, address, domain)
    }

    package var description: String { "\(transport.rawValue.lowercased()) \(address)" }
}

/// Whom a request is for, before anybody has asked the name service: the parts of a URI that RFC 3263 looks at.
package struct SIPTarget: Hashable, Sendable, CustomStringConvertible {
    /// A name, or an address (IPv6 with or without brackets).
    package var host: String
    /// Nil: by SRV, or the transport's usual one.
    package var port: UInt16?
    /// Nil: by NAPTR and SRV, or UDP.
    package var transport: SIPTransport?
    /// `sips:`, or TLS wanted for another reason: nothing but TLS will do.
    package var isSecure: Bool

    package init(host: String, port: UInt16? = nil, transport: SIPTransport? = nil, isSecure: Bool = false) {
        (self.host, self.port, self.transport, self.isSecure) = (host, port, transport, isSecure)
    }

    /// The target of a sip or sips URI: its `maddr` if it has one, else its host; nil for other schemes.
    package init?(_ uri: SIPURI) {
        guard uri.isSIP else { return nil }
        self.init(
            host: uri.parameters["maddr"] ?? uri.host, port: uri.port, transport: uri.transport,
            isSecure: uri.scheme == .sips)
    }

    package var description: String {
        host + (port.map { ":\($0)" } ?? "") + (transport.map { " over \($0.rawValue.lowercased())" } ?? "")
    }
}
