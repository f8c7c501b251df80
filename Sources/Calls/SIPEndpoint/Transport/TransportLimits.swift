import SIP
import Wire

/// What peers on connections (TCP, TLS, WebSocket) may cost.
package struct TransportLimits: Sendable {
    /// Connections at once, of peers and of ours each; more are closed as they come.
    ///
    /// Half of the peers' are open to strangers.
    package var connections: Int
    /// TCP and TLS connections at once from one address; WebSockets are bounded by the web server.
    package var connectionsPerAddress: Int
    /// How long a TLS handshake may take, and with it the opening of the connection.
    package var handshake: Duration
    /// How long a connection may be open before its first whole message.
    package var firstMessage: Duration
    /// How long a connection may be silent that neither a registration nor a call rests on.
    package var idle: Duration

    package init(
        connections: Int = 4096, connectionsPerAddress: Int = 200, handshake: Duration = .seconds(10),
        firstMessage: Duration = .seconds(30), idle: Duration = .seconds(600)
    ) {
        self.connections = connections
        self.connectionsPerAddress = connectionsPerAddress
        self.handshake = handshake
        self.firstMessage = firstMessage
        self.idle = idle
    }
}

/// What comes from the network.
enum TransportInput {
    /// As it was read, and as it came.
    case message(SIPMessage, [UInt8], Flow)
    case malformed(SIPParseError, Flow)
    /// A flow could not be opened, or broke.
    case failed(Flow)
}

/// What the transports ask of the endpoint they serve.
struct TransportPolicy {
    /// Whether a request of a stranger may cost us anything.
    let admits: (IPAddress) -> Bool
    /// Whether somebody was authenticated from there.
    let trusts: (IPAddress) -> Bool
    /// Whether a call rests on a connection, however long it is silent.
    let isUsed: (Flow) -> Bool
    let deliver: (TransportInput) -> Void
}
