import CUV
import Wire

/// A TCP socket that accepts connections, on libuv.
final class TCPListener: LoopHandle, StreamListener {
    /// Connections the kernel holds until the loop comes to accept them.
    private static let backlog: Int32 = 1024

    private let network: SystemNetwork
    private var accept: ((any StreamConnection) -> Void)?
    private var openConnections = 0
    private(set) var localAddress = SocketAddress(ip: .anyIPv4, port: 0)

    init(on network: SystemNetwork, _ accept: @escaping (any StreamConnection) -> Void) throws(NetworkError) {
        (self.network, self.accept) = (network, accept)
        super.init(UV_TCP, on: network.loop)
        try check(uv_tcp_init(loop.uvLoop, handle()))
        adopt()
    }

    func bind(_ local: SocketAddress) throws(NetworkError) {
        do {
            let flags = local.ip.isIPv4 ? 0 : UV_TCP_IPV6ONLY.rawValue
            try check(local.withSockAddr { address, _ in uv_tcp_bind(handle(), address, flags) })
            try check(
                uv_listen(handle(), Self.backlog) { raw, status in
                    guard status == 0 else { return }
                    LoopHandle.of(raw?.pointee.data, TCPListener.self)?.acceptNext()
                })
            localAddress = nameOfSocket { uv_tcp_getsockname(handle(), $0, $1) } ?? local
        } catch {
            close()
            throw error
        }
    }

    func close() {
        loop.assertCurrent()
        accept = nil
        closeHandle()
    }

    override func abandon() { close() }

    private func acceptNext() {
        guard let accept else { return }
        let unknown = SocketAddress(ip: .anyIPv4, port: 0)
        let connection = TCPConnection(on: network, to: unknown)
        guard connection.accept(from: self) else { return }
        guard openConnections < network.limits.connectionsPerListener else {
            connection.close()
            return
        }
        openConnections += 1
        connection.onRelease = { [weak self] in self?.openConnections -= 1 }
        loop.beginTurn()
        accept(connection)
        connection.startReading()
    }
}
