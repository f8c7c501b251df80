package import Reactor
package import Telemetry
package import Wire

/// HTTP/1.1, WebSocket and HTTPS on the control loop.
///
/// Each request is answered in a task of its own, which belongs to its connection and is cancelled with it; this is the
/// only place that makes tasks.
package actor WebServer {
    package nonisolated let loop: any EventLoop
    nonisolated let application: WebApplication
    nonisolated let limits: WebLimits
    private let network: any Network
    private let logger: Logger
    let deflate = PerMessageDeflate()
    private var entropy: Entropy
    private var date = (second: Int64.min, text: "")
    private var listeners: [any StreamListener] = []
    /// What is shown to whoever connects by TLS.
    private var tls: TLSContext?
    var connections: [UInt64: WebConnection] = [:]
    private var perAddress: AddressTally
    /// Bytes of requests and messages in memory, of all connections together.
    private(set) var heldBytes = 0
    private var lastID: UInt64 = 0
    var isStopping = false
    private var stopWaiters: [CheckedContinuation<Void, Never>] = []
    /// Sockets that something is posted to.
    var posts = SocketPosts()

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    package init(
        loop: any EventLoop, network: any Network, application: WebApplication, limits: WebLimits = WebLimits(),
        logger: Logger = .silent
    ) {
        self.loop = loop
        self.network = network
        self.application = application
        self.limits = limits
        self.logger = logger
        perAddress = AddressTally(limit: limits.connectionsPerAddress)
        // Request ids are names, not secrets: one seed is enough, and a system call for each would show.
        var seed = loop.makeEntropy()
        entropy = Entropy(seed: seed.next())
    }

    /// Connections of every kind, and those of them that are open WebSockets.
    package var connectionCount: Int { connections.count }
    package var socketCount: Int { connections.values.count { $0.socket?.isOpen == true } }

    /// Accepts connections at an address, in TLS when an identity is given, which all addresses then show; answers the
    /// address bound.
    @discardableResult
    package func listen(on local: SocketAddress, identity: TLSIdentity? = nil) throws(WebError) -> SocketAddress {
        if let identity { try show(identity) }
        let isSecure = identity != nil
        do {
            let listener = try network.listen(on: local) { stream in self.accept(stream, isSecure: isSecure) }
            listeners.append(listener)
            return listener.localAddress
        } catch {
            throw .cannotListen(local, error)
        }
    }

    /// Accepts connections at a port of all addresses of the machine, of both families where it has both.
    package func listen(onPort port: UInt16, identity: TLSIdentity? = nil) throws(WebError) {
        let everywhere = [SocketAddress(ip: .anyIPv4, port: port), SocketAddress(ip: .anyIPv6, port: port)]
        for address in everywhere {
            do throws(WebError) {
                try listen(on: address, identity: identity)
            } catch {
                if case .cannotListen(_, let reason) = error, everywhere.canSpare(address, reason) { continue }
                throw error
            }
        }
    }

    /// Shows an identity to whoever connects by TLS from now on; open connections stay as they are.
    package func show(_ identity: TLSIdentity) throws(WebError) {
        do {
            tls = try TLSContext(server: identity)
        } catch {
            throw .badIdentity(error)
        }
    }

    /// Stops accepting, closes WebSockets with 1001, lets requests be answered, and ends what is left after `grace`.
    package func stop(within grace: Duration) async {
        isStopping = true
        for listener in listeners { listener.close() }
        listeners = []
        for connection in connections.values { drain(connection) }
        let deadline = loop.schedule(after: grace) { self.abandonAll() }
        await withCheckedContinuation { continuation in
            stopWaiters.append(continuation)
            tellStopped()
        }
        loop.cancel(deadline)
    }

    private func abandonAll() {
        for connection in connections.values { connection.stream.close() }
    }

    private func tellStopped() {
        guard isStopping, connections.isEmpty else { return }
        for waiter in stopWaiters { waiter.resume() }
        stopWaiters = []
    }

    /// The present moment as the `Date` field has it, written once a second.
    func dateText() -> String {
        let now = loop.wallTime
        if now.seconds != date.second { date = (now.seconds, HTTPDate.text(now)) }
        return date.text
    }
}

// MARK: - Connections

extension WebServer {
    private func accept(_ transport: any StreamConnection, isSecure: Bool) {
        guard connections.count < limits.connections, !isStopping else {
            logger.warn("connection refused: too many", [LogField("limit", limits.connections)])
            return transport.close()
        }
        var stream = transport
        if isSecure {
            guard let tls, let secured = TLSConnection(over: transport, context: tls, now: loop.wallTime) else {
                return transport.close()
            }
            stream = secured
        }
        guard !isCounted(stream.remoteAddress.ip) || perAddress.admit(stream.remoteAddress.ip) else {
            logger.warn(
                "connection refused: too many of one address", [LogField("limit", limits.connectionsPerAddress)])
            return stream.close()
        }
        lastID += 1
        let id = lastID
        let connection = WebConnection(
            id: id, stream: stream, isTLS: isSecure, http: HTTPSession(limits: limits, now: loop.now))
        connections[id] = connection
        stream.handler = { event in self.handle(event, connection) }
        perform(connection)
    }

    /// Neither this machine nor a proxy of ours is one client.
    private func isCounted(_ address: IPAddress) -> Bool { !address.isLoopback && !application.trustsProxy }

    private func handle(_ event: StreamEvent, _ connection: WebConnection) {
        switch event {
        case .opened: break
        case .received(let bytes):
            if !hasRoom(for: bytes.count, connection) { connection.overload(loop.now) }
            connection.receive(bytes, loop.now)
            perform(connection)
        case .closed:
            connection.socket?.transportClosed()
            perform(connection)
            forget(connection)
        }
    }

    private func forget(_ connection: WebConnection) {
        connection.task?.cancel()
        if let timer = connection.timer { loop.cancel(timer) }
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        heldBytes -= connection.countedBytes
        let address = connection.stream.remoteAddress.ip
        if isCounted(address) { perAddress.release(address) }
        tellStopped()
    }

    private func drain(_ connection: WebConnection) {
        if connection.socket != nil {
            sendPosted(to: connection)
            connection.socket?.close(.goingAway, "server stops", loop.now)
        } else {
            connection.http.drain()
        }
        perform(connection)
    }

    /// Whether more bytes of a client may be held.
    private func hasRoom(for count: Int, _ connection: WebConnection) -> Bool {
        heldBytes + count <= limits.heldBytes || connection.countedBytes + count <= limits.heldBytesAnyway
    }

    private func count(_ connection: WebConnection) {
        guard connections[connection.id] != nil else { return }
        let held = connection.heldBytes
        heldBytes += held - connection.countedBytes
        connection.countedBytes = held
    }

    /// Does what the connection's machine asks for, then sets its alarm.
    func perform(_ connection: WebConnection) {
        while let output = connection.http.nextOutput() {
            switch output {
            case .send(let bytes): connection.stream.send(bytes)
            case .close: connection.stream.close()
            case .request(let head, let body): start(head, body, connection)
            }
        }
        while let output = connection.socket?.nextOutput() {
            switch output {
            case .send(var bytes):
                while let more = connection.socket?.nextFrame() { bytes += more }
                _ = transmit(bytes, connection)
            case .message(let message):
                loop.later { connection.socketHandler?.onMessage(message) }
            case .ended(let closure):
                loop.later {
                    connection.socketHandler?.onClose(closure)
                    connection.socketHandler = nil
                }
                connection.stream.close()
            }
        }
        count(connection)
        setAlarm(connection)
    }

    /// Timers are only ever moved earlier; one that fires early finds the deadline moved and is set again.
    private func setAlarm(_ connection: WebConnection) {
        let deadline = connection.nextDeadline
        guard deadline != .never, deadline < connection.alarm, connections[connection.id] != nil else { return }
        if let timer = connection.timer { loop.cancel(timer) }
        connection.alarm = deadline
        connection.timer = loop.schedule(at: deadline) { self.alarm(connection) }
    }

    private func alarm(_ connection: WebConnection) {
        connection.alarm = .never
        connection.timer = nil
        if connection.nextDeadline <= loop.now, connection.isMakingProgress() {
            // A slow client that takes its answer is not idle.
            connection.alarm = loop.now + limits.stallTimeout
            connection.timer = loop.schedule(at: connection.alarm) { self.alarm(connection) }
            return
        }
        if connection.socket != nil {
            connection.socket?.timeout(loop.now)
        } else {
            connection.http.timeout(loop.now)
        }
        perform(connection)
    }
}

// MARK: - Requests

extension WebServer {
    private func start(_ head: RequestHead, _ body: [UInt8], _ connection: WebConnection) {
        var request = HTTPRequest(
            method: head.method, target: head.target, fields: head.fields, body: body,
            remote: connection.stream.remoteAddress, isTLS: connection.isTLS, host: head.host, id: requestID(head))
        if application.trustsProxy { request.believeProxy() }
        let id = connection.id
        // Whatever is done for a request knows which one it is.
        let parent = request.field("traceparent").flatMap { TraceContext.isValid($0) ? $0 : nil }
        let isTrusted = !isCounted(connection.stream.remoteAddress.ip)
        connection.task = TraceContext.$parent.withValue(parent) {
            TraceContext.$isParentTrusted.withValue(isTrusted) { serve(request, on: id) }
        }
    }

    private func serve(_ request: HTTPRequest, on id: UInt64) -> Task<Void, Never> {
        let endpoint = application.sockets.first { $0.path == request.plainPath }
        return Task {
            if let endpoint {
                await self.open(endpoint, request, on: id)
            } else {
                self.finish(await self.application.respond(to: request), on: id)
            }
        }
    }

    /// The client's own id when it is short and plain, so that a call can be followed through several systems.
    private func requestID(_ head: RequestHead) -> String {
        if let given = head.fields["X-Request-Id"], 1...128 ~= given.utf8.count,
            given.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || "-_.:".utf8.contains($0) })
        {
            return given
        }
        return UUID(using: &entropy).description
    }

    func finish(_ response: HTTPResponse, on id: UInt64) {
        guard let connection = connections[id] else { return }
        connection.task = nil
        connection.http.respond(response, date: dateText(), loop.now)
        perform(connection)
    }
}
