package import DNS
import Glibc
package import Wire

/// Datagrams, streams and names, as the control plane sees them: `SystemNetwork`, or `SimulatedNetwork` in tests.
///
/// Everything is called on the loop, and every closure is called back on the loop in a turn of its own, never inside
/// the call that caused it. Closures are kept until the socket is closed.
package protocol Network: Sendable {
    /// Binds a UDP socket; port 0 lets the system choose.
    func openDatagram(
        on local: SocketAddress, receive: @escaping (_ bytes: [UInt8], _ source: SocketAddress) -> Void
    ) throws(NetworkError) -> any DatagramSocket

    /// Accepts TCP connections; `accept` sets the connection's `handler` before it returns.
    func listen(
        on local: SocketAddress, accept: @escaping (any StreamConnection) -> Void
    ) throws(NetworkError) -> any StreamListener

    /// Begins a TCP connection, which tells its handler `.opened` or `.closed` in a later turn.
    func connect(to remote: SocketAddress) -> any StreamConnection

    /// Asks the name service for records of one kind, in a later turn; a number has itself as its address.
    ///
    /// Answers are kept for their lifetime, so asking again costs little.
    func query(_ name: String, _ kind: DNSRecordKind, then: @escaping (DNSAnswer) -> Void)
}

extension Network {
    /// Looks a host up, its IPv4 addresses first; numeric hosts answer too, in a later turn.
    ///
    /// An empty answer means that nothing was found.
    package func resolve(_ host: String, then: @escaping ([IPAddress]) -> Void) {
        let lookup = HostLookup(then)
        query(host, .a) { lookup.receive($0, .a) }
        query(host, .aaaa) { lookup.receive($0, .aaaa) }
    }
}

/// The two answers about one host.
private final class HostLookup {
    private var answers: [DNSRecordKind: [IPAddress]] = [:]
    private let then: ([IPAddress]) -> Void

    init(_ then: @escaping ([IPAddress]) -> Void) { self.then = then }

    func receive(_ answer: DNSAnswer, _ kind: DNSRecordKind) {
        answers[kind] = answer.records.compactMap { if case .address(let ip) = $0 { ip } else { nil } }
        if let first = answers[.a], let second = answers[.aaaa] { then(first + second) }
    }
}

/// A bound UDP socket.
///
/// Sending is best effort: what the network cannot take is dropped, as a datagram may be anywhere.
package protocol DatagramSocket: AnyObject {
    var localAddress: SocketAddress { get }
    func send(_ bytes: [UInt8], to remote: SocketAddress)
    /// Stops receiving at once; a datagram already queued for delivery is dropped. Idempotent.
    func close()
}

/// A TCP connection, opening, open or closed.
package protocol StreamConnection: AnyObject {
    /// Unspecified with port 0 until the connection is open.
    var localAddress: SocketAddress { get }
    var remoteAddress: SocketAddress { get }
    /// Told everything that happens; released after `.closed`. An accepted connection is open from the start.
    var handler: (StreamEvent) -> Void { get set }
    /// Bytes accepted by `send` and not yet by the kernel. Past the network's limit the connection is closed.
    var queuedBytes: Int { get }
    /// Queues bytes, while opening too; ignored after `close`.
    func send(_ bytes: [UInt8])
    /// Sends what is queued, then closes; `.closed(.local)` follows, and nothing else. Idempotent.
    func close()
}

/// A bound TCP socket that accepts connections.
package protocol StreamListener: AnyObject {
    var localAddress: SocketAddress { get }
    /// Stops accepting; connections accepted before stay open. Idempotent.
    func close()
}

/// What happens on a connection; `closed` comes exactly once and is the last.
package enum StreamEvent: Sendable, Equatable {
    case opened
    case received([UInt8])
    case closed(StreamCloseReason)
}

/// Why a connection is no more.
package enum StreamCloseReason: Sendable, Equatable {
    /// `close()` was called.
    case local
    /// The peer ended its side in good order.
    case remote
    /// The peer reads slower than we send: `queuedBytes` passed its limit.
    case overflow
    case failed(NetworkError)
}

/// What can go wrong with a socket.
package enum NetworkError: Error, Hashable, Sendable {
    case addressInUse
    case addressNotAvailable
    case permissionDenied
    case tooManyOpenFiles
    case refused
    case unreachable
    case reset
    case timedOut
    /// The connection stands, but TLS over it does not.
    case tls(TLSFailure)
    /// Anything else, by the system's (positive) error number.
    case system(Int32)
}

extension [SocketAddress] {
    /// Whether an address of these that cannot be bound may be left out: a machine without IPv6 is no error where it is
    /// listened on besides IPv4.
    package func canSpare(_ address: SocketAddress, _ error: NetworkError) -> Bool {
        guard address.ip == .anyIPv6, contains(where: { $0.ip.isIPv4 }) else { return false }
        return error == .addressNotAvailable || error == .system(EAFNOSUPPORT)
    }
}
