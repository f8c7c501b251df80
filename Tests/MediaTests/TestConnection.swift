import Glibc
import Synchronization
import Wire

/// A TCP connection of a test's browser to the gateway's port: packets with their length in front (RFC 4571).
final class TestConnection: PeerSocket {
    let address: SocketAddress
    private let descriptor: Int32
    private let arrived = Mutex<[UInt8]>([])

    init(to gateway: SocketAddress) throws {
        descriptor = socket(gateway.ip.isIPv4 ? AF_INET : AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        let connecting = descriptor
        guard gateway.withSockAddr({ connect(connecting, $0, $1) }) == 0 else { throw RigError.noSocket }
        guard let own = SocketAddress(ofSocket: connecting) else { throw RigError.noSocket }
        address = own
    }

    deinit { Glibc.close(descriptor) }

    static func frame(_ packet: [UInt8]) -> [UInt8] { [UInt8(packet.count >> 8), UInt8(packet.count & 255)] + packet }

    func send(_ bytes: [UInt8], to _: SocketAddress) { sendRaw(Self.frame(bytes)) }

    func sendRaw(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

    func receive(milliseconds: Int32) -> [UInt8]? {
        while true {
            if let packet = nextPacket() { return packet }
            guard let bytes = read(milliseconds), !bytes.isEmpty else { return nil }
            arrived.withLock { $0 += bytes }
        }
    }

    /// Waits until the gateway has closed the connection.
    func isClosed() -> Bool {
        while let bytes = read(5000) {
            if bytes.isEmpty { return true }
        }
        return false
    }

    private func nextPacket() -> [UInt8]? {
        arrived.withLock { bytes in
            guard bytes.count >= 2 else { return nil }
            let length = Int(bytes[0]) << 8 | Int(bytes[1])
            guard bytes.count >= 2 + length else { return nil }
            defer { bytes.removeFirst(2 + length) }
            return Array(bytes[2..<2 + length])
        }
    }

    /// Some bytes, none at the end, nil when none come in time.
    private func read(_ milliseconds: Int32) -> [UInt8]? {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, milliseconds) > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let length = recv(descriptor, &bytes, bytes.count, 0)
        return length > 0 ? Array(bytes[..<length]) : []
    }
}
