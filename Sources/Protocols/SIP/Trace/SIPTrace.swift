package import Wire

/// One SIP message of a call as it crossed the wire.
package struct TracedMessage: Hashable, Sendable {
    package let at: WallTime
    /// Whether the peer sent it.
    package let isIncoming: Bool
    /// `UDP`, `TCP`, `TLS`, `WS` or `WSS`.
    package let transport: String
    package let local: SocketAddress
    package let remote: SocketAddress
    package let bytes: [UInt8]

    package init(
        at: WallTime, isIncoming: Bool, transport: String, local: SocketAddress, remote: SocketAddress, bytes: [UInt8]
    ) {
        (self.at, self.isIncoming, self.transport) = (at, isIncoming, transport)
        (self.local, self.remote, self.bytes) = (local, remote, bytes)
    }

    /// The first line, at most 200 bytes of it.
    package var startLine: String {
        let line = bytes.prefix { $0 != ASCII.carriageReturn && $0 != ASCII.lineFeed }
        return String(decoding: line.prefix(200), as: UTF8.self)
    }

    package var source: SocketAddress { isIncoming ? remote : local }
    package var destination: SocketAddress { isIncoming ? local : remote }
}

/// The signalling of one call, oldest message first; secrets are blanked before it is kept or shown.
package struct SIPTrace: Hashable, Sendable {
    package let messages: [TracedMessage]

    package init(_ messages: [TracedMessage]) {
        self.messages = messages.sorted { $0.at.milliseconds < $1.at.milliseconds }
    }

    package var isEmpty: Bool { messages.isEmpty }

    /// Digest responses and media keys made unreadable, everything else byte for byte, lengths included.
    package var withoutSecrets: SIPTrace {
        SIPTrace(
            messages.map { message in
                TracedMessage(
                    at: message.at, isIncoming: message.isIncoming, transport: message.transport, local: message.local,
                    remote: message.remote, bytes: SecretMask.masked(message.bytes))
            })
    }
}

// MARK: - As the store keeps it

extension SIPTrace {
    /// A list of objects, one a message; a message that is no UTF-8 is kept in hexadecimal.
    package var json: JSONValue {
        .array(
            messages.map { message in
                var object: JSONObject = [
                    "at": .string(message.at.iso8601()), "direction": message.isIncoming ? "in" : "out",
                    "transport": .string(message.transport), "local": .string("\(message.local)"),
                    "remote": .string("\(message.remote)"),
                ]
                if let text = String(validating: message.bytes, as: UTF8.self) {
                    object.append("message", .string(text))
                } else {
                    object.append("hex", .string(Hex.encode(message.bytes)))
                }
                return .object(object)
            })
    }

    /// Reads what `json` wrote; what is no message is left out.
    package init(json: JSONValue) {
        self.init((json.arrayValue ?? []).compactMap { $0.objectValue.flatMap(TracedMessage.init(json:)) })
    }
}

extension TracedMessage {
    fileprivate init?(json object: JSONObject) {
        guard let at = object["at"]?.stringValue.flatMap({ WallTime(iso8601: $0) }),
            let direction = object["direction"]?.stringValue, let transport = object["transport"]?.stringValue,
            let local = object["local"]?.stringValue.flatMap({ SocketAddress($0) }),
            let remote = object["remote"]?.stringValue.flatMap({ SocketAddress($0) }),
            let bytes = object["message"]?.stringValue.map({ Array($0.utf8) })
                ?? object["hex"]?.stringValue.flatMap({ Hex.decode($0) })
        else { return nil }
        self.init(
            at: at, isIncoming: direction == "in", transport: transport, local: local, remote: remote, bytes: bytes)
    }
}
