package import Wire

/// What a Socket.IO session asks of its driver.
package enum SocketIOOutput: Hashable, Sendable {
    case respond(EngineRequestID, EngineResponse)
    case send(EngineSocketID, EngineFrame)
    case close(EngineSocketID)
    /// The client asks to connect with this auth object: call `accept` or `refuse`.
    case connect(auth: JSONValue?)
    /// The name and arguments of an event; `acknowledgement` is there when the client waits for a reply.
    case event(arguments: [JSONValue], acknowledgement: UInt64?, attachments: [[UInt8]])
    /// The client's reply to an event of ours.
    case acknowledged(UInt64, arguments: [JSONValue])
    /// The client left the namespace; its transport stays.
    case disconnected
    /// The session is over; only refusals can follow.
    case closed(EngineCloseReason)
}

/// One Socket.IO version 5 client on an Engine.IO session, in the main namespace.
///
/// It turns messages into events, puts binary attachments back to their event, and closes on whatever breaks the
/// protocol, as the reference server does.
package struct SocketIOSession: Sendable {
    private enum State {
        case waiting
        case connecting
        case connected
        case left
        /// The client broke the protocol: what it still says is not heard.
        case broken
    }

    /// A packet whose attachments are still to come.
    private struct Assembly {
        let packet: SocketPacket
        var attachments: [[UInt8]] = []
        var bytes = 0
    }

    private var engine: EngineSession
    private var state = State.waiting
    private var connectDeadline: Instant
    private var assembly: Assembly?
    private var outputs: [SocketIOOutput] = []

    package init(id: String, polling request: EngineRequestID, configuration: EngineConfiguration, now: Instant) {
        engine = EngineSession(id: id, polling: request, configuration: configuration, now: now)
        connectDeadline = now + configuration.connectTimeout
        pump()
    }

    package init(id: String, socket: EngineSocketID, configuration: EngineConfiguration, now: Instant) {
        engine = EngineSession(id: id, socket: socket, configuration: configuration, now: now)
        connectDeadline = now + configuration.connectTimeout
        pump()
    }

    /// The transport's id, which the client repeats in each request.
    package var id: String { engine.id }
    package var isClosed: Bool { engine.isClosed }
    package var isConnected: Bool { state == .connected && !isClosed }
    package var nextDeadline: Instant { isClosed ? .never : min(engine.nextDeadline, connectDeadline) }

    /// Takes what has come up since the last call.
    package mutating func drain() -> [SocketIOOutput] {
        pump()
        defer { outputs = [] }
        return outputs
    }

    // MARK: From the transport

    package mutating func poll(_ request: EngineRequestID) { engine.poll(request) }

    package mutating func post(_ request: EngineRequestID, body: [UInt8], now: Instant) {
        engine.post(request, body: body, now: now)
        pump()
    }

    package mutating func abandon(_ request: EngineRequestID) { engine.abandon(request) }

    package mutating func attach(_ socket: EngineSocketID, now: Instant) { engine.attach(socket, now: now) }

    package mutating func receive(_ frame: EngineFrame, from socket: EngineSocketID, now: Instant) {
        engine.receive(frame, from: socket, now: now)
        pump()
    }

    package mutating func detach(_ socket: EngineSocketID) { engine.detach(socket) }

    package mutating func timeout(now: Instant) {
        if connectDeadline <= now { engine.close(.connectTimeout) }
        engine.timeout(now: now)
    }

    // MARK: From the application

    /// Grants the CONNECT; `socketID` is what the client knows itself by, and not the transport's id.
    package mutating func accept(socketID: String) {
        guard state == .connecting else { return }
        state = .connected
        connectDeadline = .never
        engine.send(EncodedSocketPacket.connected(socketID: socketID).frame)
    }

    /// Refuses the CONNECT with a message; the client may try again within its time.
    package mutating func refuse(message: String) {
        guard state == .connecting else { return }
        state = .waiting
        let payload = JSONValue.object(["message": .string(message)])
        engine.send(EncodedSocketPacket.connectError(namespace: "/", payload.encoded()).frame)
    }

    /// The WebSocket that packets may be written to without this machine, because it would do nothing else with them.
    package var directSocket: EngineSocketID? {
        state == .connected && outputs.isEmpty ? engine.directSocket : nil
    }

    package mutating func send(_ packet: EncodedSocketPacket) {
        if isConnected { engine.send(packet.frame) }
    }

    /// Tells the client that it is disconnected, and closes.
    package mutating func disconnect() {
        if isConnected { engine.send(EncodedSocketPacket.disconnect.frame) }
        engine.close(.serverClosed)
    }

    /// Closes without a word, as on a slow reader.
    package mutating func close(_ reason: EngineCloseReason) { engine.close(reason) }
}

// MARK: - Packets

extension SocketIOSession {
    /// Turns what the engine has into outputs; closing on a broken packet makes a second, last batch.
    private mutating func pump() {
        while case let batch = engine.drain(), !batch.isEmpty {
            for output in batch { forward(output) }
        }
    }

    private mutating func forward(_ output: EngineOutput) {
        switch output {
        case .respond(let request, let response): outputs.append(.respond(request, response))
        case .send(let socket, let frame): outputs.append(.send(socket, frame))
        case .close(let socket): outputs.append(.close(socket))
        case .closed(let reason): outputs.append(.closed(reason))
        case .message(let text): receive(text)
        case .binary(let bytes): receive(attachment: bytes)
        }
    }

    private mutating func receive(_ text: [UInt8]) {
        guard state != .broken else { return }
        guard assembly == nil, let packet = try? SocketPacket(parsing: text) else { return breakOff() }
        guard packet.attachments == 0 else {
            guard state == .connected else { return breakOff() }
            return assembly = Assembly(packet: packet)
        }
        perform(packet, attachments: [])
    }

    private mutating func receive(attachment bytes: [UInt8]) {
        guard state != .broken else { return }
        guard var open = assembly, open.bytes + bytes.count <= engine.configuration.maximumPayload else {
            return breakOff()
        }
        open.attachments.append(bytes)
        open.bytes += bytes.count
        let isComplete = open.attachments.count == open.packet.attachments
        assembly = isComplete ? nil : open
        if isComplete { perform(open.packet, attachments: open.attachments) }
    }

    private mutating func perform(_ packet: SocketPacket, attachments: [[UInt8]]) {
        switch (packet.kind, state) {
        case (.connect, _) where packet.namespace != "/":
            let payload = Array("{\"message\":\"Invalid namespace\"}".utf8)
            engine.send(EncodedSocketPacket.connectError(namespace: packet.namespace, payload).frame)
        case (_, _) where packet.namespace != "/":
            breakOff()
        case (.connect, .waiting), (.connect, .left):
            state = .connecting
            outputs.append(.connect(auth: packet.payload))
        case (.disconnect, .connected):
            state = .left
            outputs.append(.disconnected)
        case (.event, .connected), (.binaryEvent, .connected):
            let arguments = packet.payload?.arrayValue ?? []
            outputs.append(
                .event(arguments: arguments, acknowledgement: packet.acknowledgement, attachments: attachments))
        case (.acknowledgement, .connected), (.binaryAcknowledgement, .connected):
            guard let id = packet.acknowledgement else { return breakOff() }
            outputs.append(.acknowledged(id, arguments: packet.payload?.arrayValue ?? []))
        default:
            breakOff()
        }
    }

    private mutating func breakOff() {
        state = .broken
        engine.close(.protocolError)
    }
}
