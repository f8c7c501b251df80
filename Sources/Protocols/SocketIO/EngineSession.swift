package import Wire

/// A polling request that waits for its reply; the driver makes the numbers.
package struct EngineRequestID: Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A WebSocket that belongs, or wants to belong, to a session; the driver makes the numbers.
package struct EngineSocketID: Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Times and sizes of a session; the defaults are those the API contract announces.
package struct EngineConfiguration: Hashable, Sendable {
    package var pingInterval: Duration = .seconds(25)
    package var pingTimeout: Duration = .seconds(20)
    package var upgradeTimeout: Duration = .seconds(10)
    package var connectTimeout: Duration = .seconds(45)
    /// Bytes of one request body or WebSocket message.
    package var maximumPayload = 1_000_000
    /// Bytes that may wait for a client that does not poll.
    package var maximumQueuedBytes = 4_000_000

    package init() {}
}

package enum EngineCloseReason: Hashable, Sendable {
    case clientClosed
    case transportClosed
    case pingTimeout
    case connectTimeout
    case protocolError
    case payloadTooLarge
    case slowReader
    case serverClosed
}

/// What a session asks of its driver; messages come in the order they arrived.
package enum EngineOutput: Hashable, Sendable {
    case respond(EngineRequestID, EngineResponse)
    case send(EngineSocketID, EngineFrame)
    case close(EngineSocketID)
    case message([UInt8])
    case binary([UInt8])
    /// The session id is dead; only refusals can follow.
    case closed(EngineCloseReason)
}

/// One Engine.IO version 4 session on the server's side: polling, WebSocket, and the way from one to the other.
///
/// Requests and frames go in with the current time, outputs are drained after each call, `nextDeadline` says when to
/// call `timeout`. A session that is closed refuses whatever still comes.
package struct EngineSession: Sendable {
    private enum Path {
        case polling(pending: EngineRequestID?)
        case webSocket(EngineSocketID)
        case closed
    }

    /// A WebSocket that has not taken over yet.
    private struct Candidate {
        let socket: EngineSocketID
        let deadline: Instant
        var isProbed = false
    }

    private enum Heartbeat {
        case resting(until: Instant)
        case awaitingPong(until: Instant)
    }

    package let id: String
    package let configuration: EngineConfiguration
    private var path: Path
    private var candidate: Candidate?
    private var heartbeat: Heartbeat
    private var queue: [EngineFrame] = []
    private var queuedBytes = 0
    private var outputs: [EngineOutput] = []

    /// Opens a session by a polling request, which is answered with the handshake.
    package init(id: String, polling request: EngineRequestID, configuration: EngineConfiguration, now: Instant) {
        self.init(id: id, path: .polling(pending: nil), configuration: configuration, now: now)
        let open = EnginePacket(.open, handshake(upgrades: "\"websocket\"")).frame
        outputs = [.respond(request, EngineResponse(status: 200, body: EnginePayload.encode([open])))]
    }

    /// Opens a session on a WebSocket, which gets the handshake as its first message.
    package init(id: String, socket: EngineSocketID, configuration: EngineConfiguration, now: Instant) {
        self.init(id: id, path: .webSocket(socket), configuration: configuration, now: now)
        outputs = [.send(socket, EnginePacket(.open, handshake(upgrades: "")).frame)]
    }

    private init(id: String, path: Path, configuration: EngineConfiguration, now: Instant) {
        (self.id, self.path, self.configuration) = (id, path, configuration)
        heartbeat = .resting(until: now + configuration.pingInterval)
    }

    private func handshake(upgrades: String) -> String {
        "{\"sid\":\"\(id)\",\"upgrades\":[\(upgrades)]"
            + ",\"pingInterval\":\(configuration.pingInterval.wholeMilliseconds)"
            + ",\"pingTimeout\":\(configuration.pingTimeout.wholeMilliseconds)"
            + ",\"maxPayload\":\(configuration.maximumPayload)}"
    }

    package var isClosed: Bool {
        if case .closed = path { true } else { false }
    }

    /// The WebSocket that carries the session, when nothing waits to be sent on it.
    var directSocket: EngineSocketID? {
        guard case .webSocket(let socket) = path, outputs.isEmpty else { return nil }
        return socket
    }

    package var nextDeadline: Instant {
        if isClosed { return .never }
        let beat =
            switch heartbeat {
            case .resting(let until), .awaitingPong(let until): until
            }
        return min(beat, candidate?.deadline ?? .never)
    }

    /// Takes what has come up since the last call; a waiting poll is answered with all that is queued.
    package mutating func drain() -> [EngineOutput] {
        if case .polling(let pending?) = path, !queue.isEmpty {
            respond(pending, with: takeQueue())
            path = .polling(pending: nil)
        }
        defer { outputs = [] }
        return outputs
    }
}

// MARK: - Polling

extension EngineSession {
    /// A GET: answered now if something waits for the client, else when something does.
    package mutating func poll(_ request: EngineRequestID) {
        switch path {
        case .closed:
            outputs.append(.respond(request, EngineRefusal.unknownSession.response))
        case .webSocket:
            outputs.append(.respond(request, EngineRefusal.badRequest.response))
        case .polling(_?):
            outputs.append(.respond(request, EngineRefusal.badRequest.response))
            close(.protocolError)
        case .polling(nil) where candidate?.isProbed == true && queue.isEmpty:
            respond(request, with: [EnginePacket(.noop).frame])
        case .polling(nil):
            path = .polling(pending: request)
        }
    }

    /// A POST with its whole body.
    package mutating func post(_ request: EngineRequestID, body: [UInt8], now: Instant) {
        guard case .polling = path else {
            let refusal: EngineRefusal = isClosed ? .unknownSession : .badRequest
            return outputs.append(.respond(request, refusal.response))
        }
        guard body.count <= configuration.maximumPayload else {
            outputs.append(.respond(request, EngineResponse(status: 413, body: [])))
            return close(.payloadTooLarge)
        }
        guard let messages = EnginePayload.decode(body) else {
            outputs.append(.respond(request, EngineRefusal.badRequest.response))
            return close(.protocolError)
        }
        outputs.append(.respond(request, .ok))
        for message in messages { receive(message, now: now) }
    }

    /// The client gave up a request that was waiting.
    package mutating func abandon(_ request: EngineRequestID) {
        guard case .polling(request) = path else { return }
        path = .polling(pending: nil)
        close(.transportClosed)
    }

    private mutating func respond(_ request: EngineRequestID, with frames: [EngineFrame]) {
        outputs.append(.respond(request, EngineResponse(status: 200, body: EnginePayload.encode(frames))))
    }

    private mutating func takeQueue() -> [EngineFrame] {
        defer { (queue, queuedBytes) = ([], 0) }
        return queue
    }
}

// MARK: - WebSocket

extension EngineSession {
    /// A WebSocket came with this session's id and wants to take over.
    package mutating func attach(_ socket: EngineSocketID, now: Instant) {
        guard case .polling = path, candidate == nil else { return outputs.append(.close(socket)) }
        candidate = Candidate(socket: socket, deadline: now + configuration.upgradeTimeout)
    }

    package mutating func receive(_ frame: EngineFrame, from socket: EngineSocketID, now: Instant) {
        if case .webSocket(socket) = path {
            guard frame.count <= configuration.maximumPayload else { return close(.payloadTooLarge) }
            guard let message = EngineMessage(frame) else { return close(.protocolError) }
            receive(message, now: now)
        } else if candidate?.socket == socket {
            probe(frame, socket)
        } else if !isClosed {
            outputs.append(.close(socket))
        }
    }

    package mutating func detach(_ socket: EngineSocketID) {
        if candidate?.socket == socket { candidate = nil }
        guard case .webSocket(socket) = path else { return }
        path = .polling(pending: nil)
        close(.transportClosed)
    }

    /// The two steps of a take-over: a probe that is echoed, then the word to change.
    private mutating func probe(_ frame: EngineFrame, _ socket: EngineSocketID) {
        switch EngineMessage(frame) {
        case .packet(EnginePacket(.ping, "probe")):
            candidate?.isProbed = true
            outputs.append(.send(socket, EnginePacket(.pong, "probe").frame))
            releasePoll()
        case .packet(EnginePacket(.upgrade)) where candidate?.isProbed == true:
            releasePoll()
            candidate = nil
            path = .webSocket(socket)
            for frame in takeQueue() { outputs.append(.send(socket, frame)) }
        default:
            candidate = nil
            outputs.append(.close(socket))
        }
    }

    /// Ends a waiting poll with nothing in it, so that the client can stop polling.
    private mutating func releasePoll() {
        guard case .polling(let pending?) = path else { return }
        respond(pending, with: queue.isEmpty ? [EnginePacket(.noop).frame] : takeQueue())
        path = .polling(pending: nil)
    }
}

// MARK: - Both

extension EngineSession {
    package mutating func send(_ frame: EngineFrame) {
        switch path {
        case .closed:
            return
        case .webSocket(let socket):
            outputs.append(.send(socket, frame))
        case .polling:
            queue.append(frame)
            queuedBytes += frame.count
            if queuedBytes > configuration.maximumQueuedBytes { close(.slowReader) }
        }
    }

    /// Ends the session: a waiting poll is told, a WebSocket is closed.
    package mutating func close(_ reason: EngineCloseReason) {
        switch path {
        case .closed:
            return
        case .polling(let pending):
            if let pending {
                let last = EnginePacket(reason == .clientClosed ? .noop : .close).frame
                respond(pending, with: takeQueue() + [last])
            }
        case .webSocket(let socket):
            outputs.append(.close(socket))
        }
        if let candidate { outputs.append(.close(candidate.socket)) }
        (path, candidate, queue, queuedBytes) = (.closed, nil, [], 0)
        outputs.append(.closed(reason))
    }

    package mutating func timeout(now: Instant) {
        if let candidate, candidate.deadline <= now {
            outputs.append(.close(candidate.socket))
            self.candidate = nil
        }
        switch heartbeat {
        case .resting(let until) where until <= now:
            heartbeat = .awaitingPong(until: now + configuration.pingTimeout)
            send(EnginePacket(.ping).frame)
        case .awaitingPong(let until) where until <= now:
            close(.pingTimeout)
        default:
            break
        }
    }

    private mutating func receive(_ message: EngineMessage, now: Instant) {
        guard !isClosed else { return }
        switch message {
        case .binary(let bytes):
            outputs.append(.binary(bytes))
        case .packet(let packet):
            switch packet.kind {
            case .message: outputs.append(.message(packet.text))
            case .pong: heartbeat = .resting(until: now + configuration.pingInterval)
            case .close: close(.clientClosed)
            case .ping: close(.protocolError)
            case .open, .upgrade, .noop: break
            }
        }
    }
}
