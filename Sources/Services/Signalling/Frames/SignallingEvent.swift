import SocketIO
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
}

/// An event in the text of one style.
enum EncodedEvent: Sendable, Equatable {
    case text(String)
    case packet(EncodedSocketPacket)
}

/// Makes each style's text of one event at its first use, so that a hundred receivers cost one encoding.
struct EventEncoder {
    private let event: SignallingEvent
    private var made: [EventStyle: EncodedEvent] = [:]

    init(_ event: SignallingEvent) { self.event = event }

    mutating func encoded(_ style: EventStyle) -> EncodedEvent {
        if let known = made[style] { return known }
        let text = Self.encode(event, style)
        made[style] = text
        return text
    }

    private static func encode(_ event: SignallingEvent, _ style: EventStyle) -> EncodedEvent {
        switch style {
        case .flat:
            var object: JSONObject = ["type": .string(event.name)]
            if case .object(let payload) = event.payload {
                for member in payload.members where member.name != "type" { object.append(member.name, member.value) }
            } else if let payload = event.payload {
                object.append("data", payload)
            }
            return .text(JSONValue.object(object).text)
        case .wrapped:
            var object: JSONObject = ["event": .string(event.name)]
            if let payload = event.payload { object.append("data", payload) }
            return .text(JSONValue.object(object).text)
        case .socketIO:
            let arguments: [JSONValue] = [.string(event.name)] + (event.payload.map { [$0] } ?? [])
            return .packet(.event(JSONValue.array(arguments).encoded()))
        }
    }
}
