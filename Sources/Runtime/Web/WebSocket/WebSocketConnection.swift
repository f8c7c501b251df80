/// One open WebSocket connection, as its endpoint's handler sees it.
///
/// Everything is called on the server's loop. What is sent after the end is dropped; a peer that does not read what it
/// is sent is closed with 1013 when `WebLimits.socketQueue` bytes wait for it.
package final class WebSocketConnection: Sendable {
    /// Unique in this server.
    package let id: UInt64
    /// The request that asked for the upgrade.
    package let request: HTTPRequest
    /// The subprotocol that was agreed on.
    package let subprotocol: String?
    private let server: WebServer
    /// Touched on the server's loop alone.
    nonisolated(unsafe) let connection: WebConnection

    init(_ connection: WebConnection, request: HTTPRequest, subprotocol: String?, server: WebServer) {
        (id, self.request, self.subprotocol, self.server) = (connection.id, request, subprotocol, server)
        self.connection = connection
    }

    package func send(_ text: String) { send(.text(text)) }

    package func send(_ bytes: [UInt8]) { send(.binary(bytes)) }

    /// Sends text that is UTF-8 already, so that many connections share it.
    package func send(utf8 text: [UInt8]) { send([.text(text)]) }

    package func send(_ message: WebSocketMessage) {
        switch message {
        case .text(let text): send(utf8: Array(text.utf8))
        case .binary(let bytes): send([.binary(bytes)])
        }
    }

    /// Several at once leave in one piece.
    package func send(_ messages: [WebSocketContent]) {
        server.assumeIsolated { $0.send(messages, on: id) }
    }

    /// Sends what others are sent, too.
    ///
    /// It leaves with what else this turn of the loop posts, in one piece and before any later `send`.
    package func post(_ message: SharedMessage) { Self.post(message, to: [self]) }

    /// The same for many sockets of one server.
    package static func post(_ message: SharedMessage, to sockets: [WebSocketConnection]) {
        sockets.first?.server.assumeIsolated { server in
            for socket in sockets { server.post(message, to: socket.connection) }
        }
    }

    /// Begins the closing handshake; `onClose` comes when it is done, or five seconds later.
    package func close(_ code: WebSocketCloseCode = .normal, reason: String = "") {
        server.assumeIsolated { $0.closeSocket(id, code, reason) }
    }
}

/// A message as it is sent: text is UTF-8 already, so that many connections share it.
package enum WebSocketContent: Sendable {
    case text([UInt8])
    case binary([UInt8])
}
