package import Wire

/// A packet of Socket.IO protocol version 5, without its attachments.
package struct SocketPacket: Hashable, Sendable {
    package enum Kind: UInt8, Sendable {
        case connect = 0x30
        case disconnect
        case event
        case acknowledgement
        case connectError
        case binaryEvent
        case binaryAcknowledgement
    }

    /// Attachments of one packet.
    package static let maximumAttachments = 16
    package static let jsonLimits = JSONLimits(depth: 32, values: 20_000)

    package let kind: Kind
    package let attachments: Int
    /// `/` when none is named.
    package let namespace: String
    package let acknowledgement: UInt64?
    /// Nil when the packet ends before it.
    package let payload: JSONValue?

    package init(
        _ kind: Kind, attachments: Int = 0, namespace: String = "/", acknowledgement: UInt64? = nil,
        payload: JSONValue? = nil
    ) {
        (self.kind, self.attachments, self.namespace) = (kind, attachments, namespace)
        (self.acknowledgement, self.payload) = (acknowledgement, payload)
    }
}

/// A packet that breaks the protocol; its connection is closed.
package struct SocketProtocolError: Error, Hashable, Sendable {}

extension SocketPacket {
    /// Reads `<type>[<attachments>-][<namespace>,][<ack id>]<json>` and checks the payload against the type.
    package init(parsing text: [UInt8]) throws(SocketProtocolError) {
        var rest = text[...]
        guard let first = rest.popFirst(), let kind = Kind(rawValue: first) else { throw SocketProtocolError() }
        var attachments = 0
        if kind == .binaryEvent || kind == .binaryAcknowledgement {
            attachments = try Self.attachments(&rest)
        }
        let namespace = Self.namespace(&rest)
        let digits = rest.prefix(while: ASCII.isDigit)
        rest = rest.dropFirst(digits.count)
        guard
            let acknowledgement = digits.isEmpty
                ? .some(nil) : ASCII.decimal(digits, maximumDigits: 18).map(Optional.some)
        else { throw SocketProtocolError() }
        var payload: JSONValue?
        if !rest.isEmpty {
            payload = try? JSONValue(parsing: rest, limits: Self.jsonLimits)
            guard payload != nil else { throw SocketProtocolError() }
        }
        self.init(
            kind, attachments: attachments, namespace: namespace, acknowledgement: acknowledgement, payload: payload)
        guard hasFittingPayload else { throw SocketProtocolError() }
    }

    private static func attachments(_ rest: inout ArraySlice<UInt8>) throws(SocketProtocolError) -> Int {
        let digits = rest.prefix(while: ASCII.isDigit)
        rest = rest.dropFirst(digits.count)
        guard let count = ASCII.decimal(digits, maximumDigits: 3), count <= Self.maximumAttachments,
            rest.popFirst() == UInt8(ascii: "-")
        else { throw SocketProtocolError() }
        return Int(count)
    }

    private static func namespace(_ rest: inout ArraySlice<UInt8>) -> String {
        guard rest.first == UInt8(ascii: "/") else { return "/" }
        let name = rest.prefix { $0 != UInt8(ascii: ",") }
        rest = rest.dropFirst(name.count + 1)
        return String(decoding: name, as: UTF8.self)
    }

    private var hasFittingPayload: Bool {
        switch kind {
        case .connect:
            return payload == nil || payload?.objectValue != nil
        case .disconnect:
            return payload == nil
        case .event, .binaryEvent:
            return payload?[0]?.stringValue != nil
        case .acknowledgement, .binaryAcknowledgement:
            return payload?.arrayValue != nil && acknowledgement != nil
        case .connectError:
            return true
        }
    }
}

/// Text for the wire, made once however many sockets it goes to.
package struct EncodedSocketPacket: Hashable, Sendable {
    /// The Engine.IO message that carries the packet.
    package let frame: EngineFrame

    private init(head: String, payload: [UInt8]) {
        frame = .text(Array("4\(head)".utf8) + payload)
    }

    /// An event: `payload` is the JSON array of its name and arguments.
    package static func event(_ payload: [UInt8]) -> EncodedSocketPacket {
        EncodedSocketPacket(head: "2", payload: payload)
    }

    /// The reply to an event that asked for one: `payload` is the JSON array of its arguments.
    package static func acknowledgement(_ id: UInt64, _ payload: [UInt8]) -> EncodedSocketPacket {
        EncodedSocketPacket(head: "3\(id)", payload: payload)
    }

    static func connected(socketID: String) -> EncodedSocketPacket {
        EncodedSocketPacket(head: "0", payload: Array("{\"sid\":\"\(socketID)\"}".utf8))
    }

    static let disconnect = EncodedSocketPacket(head: "1", payload: [])

    /// A refused CONNECT: `payload` is a JSON object with a message.
    static func connectError(namespace: String, _ payload: [UInt8]) -> EncodedSocketPacket {
        EncodedSocketPacket(head: namespace == "/" ? "4" : "4\(namespace),", payload: payload)
    }
}
