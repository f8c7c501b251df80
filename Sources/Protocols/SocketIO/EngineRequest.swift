/// The transport a request names.
package enum EngineTransport: String, Hashable, Sendable {
    case polling
    case webSocket = "websocket"
}

/// A request to the Engine.IO path, judged before a session is looked at.
package struct EngineRequest: Hashable, Sendable {
    package enum Method: Hashable, Sendable {
        case get
        case post
        case other
    }

    package let method: Method
    package let transport: EngineTransport
    /// Nil asks for a session.
    package let sessionID: String?

    /// Judges the method and the query of a request; `isWebSocket` when it asks to become one.
    package init(
        method: Method, version: String?, transport: String?, sessionID: String?, isWebSocket: Bool
    ) throws(EngineRefusal) {
        guard let transport = transport.flatMap(EngineTransport.init) else { throw .unknownTransport }
        (self.method, self.transport, self.sessionID) = (method, transport, sessionID)
        guard sessionID == nil else {
            guard isWebSocket == (transport == .webSocket) else { throw .badRequest }
            return
        }
        guard method == .get else { throw .badHandshakeMethod }
        guard isWebSocket == (transport == .webSocket) else { throw .badRequest }
        guard version == "4" else { throw .unsupportedVersion }
    }
}

/// Why a request is answered with 400; the numbers are the protocol's.
package enum EngineRefusal: Int, Error, Hashable, Sendable {
    case unknownTransport = 0
    case unknownSession = 1
    case badHandshakeMethod = 2
    case badRequest = 3
    case unsupportedVersion = 5

    package var message: String {
        switch self {
        case .unknownTransport: "Transport unknown"
        case .unknownSession: "Session ID unknown"
        case .badHandshakeMethod: "Bad handshake method"
        case .badRequest: "Bad request"
        case .unsupportedVersion: "Unsupported protocol version"
        }
    }

    package var response: EngineResponse {
        let body = "{\"code\":\(rawValue),\"message\":\"\(message)\"}"
        return EngineResponse(status: 400, contentType: "application/json", body: Array(body.utf8))
    }
}

/// The reply to a polling request.
package struct EngineResponse: Hashable, Sendable {
    package let status: Int
    package let contentType: String
    package let body: [UInt8]

    package init(status: Int, contentType: String = "text/plain; charset=UTF-8", body: [UInt8]) {
        (self.status, self.contentType, self.body) = (status, contentType, body)
    }

    static let ok = EngineResponse(status: 200, body: Array("ok".utf8))
}
