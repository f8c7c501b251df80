import Wire

/// A UDP socket of a simulated host.
final class SimulatedDatagramSocket: DatagramSocket {
    /// What fits into a UDP datagram over IPv4.
    private static let longest = 65507

    let localAddress: SocketAddress
    private let host: SimulatedHost
    private let lane: Int
    private var receive: (([UInt8], SocketAddress) -> Void)?

    init(_ local: SocketAddress, on host: SimulatedHost, _ receive: @escaping ([UInt8], SocketAddress) -> Void) {
        (localAddress, self.host, self.receive) = (local, host, receive)
        lane = host.fabric.loop.makeLane()
    }

    func send(_ bytes: [UInt8], to remote: SocketAddress) {
        let fabric = host.fabric
        guard receive != nil, host.datagramSocket(at: localAddress) === self, bytes.count <= Self.longest,
            let receiver = fabric.host(at: remote.ip, from: host)
        else { return }
        let source = host.source(of: localAddress, to: remote)
        for arrival in fabric.datagramArrivals(from: host, to: receiver) {
            fabric.loop.happen(at: arrival) { receiver.datagramSocket(at: remote)?.arrived(bytes, from: source) }
        }
    }

    func close() {
        receive = nil
        host.remove(self)
    }

    private func arrived(_ bytes: [UInt8], from source: SocketAddress) {
        host.post(to: lane) { [self] in receive?(bytes, source) }
    }
}

/// A listening TCP socket of a simulated host.
final class SimulatedListener: StreamListener {
    let localAddress: SocketAddress
    private let host: SimulatedHost
    private var accept: ((any StreamConnection) -> Void)?

    init(_ local: SocketAddress, on host: SimulatedHost, _ accept: @escaping (any StreamConnection) -> Void) {
        (localAddress, self.host, self.accept) = (local, host, accept)
    }

    func close() {
        accept = nil
        host.remove(self)
    }

    /// Hands a connection to the program; false when it no longer listens.
    func take(_ stream: SimulatedStream) -> Bool {
        accept?(stream)
        return accept != nil
    }
}
