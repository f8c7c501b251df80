import Glibc
import Wire

/// A TCP client outside the loop that connects and never reads.
struct DeafPeer {
    private let descriptor: Int32

    init(port: UInt16) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let address = SocketAddress(ip: .loopbackIPv4, port: port)
        _ = address.withSockAddr { Glibc.connect(descriptor, $0, $1) }
    }

    func close() { _ = Glibc.close(descriptor) }
}
