import Reactor
import Wire

/// Connections that have become WebSockets.
extension WebServer {
    func open(_ endpoint: WebSocketEndpoint, _ request: HTTPRequest, on id: UInt64) async {
        guard WebSocketHandshake.isWanted(by: request) else {
            return finish(await application.respondBeside(endpoint, to: request), on: id)
        }
        let handshake: WebSocketHandshake
        do {
            handshake = try WebSocketHandshake(request, endpoint)
        } catch {
            return finish(error.response, on: id)
        }
        let response = await application.chain(
            { request in await endpoint.refuse(request) ?? handshake.response }, endpoint.path)(request)
        guard response.status == .switchingProtocols, !isStopping, let connection = connections[id] else {
            return finish(isStopping ? Failure.overloaded.response : response, on: id)
        }
        upgrade(connection, request, endpoint, handshake, response)
    }

    private func upgrade(
        _ connection: WebConnection, _ request: HTTPRequest, _ endpoint: WebSocketEndpoint,
        _ handshake: WebSocketHandshake, _ response: HTTPResponse
    ) {
        let early = connection.http.upgrade(response, date: dateText())
        connection.task = nil
        perform(connection)
        connection.socket = WebSocketSession(
            limits: limits, deflate: handshake.usesDeflate ? deflate : nil, pingInterval: endpoint.pingInterval,
            now: loop.now)
        let handle = WebSocketConnection(
            connection, request: request, subprotocol: handshake.subprotocol, server: self)
        // The handler is made in a turn of its own, which comes before the turns of its messages.
        loop.later { connection.socketHandler = endpoint.open(handle) }
        connection.socket?.receive(early, loop.now)
        perform(connection)
    }

    func send(_ messages: [WebSocketContent], on id: UInt64) {
        guard let connection = connections[id] else { return }
        sendPosted(to: connection)
        for message in messages { connection.socket?.send(content: message) }
        perform(connection)
    }

    func closeSocket(_ id: UInt64, _ code: WebSocketCloseCode, _ reason: String) {
        guard let connection = connections[id] else { return }
        sendPosted(to: connection)
        connection.socket?.close(code, reason, loop.now)
        perform(connection)
    }

    func post(_ message: SharedMessage, to connection: WebConnection) {
        guard let earlier = connection.posted else {
            connection.posted = message
            if posts.add(connection) { loop.later { self.sendPosted() } }
            return
        }
        if earlier.count + message.count > SocketPosts.pieceLimit {
            sendPosted(to: connection)
            connection.posted = message
        } else {
            connection.posted = posts.joined(earlier, message)
        }
    }

    /// Some sockets at a time, so that thousands do not keep all others waiting.
    private func sendPosted() {
        for connection in posts.take() { sendPosted(to: connection) }
        if posts.goesOn() { loop.later { self.sendPosted() } }
    }

    func sendPosted(to connection: WebConnection) {
        guard let message = connection.posted.take(), let bytes = connection.socket?.frames(of: message) else { return }
        if !transmit(bytes, connection) { perform(connection) }
    }

    /// Sends unless the peer has stopped reading; then the socket has failed.
    func transmit(_ bytes: [UInt8], _ connection: WebConnection) -> Bool {
        guard connection.stream.queuedBytes + bytes.count > limits.socketQueue else {
            connection.stream.send(bytes)
            return true
        }
        connection.socket?.fail(.tryAgainLater, "reads too slowly")
        return false
    }
}
