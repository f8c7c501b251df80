import CUV
package import DNS
import Glibc
package import Wire

/// Bounds of one `SystemNetwork`, so that no peer can make it grow or wait without end.
package struct NetworkLimits: Sendable {
    /// Bytes a stream may hold for a peer that does not read; past it the connection is closed (`.overflow`).
    package var queuedBytesPerConnection = 1 << 20
    /// Bytes a datagram socket may hold while the kernel's buffer is full; past it datagrams are dropped.
    package var queuedBytesPerSocket = 1 << 20
    /// Connections one listener keeps open at a time; more are accepted and closed at once.
    package var connectionsPerListener = 16_384
    package var connectTimeout = Duration.seconds(10)
    /// How long `close` waits for queued bytes to leave.
    package var lingerTimeout = Duration.seconds(5)
    /// Questions to name servers open at a time; more fail at once.
    package var lookups = 256
    /// Asked of the kernel for each UDP socket, which may grant less: a second of a flood, while the loop must wait.
    package var datagramReceiveBuffer: Int32 = 16 << 20

    package init() {}
}

/// The network of the machine, by libuv.
package final class SystemNetwork: Network, @unchecked Sendable {
    // Touched only on the loop's thread.

    let loop: ControlLoop
    let limits: NetworkLimits
    /// Where libuv puts what arrives, for as long as one callback lasts.
    ///
    /// Room for twenty of the largest datagrams, which is what it takes at once; pages that nothing is put into cost
    /// nothing.
    private let scratch = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 20 * largestDatagram)
    private static let largestDatagram = 65536
    private let names: NameResolver

    package init(
        loop: ControlLoop, limits: NetworkLimits = NetworkLimits(), names: NameServiceSettings = NameServiceSettings()
    ) {
        (self.loop, self.limits) = (loop, limits)
        self.names = NameResolver(loop: loop, settings: names, maximumOpen: limits.lookups)
    }

    deinit { scratch.deallocate() }

    package func openDatagram(
        on local: SocketAddress, receive: @escaping ([UInt8], SocketAddress) -> Void
    ) throws(NetworkError) -> any DatagramSocket {
        loop.assertCurrent()
        let socket = try UDPSocket(on: self, receive)
        try socket.bind(local)
        return socket
    }

    package func listen(
        on local: SocketAddress, accept: @escaping (any StreamConnection) -> Void
    ) throws(NetworkError) -> any StreamListener {
        loop.assertCurrent()
        let listener = try TCPListener(on: self, accept)
        try listener.bind(local)
        return listener
    }

    package func connect(to remote: SocketAddress) -> any StreamConnection {
        loop.assertCurrent()
        let connection = TCPConnection(on: self, to: remote)
        connection.open()
        return connection
    }

    package func query(_ name: String, _ kind: DNSRecordKind, then: @escaping (DNSAnswer) -> Void) {
        loop.assertCurrent()
        names.query(DNSQuestion(name, kind), then: then)
    }

    /// Lends libuv room for what one read of a stream brings.
    func lend(_ buffer: UnsafeMutablePointer<uv_buf_t>?) {
        buffer?.pointee = uv_buf_init(scratch.baseAddress, UInt32(Self.largestDatagram))
    }

    /// Lends libuv room for a batch of datagrams.
    func lendForDatagrams(_ buffer: UnsafeMutablePointer<uv_buf_t>?) {
        buffer?.pointee = uv_buf_init(scratch.baseAddress, UInt32(scratch.count))
    }

    /// Copies what libuv left in the buffer lent to it.
    static func copy(_ buffer: UnsafePointer<uv_buf_t>?, _ count: Int) -> [UInt8] {
        guard count > 0, let base = buffer?.pointee.base else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: base, count: count))
    }
}
