package import Wire

/// The way to one peer: over UDP its address, over anything else one connection to it.
///
/// A machine only ever names flows; opening, reusing and closing connections is the transport's business.
package struct Flow: Hashable, Sendable, CustomStringConvertible {
    package var transport: SIPTransport
    package var remote: SocketAddress
    /// Which connection; 0 means any connection to `remote`, opened if there is none, and always for UDP.
    package var connection: UInt64
    /// The name the peer's certificate must be good for (RFC 5922), as we open a TLS connection to it.
    ///
    /// Nil for a datagram, plain TCP, and a connection the peer opened.
    package var domain: String?

    package init(transport: SIPTransport, remote: SocketAddress, connection: UInt64 = 0, domain: String? = nil) {
        self.transport = transport
        self.remote = remote
        self.connection = connection
        self.domain = domain
    }

    package var description: String { "\(transport):\(remote)\(domain.map { " (\($0))" } ?? "")" }

    /// Whether a connection can be opened for it once its own is gone: TLS to somebody whose name is not known cannot,
    /// nor can a WebSocket, which the peer opens.
    package var canBeOpened: Bool {
        switch transport {
        case .tcp: true
        case .tls: domain != nil
        default: false
        }
    }
}
