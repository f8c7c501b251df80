import Reactor
import SIP
import Telemetry
import Web
import Wire

/// Connections from their beginning to their end.
extension SIPTransports {
    /// How often connections are looked at for idleness.
    private static let sweepInterval: Duration = .seconds(10)
    private static let ping: [UInt8] = Array("\r\n\r\n".utf8)
    private static let pong: [UInt8] = Array("\r\n".utf8)

    // MARK: Beginning

    func accept(_ stream: any StreamConnection, _ context: TLSContext?) {
        let remote = stream.remoteAddress
        guard hasRoom(for: remote.ip), perAddress[remote.ip, default: 0] < limits.connectionsPerAddress else {
            return stream.close()
        }
        guard let context else {
            _ = add(.stream(stream), Flow(transport: .tcp, remote: remote), role: .accepted, isOpen: true)
            return
        }
        // A handshake costs more than a message does.
        guard policy.admits(remote.ip),
            let secured = TLSConnection(over: stream, context: context, now: loop.wallTime)
        else { return stream.close() }
        _ = add(.stream(secured), Flow(transport: .tls, remote: remote), role: .accepted, isOpen: false)
    }

    /// Whether somebody may connect: strangers have half the room, so that they never keep out those we know.
    func hasRoom(for source: IPAddress) -> Bool {
        guard connections.count - opened < limits.connections else { return false }
        return strangers.count < limits.connections / 2 || policy.trusts(source)
    }

    /// Opens a connection for a flow; nil when that cannot be.
    ///
    /// Those we open are counted apart: whoever comes to us does not keep us from going out.
    func connect(_ flow: Flow) -> SIPConnection? {
        guard flow.canBeOpened, flow.connection == 0 || flow.domain != nil,
            opened < limits.connections
        else { return nil }
        var stream = network.connect(to: flow.remote)
        if flow.transport == .tls {
            guard let domain = flow.domain, let secured = secure(stream, domain) else {
                stream.close()
                return nil
            }
            stream = secured
        }
        let own = Flow(transport: flow.transport, remote: flow.remote, domain: flow.domain)
        return add(.stream(stream), own, role: .opened, isOpen: false)
    }

    private func secure(_ stream: any StreamConnection, _ domain: String) -> TLSConnection? {
        do throws(TLSFailure) {
            return TLSConnection(over: stream, context: try outboundTLS.context(for: domain), now: loop.wallTime)
        } catch {
            logger.error(
                "TLS cannot be spoken", [LogField("domain", domain), LogField("reason", error.description)])
            return nil
        }
    }

    private func add(
        _ carrier: SIPConnection.Carrier, _ flow: Flow, role: StreamFramer.Role, isOpen: Bool
    ) -> SIPConnection {
        lastConnection += 1
        let id = lastConnection
        var own = flow
        own.connection = id
        let connection = SIPConnection(flow: own, carrier: carrier, role: role, isOpen: isOpen, now: loop.now)
        connections[id] = connection
        if role == .opened {
            opened += 1
        } else if !policy.trusts(flow.remote.ip) {
            strangers.insert(id)
        }
        latest[connection.key] = id
        if case .stream(let stream) = carrier {
            perAddress[flow.remote.ip, default: 0] += 1
            stream.handler = { [weak self] in self?.handle($0, id) }
        }
        if !isOpen { connection.openBy = loop.now + limits.handshake }
        setAlarm(connection)
        scheduleSweep()
        return connection
    }

    private func handle(_ event: StreamEvent, _ id: UInt64) {
        guard let connection = connections[id] else { return }
        switch event {
        case .opened:
            connection.isOpen = true
            if connection.role == .opened { connectionFailures[connection.remote] = nil }
            connection.heardFrom(at: loop.now)
        case .received(let bytes): receive(bytes, connection)
        case .closed(let reason):
            report(reason, connection)
            remove(connection)
        }
    }

    // MARK: Receiving

    private func receive(_ bytes: [UInt8], _ connection: SIPConnection) {
        guard !connection.isCondemned else { return }
        connection.heardFrom(at: loop.now)
        connection.framer.receive(bytes)
        do throws(SIPParseError) {
            while !connection.isCondemned, let element = try connection.framer.next() {
                switch element {
                case .message(let bytes): take(bytes, connection, framing: .stream)
                case .ping: connection.send(Self.pong)
                case .pong: break
                }
            }
        } catch {
            // Nothing tells where the next message begins.
            policy.deliver(.malformed(error, connection.flow))
            connection.close()
        }
    }

    private func take(_ bytes: [UInt8], _ connection: SIPConnection, framing: SIPParser.Framing) {
        guard policy.admits(connection.remote.ip) else { return }
        connection.heardMessage(at: loop.now)
        do throws(SIPParseError) {
            policy.deliver(.message(try SIPParser.parse(bytes, framing: framing), bytes, connection.flow))
        } catch {
            policy.deliver(.malformed(error, connection.flow))
        }
    }

    // MARK: WebSockets

    /// Takes an open WebSocket over; nil when there is no room for it.
    func adopt(_ socket: WebSocketConnection) -> UInt64? {
        guard hasRoom(for: socket.request.remote.ip) else { return nil }
        let flow = Flow(transport: socket.request.isTLS ? .wss : .ws, remote: socket.request.remote)
        return add(.socket(socket), flow, role: .accepted, isOpen: true).id
    }

    /// One message is one SIP message, or a keep-alive (RFC 7118 section 4).
    func receive(_ message: WebSocketMessage, on id: UInt64) {
        guard let connection = connections[id], !connection.isCondemned else { return }
        let bytes: [UInt8]
        switch message {
        case .text(let text): bytes = Array(text.utf8)
        case .binary(let binary): bytes = binary
        }
        connection.heardFrom(at: loop.now)
        if bytes.allSatisfy({ $0 == ASCII.carriageReturn || $0 == ASCII.lineFeed }) {
            if bytes == Self.ping { connection.send(Self.pong) }
            return
        }
        guard bytes.count <= SIPLimits.messageBytes else { return connection.close(.messageTooBig) }
        take(bytes, connection, framing: .datagram)
    }

    func socketClosed(_ id: UInt64) {
        if let connection = connections[id] { remove(connection) }
    }

    // MARK: Keeping

    /// Keeps a connection open while a registration of the peer's rests on it.
    func keep(_ flow: Flow, until end: Instant) {
        guard let connection = connections[flow.connection] else { return }
        strangers.remove(flow.connection)
        connection.keptUntil = max(connection.keptUntil, end)
    }

    /// Keeps a connection alive that a registration of ours rests on.
    func keepAlive(_ flow: Flow, until end: Instant, expectsPong: Bool) {
        guard let connection = connection(for: flow), connection.role == .opened else { return }
        connection.keepAlive.extend(until: end, expectsPong: expectsPong, now: loop.now, &entropy)
        setAlarm(connection)
    }

    private func setAlarm(_ connection: SIPConnection) {
        if let alarm = connection.alarm { loop.cancel(alarm) }
        let deadline = connection.nextDeadline
        guard deadline != .never else { return connection.alarm = nil }
        connection.alarm = loop.schedule(at: deadline) { [weak self, weak connection] in
            guard let self, let connection else { return }
            alarm(connection)
        }
    }

    private func alarm(_ connection: SIPConnection) {
        connection.alarm = nil
        guard connections[connection.id] === connection, !connection.isCondemned else { return }
        if !connection.isOpen, connection.openBy <= loop.now {
            logger.info("no connection in time", [LogField("flow", connection.flow.description)])
            return connection.close()
        }
        switch connection.keepAlive.advance(to: loop.now, &entropy) {
        case .nothing: break
        case .ping: connection.send(Self.ping)
        case .dead:
            logger.warn("a connection gives no sign of life", [LogField("flow", connection.flow.description)])
            return connection.close()
        }
        setAlarm(connection)
    }

    private func scheduleSweep() {
        guard sweep == nil else { return }
        sweep = loop.schedule(after: Self.sweepInterval) { [weak self] in
            guard let self else { return }
            sweep = nil
            let now = loop.now
            for connection in connections.values
            where connection.isIdle(now, limits, isTrusted: policy.trusts(connection.remote.ip))
                && !policy.isUsed(connection.flow)
            {
                connection.close()
            }
            if !connections.isEmpty { scheduleSweep() }
        }
    }

    // MARK: Ending

    private func remove(_ connection: SIPConnection) {
        connections[connection.id] = nil
        strangers.remove(connection.id)
        if connection.role == .opened { opened -= 1 }
        if latest[connection.key] == connection.id { latest[connection.key] = nil }
        if case .stream = connection.carrier {
            let others = perAddress[connection.remote.ip, default: 1] - 1
            perAddress[connection.remote.ip] = others > 0 ? others : nil
        }
        if let alarm = connection.alarm { loop.cancel(alarm) }
        for flow in connection.flows { policy.deliver(.failed(flow)) }
    }

    /// Whoever we called upon is worth a line; of callers there are too many that mean no good.
    private func report(_ reason: StreamCloseReason, _ connection: SIPConnection) {
        guard case .failed(let error) = reason else { return }
        let why: String
        if case .tls(let failure) = error { why = failure.description } else { why = "\(error)" }
        let fields = [LogField("flow", connection.flow.description), LogField("reason", why)]
        if connection.role == .opened {
            if case .tls = error {
                connectionFailures[connection.remote] = .secureConnection(why)
            } else {
                connectionFailures[connection.remote] = .connection(why)
            }
            logger.warn("a connection failed", fields)
        } else {
            logger.debug("a connection failed", fields)
        }
    }
}
