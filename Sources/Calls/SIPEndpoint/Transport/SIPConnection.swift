import Reactor
import SIP
import Web
import Wire

/// By what a connection is found that a message may go over.
struct ConnectionKey: Hashable {
    let transport: SIPTransport
    let remote: SocketAddress
    /// The name its certificate was checked for; nil for all but TLS that we opened.
    let domain: String?

    init(_ flow: Flow) { (transport, remote, domain) = (flow.transport, flow.remote, flow.domain) }
}

/// One connection: TCP, TLS or a WebSocket.
final class SIPConnection {
    /// What carries the bytes.
    enum Carrier {
        case stream(any StreamConnection)
        case socket(WebSocketConnection)
    }

    /// Other names a connection may be known by.
    private static let flowLimit = 8

    let id: UInt64
    /// Its own name.
    let flow: Flow
    let carrier: Carrier
    let role: StreamFramer.Role
    var framer: StreamFramer
    /// Whether TCP, and TLS over it, stand.
    var isOpen: Bool
    /// Whether a whole message came.
    private(set) var hasSpoken: Bool
    /// Being closed: nothing of it is read, and nothing is sent over it.
    private(set) var isCondemned = false
    /// Until when a registration rests on it.
    var keptUntil = Instant.zero
    var keepAlive = KeepAlive()
    /// When the handshake must be done.
    var openBy = Instant.never
    var alarm: LoopTimer?
    /// The names its users know it by: its own, and the address alone.
    private(set) var flows: Set<Flow>
    private let beganAt: Instant
    private var lastHeard: Instant
    /// When a whole message came last; keep-alives are none.
    private var lastMessage: Instant

    init(flow: Flow, carrier: Carrier, role: StreamFramer.Role, isOpen: Bool, now: Instant) {
        (id, self.flow, self.carrier, self.role) = (flow.connection, flow, carrier, role)
        framer = StreamFramer(role: role)
        self.isOpen = isOpen
        hasSpoken = role == .opened
        flows = [flow]
        (beganAt, lastHeard, lastMessage) = (now, now, now)
    }

    var remote: SocketAddress { flow.remote }
    var key: ConnectionKey { ConnectionKey(flow) }

    /// The connection's next moment, besides its idleness.
    var nextDeadline: Instant { min(isOpen ? .never : openBy, keepAlive.nextDeadline) }

    func send(_ bytes: [UInt8]) {
        switch carrier {
        case .stream(let stream): stream.send(bytes)
        case .socket(let socket):
            // Browsers' libraries are surer of text; a body that is none goes as it is.
            if let text = String(validating: bytes, as: UTF8.self) { socket.send(text) } else { socket.send(bytes) }
        }
    }

    func close(_ code: WebSocketCloseCode = .normal) {
        isCondemned = true
        switch carrier {
        case .stream(let stream): stream.close()
        case .socket(let socket): socket.close(code)
        }
    }

    func heardFrom(at now: Instant) {
        lastHeard = now
        keepAlive.heard(at: now)
    }

    /// A whole message came, sound or not.
    func heardMessage(at now: Instant) { (hasSpoken, lastMessage) = (true, now) }

    /// Remembers that a flow of another name went over this connection: at most that of the address, and of
    /// connections before this one.
    func carries(_ flow: Flow) {
        if flows.count < Self.flowLimit { flows.insert(flow) }
    }

    /// Whether nothing speaks for keeping it: a stranger keeps none alive by bytes that are no message.
    func isIdle(_ now: Instant, _ limits: TransportLimits, isTrusted: Bool) -> Bool {
        guard keptUntil <= now, keepAlive.until <= now else { return false }
        guard hasSpoken else { return beganAt + limits.firstMessage <= now }
        return (isTrusted ? lastHeard : lastMessage) + limits.idle <= now
    }
}
