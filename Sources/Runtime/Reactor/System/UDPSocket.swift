import CUV
import Glibc
import Wire

/// A bound UDP socket on libuv.
final class UDPSocket: LoopHandle, DatagramSocket {
    private let network: SystemNetwork
    private var receive: (([UInt8], SocketAddress) -> Void)?
    private(set) var localAddress = SocketAddress(ip: .anyIPv4, port: 0)

    init(on network: SystemNetwork, _ receive: @escaping ([UInt8], SocketAddress) -> Void) throws(NetworkError) {
        (self.network, self.receive) = (network, receive)
        super.init(UV_UDP, on: network.loop)
        // Several datagrams by one system call: under a flood each costs a tenth less.
        try check(uv_udp_init_ex(loop.uvLoop, handle(), UInt32(AF_UNSPEC) | UV_UDP_RECVMMSG.rawValue))
        adopt()
    }

    func bind(_ local: SocketAddress) throws(NetworkError) {
        do {
            // Two families on one socket would need two ways to write every address.
            let flags = local.ip.isIPv4 ? 0 : UV_UDP_IPV6ONLY.rawValue
            try check(local.withSockAddr { address, _ in uv_udp_bind(handle(), address, flags) })
            widenReceiveBuffer(network.limits.datagramReceiveBuffer)
            localAddress = nameOfSocket { uv_udp_getsockname(handle(), $0, $1) } ?? local
            try check(
                uv_udp_recv_start(
                    handle(),
                    { raw, _, buffer in
                        LoopHandle.of(raw?.pointee.data, UDPSocket.self)?.network.lendForDatagrams(buffer)
                    },
                    { raw, count, buffer, source, _ in
                        LoopHandle.of(raw?.pointee.data, UDPSocket.self)?.received(count, buffer, source)
                    }))
        } catch {
            close()
            throw error
        }
    }

    /// Beyond the system's limit where the process may, and else up to it: a flood must not push out known peers.
    private func widenReceiveBuffer(_ bytes: Int32) {
        var (descriptor, size) = (uv_os_fd_t(), bytes)
        guard uv_fileno(handle(), &descriptor) == 0 else { return }
        let isForced =
            setsockopt(
                descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, socklen_t(MemoryLayout.size(ofValue: size))) == 0
        if !isForced { uv_recv_buffer_size(handle(), &size) }
    }

    func send(_ bytes: [UInt8], to remote: SocketAddress) {
        loop.assertCurrent()
        guard isHandleOpen else { return }
        let status = bytes.withUnsafeBytes { bytes in
            var buffer = uv_buf_t(readOnly: bytes)
            return remote.withSockAddr { address, _ in uv_udp_try_send(handle(), &buffer, 1, address) }
        }
        if status == -EAGAIN { queue(bytes, to: remote) }
    }

    func close() {
        loop.assertCurrent()
        receive = nil
        closeHandle()
    }

    override func abandon() { close() }

    private func received(_ count: Int, _ buffer: UnsafePointer<uv_buf_t>?, _ source: UnsafePointer<sockaddr>?) {
        guard count >= 0, let source, let source = SocketAddress(source), let receive else { return }
        loop.beginTurn()
        receive(SystemNetwork.copy(buffer, count), source)
    }

    /// Leaves a datagram with libuv until the kernel takes more.
    private func queue(_ bytes: [UInt8], to remote: SocketAddress) {
        let queued = uv_udp_get_send_queue_size(handle())
        guard queued + bytes.count <= network.limits.queuedBytesPerSocket else { return }
        let request = QueuedRequest<uv_udp_send_t>(bytes)
        var buffer = request.buffer
        let status = remote.withSockAddr { address, _ in
            uv_udp_send(request.header, handle(), &buffer, 1, address) { header, _ in QueuedRequest.free(header) }
        }
        if status < 0 { QueuedRequest.free(request.header) }
    }
}

/// A libuv request and a copy of the bytes it sends, in one block that its callback frees.
struct QueuedRequest<Header> {
    let header: UnsafeMutablePointer<Header>
    let buffer: uv_buf_t

    init(_ bytes: some Collection<UInt8>) {
        let size = MemoryLayout<Header>.stride
        let block = UnsafeMutableRawPointer.allocate(byteCount: size + bytes.count, alignment: 16)
        UnsafeMutableRawBufferPointer(start: block + size, count: bytes.count).copyBytes(from: bytes)
        header = block.assumingMemoryBound(to: Header.self)
        buffer = uv_buf_init((block + size).assumingMemoryBound(to: CChar.self), UInt32(bytes.count))
    }

    static func free(_ header: UnsafeMutablePointer<Header>?) {
        if let header { UnsafeMutableRawPointer(header).deallocate() }
    }
}

extension uv_buf_t {
    /// Points at bytes libuv only reads, for as long as the call that uses it lasts.
    init(readOnly bytes: UnsafeRawBufferPointer) {
        let base = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        self = uv_buf_init(base?.assumingMemoryBound(to: CChar.self), UInt32(bytes.count))
    }
}

/// Reads a socket's own or its peer's name by one of libuv's `get…name` functions.
func nameOfSocket(
    _ read: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<Int32>) -> Int32
) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = Int32(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { pointer in
        let address = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
        return read(address, &length) == 0 ? SocketAddress(address) : nil
    }
}
