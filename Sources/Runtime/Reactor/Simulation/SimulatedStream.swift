import Wire

/// One end of a simulated TCP connection: reliable, in order, cut into pieces at random points.
final class SimulatedStream: StreamConnection {
    enum State {
        case opening
        case open
        /// Closed by us, with bytes still to be sent.
        case flushing
        case closed
    }

    /// How long unacknowledged bytes keep a connection alive; Linux gives up after some 15 minutes.
    private static let patience = Duration.seconds(900)
    private static let firstPause = Duration.seconds(1)

    let number: Int
    let host: SimulatedHost
    let lane: Int
    let localAddress: SocketAddress
    let remoteAddress: SocketAddress
    var handler: (StreamEvent) -> Void = { _ in }
    private(set) var state = State.opening
    private var peer: SimulatedStream?
    private var outbox: [UInt8] = []
    private var lastArrival = Instant.zero
    private var stalledSince: Instant?
    private var inbox: [UInt8] = []

    init(number: Int, local: SocketAddress, remote: SocketAddress, on host: SimulatedHost) {
        (self.number, self.host, localAddress, remoteAddress) = (number, host, local, remote)
        lane = host.fabric.loop.makeLane()
    }

    private var fabric: SimulatedNetwork { host.fabric }
    private var loop: SimulatedLoop { host.fabric.loop }

    var queuedBytes: Int { outbox.count }

    func send(_ bytes: [UInt8]) {
        guard state == .open || state == .opening, !bytes.isEmpty else { return }
        guard outbox.count + bytes.count <= fabric.limits.queuedBytesPerConnection else { return abort(.overflow) }
        outbox += bytes
        transmit()
    }

    func close() {
        switch state {
        case .closed, .flushing: return
        case .opening: finish(.local)
        case .open:
            state = .flushing
            transmit()
            guard state == .flushing else { return }
            loop.happen(at: loop.now + fabric.limits.lingerTimeout) { [self] in finish(.local) }
        }
    }

    /// Ends the connection as the machine's restart does: nobody here is told.
    func die(announcing: Bool) {
        state = .closed
        handler = { _ in }
        if announcing { reset(peer) }
        peer = nil
    }
}

// MARK: - Opening

extension SimulatedStream {
    func connect() { knock(until: loop.now + fabric.limits.connectTimeout, pause: Self.firstPause) }

    /// Sends a SYN, again and again while nothing gets through.
    private func knock(until deadline: Instant, pause: Duration) {
        guard state == .opening else { return }
        if let receiver = fabric.host(at: remoteAddress.ip, from: host),
            let arrival = fabric.streamArrival(from: host, to: receiver), arrival < deadline
        {
            loop.happen(at: arrival) { [self] in arrive(at: receiver, deadline) }
        } else if loop.now + pause < deadline {
            loop.happen(at: loop.now + pause) { [self] in knock(until: deadline, pause: pause * 2) }
        } else {
            loop.happen(at: deadline) { [self] in finish(.failed(.timedOut)) }
        }
    }

    private func arrive(at receiver: SimulatedHost, _ deadline: Instant) {
        guard state == .opening else { return }
        guard let answer = fabric.streamArrival(from: receiver, to: host), answer < deadline else {
            loop.happen(at: deadline) { [self] in finish(.failed(.timedOut)) }
            return
        }
        guard let listener = receiver.listener(at: remoteAddress) else {
            loop.happen(at: answer) { [self] in finish(.failed(.refused)) }
            return
        }
        let server = receiver.addStream(local: remoteAddress, remote: localAddress)
        (server.peer, peer, server.state) = (self, server, .open)
        receiver.post(to: server.lane) { if !listener.take(server) { server.abort(.local) } }
        // What the server sends at once arrives after its consent.
        server.lastArrival = answer
        loop.happen(at: answer) { [self] in
            guard state == .opening else { return reset(server) }
            host.post(to: lane) { [self] in opened() }
        }
    }

    private func opened() {
        guard state == .opening else { return }
        state = .open
        handler(.opened)
        transmit()
    }
}

// MARK: - Carrying

extension SimulatedStream {
    /// Sends what waits, and after the last byte the end of the stream.
    private func transmit() {
        guard state == .open || state == .flushing, stalledSince == nil, let peer else { return }
        guard !outbox.isEmpty || state == .flushing else { return }
        guard let arrival = fabric.streamArrival(from: host, to: peer.host) else {
            stalledSince = loop.now
            return retry()
        }
        lastArrival = max(lastArrival, arrival)
        let bytes = outbox
        outbox = []
        if !bytes.isEmpty { loop.happen(at: lastArrival) { [self] in peer.arrived(bytes, from: self) } }
        guard state == .flushing else { return }
        loop.happen(at: lastArrival) { peer.ended() }
        finish(.local)
    }

    /// Tries again in a second, for as long as patience lasts.
    private func retry() {
        loop.happen(at: loop.now + Self.firstPause) { [self] in
            guard let since = stalledSince, state != .closed else { return }
            guard loop.now - since < Self.patience else { return finish(.failed(.timedOut)) }
            stalledSince = nil
            transmit()
            if stalledSince != nil { stalledSince = since }
        }
    }

    private func arrived(_ bytes: [UInt8], from sender: SimulatedStream) {
        // A machine that knows nothing of the connection answers with a reset.
        guard state != .closed else { return reset(sender) }
        inbox += bytes
        host.post(to: lane) { [self] in deliver() }
    }

    /// Hands over some of what has arrived: all of it, or up to a random point.
    private func deliver() {
        guard state == .open, !inbox.isEmpty else { return }
        let count = fabric.happens(0.5) ? inbox.count : Int.random(in: 1...inbox.count, using: &fabric.entropy)
        let bytes = Array(inbox.prefix(count))
        inbox.removeFirst(count)
        if !inbox.isEmpty { host.post(to: lane) { [self] in deliver() } }
        handler(.received(bytes))
    }

    private func ended() {
        host.post(to: lane) { [self] in
            if inbox.isEmpty || state != .open { finish(.remote) } else { ended() }
        }
    }
}

// MARK: - Ending

extension SimulatedStream {
    /// Ends the connection at both ends, without regard to bytes under way.
    private func abort(_ reason: StreamCloseReason) {
        reset(peer)
        finish(reason)
    }

    private func reset(_ peer: SimulatedStream?) {
        guard let peer, peer.state != .closed, let arrival = fabric.streamArrival(from: host, to: peer.host) else {
            return
        }
        loop.happen(at: max(arrival, lastArrival)) { peer.finish(.failed(.reset)) }
    }

    /// Ends the connection, once, and tells the handler in a later turn.
    private func finish(_ reason: StreamCloseReason) {
        guard state != .closed else { return }
        let reason = state == .flushing ? .local : reason
        state = .closed
        outbox = []
        peer = nil
        host.remove(self)
        host.post(to: lane) { [self] in
            let tell = handler
            handler = { _ in }
            tell(.closed(reason))
        }
    }
}
