import Reactor
import SIP
import Telemetry
import Web
import Wire

/// The sockets of the endpoint: UDP, TCP and TLS listeners, WebSockets, and connections in either direction
/// (RFC 3261 section 18, RFC 5626, RFC 7118).
///
/// Lives on the loop with the endpoint. What comes in is delivered in turns of its own, failures too.
final class SIPTransports {
    let loop: any EventLoop
    let network: any Network
    let limits: TransportLimits
    let policy: TransportPolicy
    let logger: Logger
    var connections: [UInt64: SIPConnection] = [:]
    /// The connection to use towards somebody.
    var latest: [ConnectionKey: UInt64] = [:]
    var perAddress: [IPAddress: Int] = [:]
    /// How many of the connections we opened.
    var opened = 0
    /// Connections of peers that have not been authenticated.
    var strangers: Set<UInt64> = []
    var lastConnection: UInt64 = 0
    var sweep: LoopTimer?
    var outboundTLS = OutboundTLS()
    /// What is shown to whoever connects by TLS.
    private var tls: TLSContext?
    /// Why the last connection that we opened to somebody came to nothing.
    var connectionFailures = RecentTable<SocketAddress, Obstacle>(limit: 256)
    var entropy: Entropy
    private var datagrams: [any DatagramSocket] = []
    private var listeners: [any StreamListener] = []

    init(
        loop: any EventLoop, network: any Network, limits: TransportLimits, policy: TransportPolicy, logger: Logger
    ) {
        (self.loop, self.network, self.limits) = (loop, network, limits)
        (self.policy, self.logger) = (policy, logger)
        entropy = loop.makeEntropy()
    }

    var connectionCount: Int { connections.count }
    /// Where we really listen with UDP and TCP, which differs from what was asked when the port was 0.
    private(set) var localAddresses: [SocketAddress] = []
    /// Where we listen with TLS.
    private(set) var secureAddresses: [SocketAddress] = []

    // MARK: Listening

    /// UDP and TCP on each address.
    func open(on addresses: [SocketAddress]) throws(SIPEndpointError) {
        for address in addresses {
            // All families by the same port, also when the system chose it.
            let wanted = SocketAddress(
                ip: address.ip, port: address.port == 0 ? localAddresses.first?.port ?? 0 : address.port)
            let local: SocketAddress
            do throws(NetworkError) {
                let socket = try network.openDatagram(on: wanted) { [unowned self] in receive($0, from: $1) }
                datagrams.append(socket)
                local = SocketAddress(ip: address.ip, port: socket.localAddress.port)
                localAddresses.append(socket.localAddress)
            } catch {
                if addresses.canSpare(address, error) { continue }
                throw .cannotListen(wanted, transport: "UDP", error)
            }
            do throws(NetworkError) {
                listeners.append(try network.listen(on: local) { [unowned self] in accept($0, nil) })
            } catch {
                throw .cannotListen(local, transport: "TCP", error)
            }
        }
    }

    /// TLS on each address.
    func openSecure(on addresses: [SocketAddress], _ identity: TLSIdentity) throws(SIPEndpointError) {
        try show(identity)
        for address in addresses {
            let wanted = SocketAddress(
                ip: address.ip, port: address.port == 0 ? secureAddresses.first?.port ?? 0 : address.port)
            do throws(NetworkError) {
                let listener = try network.listen(on: wanted) { [unowned self] in accept($0, tls) }
                listeners.append(listener)
                secureAddresses.append(listener.localAddress)
            } catch {
                if addresses.canSpare(address, error) { continue }
                throw .cannotListen(wanted, transport: "TLS", error)
            }
        }
    }

    /// Shows an identity to whoever connects by TLS from now on; open connections stay as they are.
    func show(_ identity: TLSIdentity) throws(SIPEndpointError) {
        do throws(TLSFailure) {
            tls = try TLSContext(server: identity)
        } catch {
            throw .badIdentity(error)
        }
    }

    func close() {
        for socket in datagrams { socket.close() }
        for listener in listeners { listener.close() }
        closeConnections()
        (datagrams, listeners) = ([], [])
        if let sweep { loop.cancel(sweep) }
        sweep = nil
    }

    func closeConnections() {
        for connection in connections.values { connection.close(.goingAway) }
    }

    // MARK: Sending

    func send(_ bytes: [UInt8], over flow: Flow) {
        guard flow.transport == .udp else { return sendByConnection(bytes, flow) }
        let socket = datagrams.first { $0.localAddress.ip.isIPv4 == flow.remote.ip.isIPv4 }
        if let socket { socket.send(bytes, to: flow.remote) } else { fail(flow) }
    }

    private func sendByConnection(_ bytes: [UInt8], _ flow: Flow) {
        if let connection = connection(for: flow) {
            connection.carries(flow)
            connection.send(bytes)
        } else if let connection = connect(flow) {
            connection.carries(flow)
            connection.send(bytes)
        } else {
            fail(flow)
        }
    }

    /// The flow's own connection while it lasts, and else the latest to the same peer.
    ///
    /// Behind a proxy many pages have one address: what is for one of them goes to no other.
    func connection(for flow: Flow) -> SIPConnection? {
        if let own = connections[flow.connection], !own.isCondemned { return own }
        guard flow.transport == .tcp || flow.transport == .tls, let id = latest[ConnectionKey(flow)],
            let other = connections[id], !other.isCondemned
        else { return nil }
        return other
    }

    private func fail(_ flow: Flow) {
        loop.later { [weak self] in self?.policy.deliver(.failed(flow)) }
    }

    // MARK: Datagrams

    private func receive(_ bytes: [UInt8], from source: SocketAddress) {
        guard policy.admits(source.ip) else { return }
        let flow = Flow(transport: .udp, remote: source)
        if BindingAnswer.isSTUN(bytes) {
            let isTrusted = policy.trusts(source.ip)
            if let answer = BindingAnswer.answer(bytes, from: source, isTrusted: isTrusted) { send(answer, over: flow) }
            return
        }
        do throws(SIPParseError) {
            policy.deliver(.message(try SIPParser.parse(bytes), bytes, flow))
        } catch {
            if error.fault != .empty { policy.deliver(.malformed(error, flow)) }
        }
    }
}
