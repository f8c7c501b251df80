package import Calls
import Media
import Web
package import Wire

/// An audio stream of a call, for REST and sockets.
package enum StreamView {
    /// Of the address only the server is shown: the rest may hold secrets.
    package static func render(_ status: StreamStatus) -> JSONValue {
        let order = status.request.order
        let names: [(RecordingSide, JSONValue)] = [(.left, "caller"), (.right, "callee")]
        let tracks = names.filter { order.tracks.contains($0.0) }.map(\.1)
        return [
            "id": .string(status.id.description), "server": .string(status.request.url.origin),
            "state": .string(status.state.rawValue), "reason": JSONValue(status.reason), "tracks": .array(tracks),
            "to": .string(status.request.audience.rawValue), "encoding": .string(order.encoding.rawValue),
            "sampleRate": .integer(Int64(order.rate.rawValue)), "connections": .integer(Int64(status.connections)),
            "droppedFrames": .integer(Int64(status.droppedFrames)),
            "droppedSpeechMs": .integer(Int64(status.droppedSpeech)),
        ]
    }
}
