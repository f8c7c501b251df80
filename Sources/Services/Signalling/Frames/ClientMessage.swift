import CallViews
import Web
import Wire

/// One event from a client, whichever way it came.
struct ClientMessage: Sendable, Equatable {
    /// Where the reply goes that the client asked for.
    enum Reply: Sendable, Equatable {
        case none
        /// The `id` of a frame, as sent.
        case frame(JSONValue)
        case socketIO(UInt64)
    }

    let name: String
    /// The object, or whatever else stood in its place; `.null` when there was nothing.
    let payload: JSONValue
    let reply: Reply

    init(_ name: String, _ payload: JSONValue = .null, reply: Reply = .none) {
        (self.name, self.payload, self.reply) = (name, payload, reply)
    }

    /// A string member, or a number written as one; nil when missing or null.
    func text(_ field: String) -> String? {
        switch payload[field] {
        case .string(let text): text
        case .integer(let number): String(number)
        default: nil
        }
    }

    /// A Boolean member, also when written in a string; nil when missing or null, and refused when it is anything else.
    func flag(_ field: String) throws(Failure) -> Bool? {
        switch payload[field] {
        case nil, .null: return nil
        case .bool(let flag): return flag
        case .string("true"): return true
        case .string("false"): return false
        default: throw .invalid(field, "must be true or false")
        }
    }

    /// A user's number, also when written in a string.
    func userID(_ field: String) -> Int64? {
        payload[field]?.integerValue ?? payload[field]?.stringValue.flatMap { Int64($0) }
    }
}

/// A frame of the plain WebSocket with the style it was written in.
struct PlainFrame: Sendable, Equatable {
    let style: EventStyle
    let message: ClientMessage

    static let limits = JSONLimits(depth: 32, values: 20_000)

    /// Reads `{"type":…}` or `{"event":…,"data":…}`.
    init(parsing text: String) throws(Failure) {
        guard let value = try? JSONValue(parsing: text, limits: Self.limits), let object = value.objectValue
        else { throw .invalidJSON }
        let reply: ClientMessage.Reply =
            switch object["id"] {
            case .integer, .string, .number: .frame(object["id"] ?? .null)
            default: .none
            }
        if let name = object["event"]?.stringValue {
            style = .wrapped
            message = ClientMessage(name, object["data"] ?? .null, reply: reply)
        } else if let name = object["type"]?.stringValue {
            style = .flat
            message = ClientMessage(name, value, reply: reply)
        } else {
            throw .invalid("type", "required")
        }
    }
}
