/// A path where WebSocket connections are taken.
package struct WebSocketEndpoint: Sendable {
    /// Without a trailing slash, which requests may have: `/ws`.
    package let path: String
    /// Subprotocols we speak; the first one the client names too is chosen, none if it names none of them.
    package let subprotocols: [String]
    /// Rejects the connection if none of the client's subprotocols is ours (`/sip` must speak `sip`).
    package let requiresSubprotocol: Bool
    /// How often a ping is sent; two without a sign of life end the connection.
    ///
    /// Nil for protocols that have their own.
    package let pingInterval: Duration?
    /// Looks at origin and token before the upgrade; anything but nil is sent instead of it.
    package let refuse: @Sendable (HTTPRequest) async -> HTTPResponse?
    /// Makes what answers an open connection; runs on the loop in a turn of its own.
    package let open: @Sendable (WebSocketConnection) -> WebSocketHandler

    package init(
        path: String, subprotocols: [String] = [], requiresSubprotocol: Bool = false,
        pingInterval: Duration? = .seconds(25),
        refuse: @escaping @Sendable (HTTPRequest) async -> HTTPResponse? = { _ in nil },
        open: @escaping @Sendable (WebSocketConnection) -> WebSocketHandler
    ) {
        self.path = path
        self.subprotocols = subprotocols
        self.requiresSubprotocol = requiresSubprotocol
        self.pingInterval = pingInterval
        self.refuse = refuse
        self.open = open
    }
}

/// What is told of a connection; each call comes on the loop in a turn of its own.
package struct WebSocketHandler: Sendable {
    package let onMessage: @Sendable (WebSocketMessage) -> Void
    /// Comes exactly once, and last.
    package let onClose: @Sendable (WebSocketClosure) -> Void

    package init(
        onMessage: @escaping @Sendable (WebSocketMessage) -> Void,
        onClose: @escaping @Sendable (WebSocketClosure) -> Void
    ) {
        self.onMessage = onMessage
        self.onClose = onClose
    }
}

/// A whole message, put together from its fragments; text is valid UTF-8.
package enum WebSocketMessage: Sendable, Equatable {
    case text(String)
    case binary([UInt8])
}

/// How a connection ended.
package struct WebSocketClosure: Sendable, Equatable {
    package let code: WebSocketCloseCode
    package let reason: String
    /// Whether we ended it.
    package let isLocal: Bool

    package init(code: WebSocketCloseCode, reason: String = "", isLocal: Bool) {
        (self.code, self.reason, self.isLocal) = (code, reason, isLocal)
    }
}

/// The codes of RFC 6455 §7.4.
package struct WebSocketCloseCode: Hashable, Sendable {
    package let rawValue: UInt16

    package init(_ rawValue: UInt16) { self.rawValue = rawValue }

    package static let normal = WebSocketCloseCode(1000)
    package static let goingAway = WebSocketCloseCode(1001)
    package static let protocolError = WebSocketCloseCode(1002)
    /// Never sent: the peer's close had no code.
    package static let none = WebSocketCloseCode(1005)
    /// Never sent: the connection broke without a close.
    package static let abnormal = WebSocketCloseCode(1006)
    package static let invalidData = WebSocketCloseCode(1007)
    package static let policyViolation = WebSocketCloseCode(1008)
    package static let messageTooBig = WebSocketCloseCode(1009)
    package static let internalError = WebSocketCloseCode(1011)
    package static let tryAgainLater = WebSocketCloseCode(1013)

    /// Whether it may stand in a close frame.
    package var mayBeSent: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
