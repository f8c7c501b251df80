import Media
import Wire

/// What goes over a stream's WebSocket besides audio: JSON texts with an `event`.
///
/// Audio is binary: to the other end a byte that says whose voice it is (0 the caller's, 1 the called party's) and 20 ms
/// of samples; from it samples alone, of any length.
enum StreamMessage {
    /// What the other end may ask.
    enum Command: Equatable {
        case mark(String)
        case clear
        /// It wants no more of the call.
        case stop
    }

    static let longestName = 256

    /// Nil for what is none of our texts.
    static func command(_ text: String) -> Command? {
        guard text.utf8.count <= 4096, let value = try? JSONValue(parsing: Array(text.utf8)),
            let object = value.objectValue
        else { return nil }
        switch object["event"]?.stringValue {
        case "mark":
            guard let name = object["name"]?.stringValue, name.utf8.count <= longestName else { return nil }
            return .mark(name)
        case "clear": return .clear
        case "stop": return .stop
        default: return nil
        }
    }

    static func start(_ status: StreamStatus, call: UUID) -> String {
        let order = status.request.order
        let tracks = [RecordingSide.left, .right].filter(order.tracks.contains).map { JSONValue.string(word($0)) }
        return text([
            "event": "start", "callId": .string(call.description), "streamId": .string(status.id.description),
            "tracks": .array(tracks), "encoding": .string(order.encoding.rawValue),
            "sampleRate": .integer(Int64(order.rate.rawValue)), "frameMs": 20,
            "connection": .integer(Int64(status.connections)),
        ])
    }

    static func mark(_ name: String) -> String { text(["event": "mark", "name": .string(name)]) }

    static func digit(_ digit: Character, _ side: RecordingSide) -> String {
        text(["event": "dtmf", "digit": .string(String(digit)), "track": .string(word(side))])
    }

    static let stop = text(["event": "stop"])

    static let misunderstood = text([
        "event": "error",
        "message": "expected {\"event\": \"mark\", \"name\": up to 256 bytes}, \"clear\" or \"stop\", up to 4096 bytes",
    ])

    static func audio(_ side: RecordingSide, _ bytes: [UInt8]) -> [UInt8] { [side == .left ? 0 : 1] + bytes }

    private static func word(_ side: RecordingSide) -> String { side == .left ? "caller" : "callee" }

    private static func text(_ value: JSONValue) -> String { value.text }
}
