import CUV
import Glibc
import Wire

/// A TCP connection on libuv, made by `connect` or by a listener.
final class TCPConnection: LoopHandle, StreamConnection {
    private enum State {
        case opening
        case open
        /// Closed by us, with bytes still to be sent.
        case flushing
        case closed
    }

    /// Seconds of silence before the kernel asks whether the peer is still there.
    private static let keepAliveSeconds: UInt32 = 60

    private(set) var localAddress = SocketAddress(ip: .anyIPv4, port: 0)
    private(set) var remoteAddress: SocketAddress
    var handler: (StreamEvent) -> Void = { _ in }
    /// Told when the connection no longer counts as open.
    var onRelease: () -> Void = {}
    private let network: SystemNetwork
    private var state = State.opening
    private var limitTimer: LoopTimer?

    init(on network: SystemNetwork, to remote: SocketAddress) {
        (self.network, remoteAddress) = (network, remote)
        super.init(UV_TCP, on: network.loop)
    }

    var queuedBytes: Int { isHandleOpen ? uv_stream_get_write_queue_size(handle()) : 0 }

    func send(_ bytes: [UInt8]) {
        loop.assertCurrent()
        guard state == .open || state == .opening, !bytes.isEmpty else { return }
        var sent = 0
        if state == .open, queuedBytes == 0 {
            let status = bytes.withUnsafeBytes { bytes in
                var buffer = uv_buf_t(readOnly: bytes)
                return uv_try_write(handle(), &buffer, 1)
            }
            if status < 0, status != -EAGAIN { return finish(.failed(NetworkError(uv: status))) }
            sent = max(0, Int(status))
        }
        if sent < bytes.count { queue(bytes[sent...]) }
    }

    func close() {
        loop.assertCurrent()
        switch state {
        case .closed, .flushing: return
        case .open where queuedBytes > 0: flush()
        case .open, .opening: finish(.local)
        }
    }

    override func abandon() {
        release()
        handler = { _ in }
    }
}

// MARK: - Opening

extension TCPConnection {
    /// Begins connecting; a failure to begin is told like any other.
    func open() {
        let status = uv_tcp_init(loop.uvLoop, handle())
        guard status == 0 else { return finish(.failed(NetworkError(uv: status))) }
        adopt()
        let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
        let begun = remoteAddress.withSockAddr { address, _ in
            uv_tcp_connect(request, handle(), address) { request, status in
                guard let request else { return }
                LoopHandle.of(request.pointee.handle.pointee.data, TCPConnection.self)?.connected(status)
                request.deallocate()
            }
        }
        guard begun == 0 else {
            request.deallocate()
            return finish(.failed(NetworkError(uv: begun)))
        }
        limitTimer = loop.schedule(after: network.limits.connectTimeout) { [weak self] in
            self?.finish(.failed(.timedOut))
        }
    }

    private func connected(_ status: Int32) {
        guard state == .opening else { return }
        loop.beginTurn()
        guard status == 0 else { return finish(.failed(NetworkError(uv: status))) }
        cancelTimer()
        opened()
        handler(.opened)
        startReading()
    }

    /// Takes the connection waiting at a listener; false when the system has no room for it.
    func accept(from listener: TCPListener) -> Bool {
        guard uv_tcp_init(loop.uvLoop, handle()) == 0 else { return false }
        adopt()
        guard uv_accept(listener.handle(), handle()) == 0 else {
            release()
            return false
        }
        opened()
        remoteAddress = nameOfSocket { uv_tcp_getpeername(handle(), $0, $1) } ?? remoteAddress
        return true
    }

    private func opened() {
        state = .open
        localAddress = nameOfSocket { uv_tcp_getsockname(handle(), $0, $1) } ?? localAddress
        // Signalling is small messages that wait for an answer: never hold one back to fill a segment.
        uv_tcp_nodelay(handle(), 1)
        uv_tcp_keepalive(handle(), 1, Self.keepAliveSeconds)
    }
}

// MARK: - Receiving

extension TCPConnection {
    func startReading() {
        guard state == .open else { return }
        let status = uv_read_start(
            handle(), { raw, _, buffer in LoopHandle.of(raw?.pointee.data, TCPConnection.self)?.network.lend(buffer) },
            { raw, count, buffer in
                LoopHandle.of(raw?.pointee.data, TCPConnection.self)?.received(count, buffer)
            })
        if status < 0 { finish(.failed(NetworkError(uv: status))) }
    }

    private func received(_ count: Int, _ buffer: UnsafePointer<uv_buf_t>?) {
        guard state == .open, count != 0 else { return }
        loop.beginTurn()
        if count > 0 {
            handler(.received(SystemNetwork.copy(buffer, count)))
        } else {
            let status = Int32(truncatingIfNeeded: count)
            finish(status == UV_EOF.rawValue ? .remote : .failed(NetworkError(uv: status)))
        }
    }
}

// MARK: - Sending and closing

extension TCPConnection {
    /// Leaves bytes with libuv until the kernel takes more.
    private func queue(_ bytes: ArraySlice<UInt8>) {
        guard queuedBytes + bytes.count <= network.limits.queuedBytesPerConnection else { return finish(.overflow) }
        let request = QueuedRequest<uv_write_t>(bytes)
        var buffer = request.buffer
        let status = uv_write(request.header, handle(), &buffer, 1) { header, status in
            if status < 0, let data = header?.pointee.handle.pointee.data {
                LoopHandle.of(data, TCPConnection.self)?.finish(.failed(NetworkError(uv: status)))
            }
            QueuedRequest.free(header)
        }
        if status < 0 {
            QueuedRequest.free(request.header)
            finish(.failed(NetworkError(uv: status)))
        }
    }

    private func flush() {
        state = .flushing
        uv_read_stop(handle())
        let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
        let status = uv_shutdown(request, handle()) { request, _ in
            guard let request else { return }
            LoopHandle.of(request.pointee.handle.pointee.data, TCPConnection.self)?.finish(.local)
            request.deallocate()
        }
        guard status == 0 else {
            request.deallocate()
            return finish(.local)
        }
        limitTimer = loop.schedule(after: network.limits.lingerTimeout) { [weak self] in self?.finish(.local) }
    }

    /// Ends the connection, once, and tells the handler in a later turn.
    private func finish(_ reason: StreamCloseReason) {
        guard state != .closed else { return }
        let reason = state == .flushing ? .local : reason
        release()
        loop.later { [self] in
            let tell = handler
            handler = { _ in }
            tell(.closed(reason))
        }
    }

    private func release() {
        state = .closed
        cancelTimer()
        closeHandle()
        onRelease()
        onRelease = {}
    }

    private func cancelTimer() {
        if let limitTimer { loop.cancel(limitTimer) }
        limitTimer = nil
    }
}
