import SocketIO
import Web
import Wire

/// One event for clients, not yet in anybody's style.
struct SignallingEvent: Sendable, Equatable {
    let name: String
    /// Nil for events without a payload.
    let payload: JSONValue?

    init(_ name: String, _ payload: JSONValue? = nil) { (self.name, self.payload) = (name, payload) }

    init(_ name: String, _ payload: JSONObject) { self.init(name, .object(payload)) }
}

/// How a client is spoken to.
enum EventStyle: Sendable, Hashable {
    /// `{"type":"…", …}`; a payload that is no object stands under `data`.
    case flat
    /// `{"event":"…","data":…}`
    case wrapped
    case socketIO
    /// The same for clients that asked for numbers: a last argument has them where the payload is no object.
    ///
    /// Handlers of others may not take one argument more than the documents say.
    case numberedSocketIO

    /// The style of a client that has asked for numbers.
    var numbered: EventStyle { self == .socketIO ? .numberedSocketIO : self }
}

/// An event in the text of one style, with the message that all sockets of that style share.
struct EncodedEvent: Sendable, Equatable {
    enum Text: Sendable, Equatable {
        /// UTF-8.
        case plain([UInt8])
        case packet(EncodedSocketPacket)
    }

    let text: Text
    let message: SharedMessage

    static func text(_ bytes: [UInt8]) -> EncodedEvent {
        EncodedEvent(text: .plain(bytes), message: SharedMessage(.text(bytes)))
    }

    static func packet(_ packet: EncodedSocketPacket) -> EncodedEvent {
        EncodedEvent(text: .packet(packet), message: SharedMessage(WebSocketContent(packet.frame)))
    }

    static func == (one: EncodedEvent, other: EncodedEvent) -> Bool { one.text == other.text }

    var count: Int {
        switch text {
        case .plain(let bytes): bytes.count
        case .packet(let packet): packet.frame.count
        }
    }
}

extension WebSocketContent {
    init(_ frame: EngineFrame) {
        switch frame {
        case .text(let bytes): self = .text(bytes)
        case .binary(let bytes): self = .binary(bytes)
        }
    }
}

/// Makes each style's text of one event at its first use, so that a hundred receivers cost one encoding.
struct EventEncoder: Sendable {
    let event: SignallingEvent
    /// Every receiver is told the event under this name; nil for what is no event but an answer.
    let id: EventID?
    private var made: [EventStyle: EncodedEvent] = [:]

    init(_ event: SignallingEvent, id: EventID? = nil) { (self.event, self.id) = (event, id) }

    mutating func encoded(_ style: EventStyle) -> EncodedEvent {
        if let known = made[style] { return known }
        let text = encode(style)
        made[style] = text
        return text
    }

    /// Bytes that it may hold: of each style that was made the text, and the frames of sockets with and without deflation.
    mutating func heldBytes() -> Int {
        if made.isEmpty { _ = encoded(.flat) }
        return made.values.reduce(0) { $0 + 3 * $1.count }
    }

    private func encode(_ style: EventStyle) -> EncodedEvent {
        let number = JSONValue(id?.description)
        switch style {
        case .flat:
            var object: JSONObject = ["type": .string(event.name)]
            if case .object(let payload) = event.payload {
                for member in payload.members where member.name != "type" { object.append(member.name, member.value) }
            } else if let payload = event.payload {
                object.append("data", payload)
            }
            object.appendIfPresent("eventId", number)
            return .text(JSONValue.object(object).encoded())
        case .wrapped:
            var object: JSONObject = ["event": .string(event.name)]
            if let payload = event.payload { object.append("data", payload) }
            object.appendIfPresent("eventId", number)
            return .text(JSONValue.object(object).encoded())
        case .socketIO, .numberedSocketIO:
            return .packet(.event(JSONValue.array(arguments(number, style)).encoded()))
        }
    }

    private func arguments(_ number: JSONValue, _ style: EventStyle) -> [JSONValue] {
        let name = JSONValue.string(event.name)
        if case .object(var payload) = event.payload {
            payload.appendIfPresent("eventId", number)
            return [name, .object(payload)]
        }
        let payload = event.payload.map { [$0] } ?? []
        return [name] + payload + (style == .numberedSocketIO && !number.isNull ? [["eventId": number]] : [])
    }
}
