import SocketIO
import Web
import Wire

/// What carries one session's messages to its client.
enum Channel: Sendable {
    case plain(WebSocketConnection)
    case socketIO(SocketIOConnection)

    func send(_ event: EncodedEvent) {
        switch (self, event.text) {
        case (.plain(let socket), .plain): socket.post(event.message)
        case (.socketIO(let connection), .packet(let packet)):
            connection.assumeIsolated { $0.send(packet, as: event.message) }
        case (.plain, .packet), (.socketIO, .plain): break
        }
    }

    /// The socket that takes events at once, without anything else having a say.
    var direct: WebSocketConnection? {
        switch self {
        case .plain(let socket): socket
        case .socketIO(let connection): connection.assumeIsolated { $0.direct }
        }
    }

    /// Answers a message that asked for it: `body` is the object with `success`.
    func reply(_ reply: ClientMessage.Reply, _ body: JSONObject) {
        switch (self, reply) {
        case (.plain(let socket), .frame(let id)):
            var frame: JSONObject = ["type": "ack", "id": id]
            frame.fill(from: body)
            socket.send(JSONValue.object(frame).text)
        case (.socketIO(let connection), .socketIO(let id)):
            let payload = JSONValue.array([.object(body)]).encoded()
            connection.assumeIsolated { $0.send(.acknowledgement(id, payload)) }
        case (_, _):
            break
        }
    }

    /// The client has said who it is.
    func admitted() {
        if case .socketIO(let connection) = self { connection.assumeIsolated { $0.leaveStrangers() } }
    }

    func close(_ code: WebSocketCloseCode, reason: String) {
        switch self {
        case .plain(let socket): socket.close(code, reason: reason)
        case .socketIO(let connection): connection.assumeIsolated { $0.disconnect() }
        }
    }
}
