import Crypto
import Wire

/// The server's part of the opening handshake (RFC 6455 §4.2) and the extension's negotiation (RFC 7692 §7).
struct WebSocketHandshake {
    let subprotocol: String?
    let usesDeflate: Bool
    private let key: String
    /// Whether the offer names our window, so that the answer has to.
    private let namesWindow: Bool

    /// Whether a request wants to become a WebSocket.
    static func isWanted(by request: HTTPRequest) -> Bool {
        request.method == .get && request.fields.list("Upgrade", contains: "websocket")
            && request.fields.list("Connection", contains: "upgrade")
    }

    /// Checks a request that wants to become a WebSocket at `endpoint`.
    init(_ request: HTTPRequest, _ endpoint: WebSocketEndpoint) throws(Failure) {
        guard request.fields.values("Sec-WebSocket-Version") == ["13"] else {
            throw Failure(.upgradeRequired, "VALIDATION_ERROR", "Версия WebSocket не поддерживается")
                .with("Sec-WebSocket-Version", "13")
        }
        guard let key = request.field("Sec-WebSocket-Key"), Base64.decode(key)?.count == 16 else {
            throw Failure(.badRequest, "VALIDATION_ERROR", "Неверный ключ WebSocket")
        }
        self.key = key
        let offered = request.fields.list("Sec-WebSocket-Protocol")
        subprotocol = endpoint.subprotocols.first { offered.contains($0) }
        guard subprotocol != nil || !endpoint.requiresSubprotocol else {
            throw Failure(.badRequest, "VALIDATION_ERROR", "Нет общего подпротокола WebSocket")
        }
        let offer = request.fields.list("Sec-WebSocket-Extensions").first(where: Self.isAcceptableOffer)
        usesDeflate = offer != nil
        namesWindow = offer?.lowercased().contains("server_max_window_bits") ?? false
    }

    /// The answer that completes the handshake.
    var response: HTTPResponse {
        var response = HTTPResponse(.switchingProtocols)
        response.fields["Upgrade"] = "websocket"
        response.fields["Connection"] = "Upgrade"
        response.fields["Sec-WebSocket-Accept"] = Self.accept(key)
        if let subprotocol { response.fields["Sec-WebSocket-Protocol"] = subprotocol }
        if usesDeflate {
            response.fields["Sec-WebSocket-Extensions"] =
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
                + (namesWindow ? "; server_max_window_bits=15" : "")
        }
        return response
    }

    static func accept(_ key: String) -> String {
        Base64.encode(Hash.sha1([UInt8]((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }

    /// Values of `client_max_window_bits`, which may be quoted (RFC 7692 §7.1.2).
    private static let windows = Set((8...15).flatMap { [Substring("=\($0)"), Substring("=\"\($0)\"")] })

    /// An offer of permessage-deflate that our full window and missing context fulfil.
    private static func isAcceptableOffer(_ offer: String) -> Bool {
        var parts = offer.split(separator: ";").map { String(Substring($0.utf8.trimmingOptionalWhitespace())) }
        guard !parts.isEmpty, ASCII.equalIgnoringCase(parts.removeFirst(), "permessage-deflate") else { return false }
        let names = parts.map { String($0.prefix { $0 != "=" }).lowercased() }
        guard Set(names).count == names.count else { return false }
        return zip(parts, names).allSatisfy { part, name in
            switch name {
            case "server_no_context_takeover", "client_no_context_takeover": part.lowercased() == name
            case "client_max_window_bits": part.lowercased() == name || windows.contains(part.dropFirst(name.count))
            case "server_max_window_bits": part.hasSuffix("=15")
            default: false
            }
        }
    }
}
