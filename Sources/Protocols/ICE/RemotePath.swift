package import Wire

/// A way to the peer: an address of its whose datagrams come to our port, or one TCP connection that it opened to the
/// same port (RFC 6544).
///
/// A connection that is opened again is another path, also from the same address.
package struct RemotePath: Hashable, Sendable, CustomStringConvertible {
    package let address: SocketAddress
    /// Tells the connections of a port apart; nil for datagrams.
    package let connection: UInt32?

    package init(_ address: SocketAddress, connection: UInt32? = nil) {
        (self.address, self.connection) = (address, connection)
    }

    /// `192.0.2.1:5000`, or `192.0.2.1:5000/tcp`.
    package var description: String { connection == nil ? "\(address)" : "\(address)/tcp" }
}
