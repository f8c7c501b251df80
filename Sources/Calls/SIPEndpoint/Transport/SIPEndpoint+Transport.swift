import Reactor
package import SIP
package import Web
package import Wire

/// What the endpoint lets others say about its connections.
extension SIPEndpoint {
    /// The WebSocket path at which browsers' SIP phones are taken (RFC 7118); each must prove itself by digest.
    ///
    /// A page of a foreign origin is refused unless `origins` allow it.
    nonisolated package func webSocket(_ path: String = "/sip", origins: OriginPolicy) -> WebSocketEndpoint {
        WebSocketEndpoint(
            path: path, subprotocols: ["sip"], requiresSubprotocol: true,
            refuse: { request in Self.refusal(of: request, origins) },
            open: { socket in self.assumeIsolated { $0.adopt(socket) } })
    }

    /// Asks the peer of an open connection of ours for signs of life until `end` (RFC 5626 section 4.4.1).
    ///
    /// The connection is closed when none comes, and everything on its flow fails. Only a peer that speaks RFC 5626 (its
    /// 200 to a REGISTER names `outbound`, or has a Flow-Timer) is sure to answer: expect nothing from others.
    package func keepAlive(_ flow: Flow, until end: Instant, expectsPong: Bool = true) {
        transports?.keepAlive(flow, until: end, expectsPong: expectsPong)
    }

    /// Browsers always name the page's origin, other programs need not.
    private static func refusal(of request: HTTPRequest, _ origins: OriginPolicy) -> HTTPResponse? {
        guard let origin = request.field("Origin") else { return nil }
        let isAllowed =
            OriginPolicy.isSameHost(origin: origin, host: request.host) || origins.allowedOrigin(for: origin) != nil
        return isAllowed ? nil : Failure(.forbidden, "FORBIDDEN", "Доступ запрещен").response
    }

    private func adopt(_ socket: WebSocketConnection) -> WebSocketHandler {
        guard let id = transports?.adopt(socket) else {
            socket.close(.tryAgainLater)
            return WebSocketHandler(onMessage: { _ in }, onClose: { _ in })
        }
        return WebSocketHandler(
            onMessage: { message in self.assumeIsolated { $0.transports?.receive(message, on: id) } },
            onClose: { _ in self.assumeIsolated { $0.transports?.socketClosed(id) } })
    }
}
