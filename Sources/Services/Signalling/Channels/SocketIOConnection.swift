import Reactor
import SocketIO
import Telemetry
import Web
import Wire

/// Drives one Socket.IO session: joins its machine to polling requests, WebSockets and the loop's timer.
actor SocketIOConnection {
    nonisolated let loop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    nonisolated let id: String

    private unowned let server: SocketIOServer
    /// The request that opened the session.
    private let request: HTTPRequest
    private var machine: SocketIOSession
    private var sockets: [EngineSocketID: WebSocketConnection] = [:]
    private var waiting: [EngineRequestID: CheckedContinuation<EngineResponse, Never>] = [:]
    private var session: Session?
    private var timer: LoopTimer?
    /// When `timer` fires.
    private var alarm = Instant.never
    private var isFlushing = false
    /// Where events go at once, unless something of the machine's comes first.
    private(set) var direct: WebSocketConnection?
    /// Counted by the server among those that have not said who they are.
    private var isStranger = true

    /// A session that begins with a polling request, which `respond` then brings back for.
    init(id: String, polling first: EngineRequestID, request: HTTPRequest, server: SocketIOServer) {
        (self.id, self.request, self.server, loop) = (id, request, server, server.loop)
        machine = SocketIOSession(id: id, polling: first, configuration: server.configuration, now: loop.now)
    }

    init(id: String, socket: WebSocketConnection, server: SocketIOServer) {
        (self.id, request, self.server, loop) = (id, socket.request, server, server.loop)
        let first = EngineSocketID(rawValue: socket.id)
        machine = SocketIOSession(id: id, socket: first, configuration: server.configuration, now: loop.now)
        sockets = [first: socket]
    }

    // MARK: From the transports

    /// Waits for the reply to a polling request; `input` brings the request to the machine.
    func respond(
        to id: EngineRequestID, _ input: @Sendable (isolated SocketIOConnection) -> Void
    ) async -> EngineResponse {
        await withCheckedContinuation { continuation in
            waiting[id] = continuation
            input(self)
            flush()
        }
    }

    func poll(_ id: EngineRequestID) { machine.poll(id) }

    func post(_ id: EngineRequestID, _ body: [UInt8]) { machine.post(id, body: body, now: loop.now) }

    /// The client of a waiting request is gone.
    func abandon(_ id: EngineRequestID) {
        guard let continuation = waiting.removeValue(forKey: id) else { return }
        machine.abandon(id)
        continuation.resume(returning: EngineRefusal.badRequest.response)
        flush()
    }

    func attach(_ socket: WebSocketConnection) {
        let id = EngineSocketID(rawValue: socket.id)
        sockets[id] = socket
        machine.attach(id, now: loop.now)
        flush()
    }

    func receive(_ message: WebSocketMessage, from socket: UInt64) {
        let frame: EngineFrame =
            switch message {
            case .text(let text): .text(Array(text.utf8))
            case .binary(let bytes): .binary(bytes)
            }
        machine.receive(frame, from: EngineSocketID(rawValue: socket), now: loop.now)
        flush()
    }

    func detach(_ socket: UInt64) {
        let id = EngineSocketID(rawValue: socket)
        sockets[id] = nil
        machine.detach(id)
        flush()
    }

    // MARK: From the session

    /// Sends what others are sent, too: `message` is the packet on a WebSocket.
    func send(_ packet: EncodedSocketPacket, as message: SharedMessage) {
        if let direct { direct.post(message) } else { send(packet) }
    }

    func send(_ packet: EncodedSocketPacket) {
        machine.send(packet)
        flushLater()
    }

    func disconnect() {
        machine.disconnect()
        flushLater()
    }

    // MARK: Doing what the machine asks

    /// What one turn sends goes out together, so that a waiting poll takes all of it.
    private func flushLater() {
        direct = nil
        guard !isFlushing else { return }
        isFlushing = true
        loop.later { [weak self] in
            self?.assumeIsolated {
                $0.isFlushing = false
                $0.flush()
            }
        }
    }

    func flush() {
        var outputs = machine.drain()[...]
        while let output = outputs.popFirst() {
            guard case .send(let id, let frame) = output else {
                perform(output)
                continue
            }
            var messages = [WebSocketContent(frame)]
            while case .send(let other, let next)? = outputs.first, other == id {
                messages.append(WebSocketContent(next))
                outputs.removeFirst()
            }
            sockets[id]?.send(messages)
        }
        direct = machine.directSocket.flatMap { sockets[$0] }
        setTimer()
    }

    private func perform(_ output: SocketIOOutput) {
        switch output {
        case .respond(let id, let response): waiting.removeValue(forKey: id)?.resume(returning: response)
        case .send(let id, let frame): sockets[id]?.send([WebSocketContent(frame)])
        case .close(let id): sockets.removeValue(forKey: id)?.close()
        case .connect(let auth): connect(auth)
        case .event(let arguments, let acknowledgement, _): receive(arguments, acknowledgement)
        case .acknowledged: break
        case .disconnected: endSession()
        case .closed: close()
        }
    }

    private func connect(_ auth: JSONValue?) {
        do throws(Failure) {
            let session = try server.open(request, auth: auth, over: self)
            machine.accept(socketID: session.participantID)
            self.session = session
            if session.isOpen { leaveStrangers() }
            loop.later { session.assumeIsolated { $0.begin() } }
        } catch {
            machine.refuse(message: error.message)
        }
        flushLater()
    }

    /// The client is a stranger no more: it has said who it is, need not, or is gone.
    func leaveStrangers() {
        guard isStranger else { return }
        isStranger = false
        let address = request.remote.ip
        loop.later { [server] in server.assumeIsolated { $0.forgetStranger(at: address) } }
    }

    private func receive(_ arguments: [JSONValue], _ acknowledgement: UInt64?) {
        guard let session, let name = arguments.first?.stringValue else { return }
        let reply: ClientMessage.Reply = acknowledgement.map { .socketIO($0) } ?? .none
        let message = ClientMessage(name, arguments.count > 1 ? arguments[1] : .null, reply: reply)
        loop.later { session.assumeIsolated { $0.receive(message) } }
    }

    private func endSession() {
        guard let session else { return }
        self.session = nil
        loop.later { session.assumeIsolated { $0.end() } }
    }

    private func close() {
        endSession()
        leaveStrangers()
        if let timer { loop.cancel(timer) }
        timer = nil
        for continuation in waiting.values { continuation.resume(returning: EngineRefusal.unknownSession.response) }
        waiting = [:]
        let id = id
        loop.later { [server] in server.assumeIsolated { $0.forget(id) } }
    }

    /// The timer is only ever moved earlier; one that fires early finds the deadline moved and is set again.
    private func setTimer() {
        let deadline = machine.nextDeadline
        guard deadline < alarm else { return }
        if let timer { loop.cancel(timer) }
        alarm = deadline
        timer = loop.schedule(at: deadline) { [weak self] in self?.assumeIsolated { $0.timerFired() } }
    }

    private func timerFired() {
        alarm = .never
        machine.timeout(now: loop.now)
        flush()
    }
}
