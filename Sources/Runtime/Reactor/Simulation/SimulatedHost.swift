package import DNS
package import Wire

/// A machine on a simulated network, and the `Network` of the program that runs on it.
package final class SimulatedHost: Network, @unchecked Sendable {
    // Touched only on the loop. The network outlives its hosts.

    /// Where ports chosen by the system begin (RFC 6335).
    private static let firstEphemeralPort: UInt16 = 49152

    package let addresses: [IPAddress]
    unowned let fabric: SimulatedNetwork
    let number: Int
    private var datagrams: [SocketAddress: SimulatedDatagramSocket] = [:]
    private var listeners: [SocketAddress: SimulatedListener] = [:]
    private var streams: [Int: SimulatedStream] = [:]
    private var lastStream = 0
    private var lastPort = firstEphemeralPort
    private var life = 0

    init(number: Int, addresses: [IPAddress], on fabric: SimulatedNetwork) {
        (self.number, self.addresses, self.fabric) = (number, addresses, fabric)
    }

    /// Sockets, listeners and connections open now.
    package var openSockets: Int { datagrams.count + listeners.count + streams.count }

    package func openDatagram(
        on local: SocketAddress, receive: @escaping ([UInt8], SocketAddress) -> Void
    ) throws(NetworkError) -> any DatagramSocket {
        let address = try vacant(local, among: datagrams)
        let socket = SimulatedDatagramSocket(address, on: self, receive)
        datagrams[address] = socket
        return socket
    }

    package func listen(
        on local: SocketAddress, accept: @escaping (any StreamConnection) -> Void
    ) throws(NetworkError) -> any StreamListener {
        let address = try vacant(local, among: listeners)
        let listener = SimulatedListener(address, on: self, accept)
        listeners[address] = listener
        return listener
    }

    package func connect(to remote: SocketAddress) -> any StreamConnection {
        let wildcard = SocketAddress(ip: .anyIPv4, port: ephemeralPort())
        let stream = addStream(local: source(of: wildcard, to: remote), remote: remote)
        stream.connect()
        return stream
    }

    package func query(_ name: String, _ kind: DNSRecordKind, then: @escaping (DNSAnswer) -> Void) {
        let question = DNSQuestion(name, kind)
        let lane = fabric.loop.makeLane()
        if let answer = question.answerWithoutService() {
            post(to: lane) { then(answer) }
            return
        }
        let (answer, delay) = fabric.names.ask(question)
        guard delay > .zero else { return post(to: lane) { then(answer) } }
        let life = life
        fabric.loop.happen(at: fabric.loop.now + delay) { [self] in
            if life == self.life { post(to: lane) { then(answer) } }
        }
    }

    /// The machine loses power and comes back with nothing open.
    ///
    /// Its programs hear nothing more from their sockets. Peers find out when they next send, unless only the program
    /// was killed (`announcing`): then the system resets its connections at once.
    package func restart(announcing: Bool = false) {
        life += 1
        let dying = streams.sorted { $0.key < $1.key }.map(\.value)
        (datagrams, listeners, streams) = ([:], [:], [:])
        for stream in dying { stream.die(announcing: announcing) }
    }

    /// Queues a callback of the program; it dies with the machine.
    func post(to lane: Int, _ job: @escaping LoopJob) {
        fabric.loop.post(to: lane) { [life] in
            if life == self.life { job() }
        }
    }
}

// MARK: - Addresses

extension SimulatedHost {
    /// The address a packet carries that leaves a socket bound to `local`.
    func source(of local: SocketAddress, to remote: SocketAddress) -> SocketAddress {
        guard local.ip.isUnspecified else { return local }
        if remote.ip.isLoopback { return SocketAddress(ip: remote.ip, port: local.port) }
        let ip = addresses.first { $0.isIPv4 == remote.ip.isIPv4 } ?? local.ip
        return SocketAddress(ip: ip, port: local.port)
    }

    func datagramSocket(at address: SocketAddress) -> SimulatedDatagramSocket? { bound(to: address, among: datagrams) }
    func listener(at address: SocketAddress) -> SimulatedListener? { bound(to: address, among: listeners) }

    private func bound<Socket>(to address: SocketAddress, among sockets: [SocketAddress: Socket]) -> Socket? {
        let any = address.ip.isIPv4 ? IPAddress.anyIPv4 : .anyIPv6
        return sockets[address] ?? sockets[SocketAddress(ip: any, port: address.port)]
    }

    private func vacant<Socket>(
        _ wanted: SocketAddress, among sockets: [SocketAddress: Socket]
    ) throws(NetworkError) -> SocketAddress {
        guard wanted.ip.isUnspecified || wanted.ip.isLoopback || addresses.contains(wanted.ip) else {
            throw .addressNotAvailable
        }
        let address = SocketAddress(ip: wanted.ip, port: wanted.port == 0 ? ephemeralPort() : wanted.port)
        let clash = sockets.keys.contains { other in
            other.port == address.port && other.ip.isIPv4 == address.ip.isIPv4
                && (other.ip == address.ip || other.ip.isUnspecified || address.ip.isUnspecified)
        }
        guard !clash else { throw .addressInUse }
        return address
    }

    private func ephemeralPort() -> UInt16 {
        lastPort = lastPort == .max ? Self.firstEphemeralPort : lastPort + 1
        return lastPort
    }
}

// MARK: - Sockets

extension SimulatedHost {
    func addStream(local: SocketAddress, remote: SocketAddress) -> SimulatedStream {
        lastStream += 1
        let stream = SimulatedStream(number: lastStream, local: local, remote: remote, on: self)
        streams[lastStream] = stream
        return stream
    }

    func remove(_ stream: SimulatedStream) { streams[stream.number] = nil }

    func remove(_ socket: SimulatedDatagramSocket) {
        if datagrams[socket.localAddress] === socket { datagrams[socket.localAddress] = nil }
    }

    func remove(_ listener: SimulatedListener) {
        if listeners[listener.localAddress] === listener { listeners[listener.localAddress] = nil }
    }
}
