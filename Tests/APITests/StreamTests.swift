import API
import CallKit
import Calls
import Media
import Reactor
import Testing
import Web
import Wire

/// Audio streams, as REST asks for them.
@Suite struct StreamTests {
    private func echo(_ scene: Scene) throws -> String {
        let made = try scene.ask(.post, "/api/v1/calls", ["phoneNumber": "echo", "direction": "outgoing"])
        let text = try #require(made["data"]?["uuid"]?.stringValue)
        let uuid = Wire.UUID(text)
        _ = try scene.join(try #require(uuid), user: 1)
        scene.connectMedia()
        return text
    }

    @Test(
        arguments: [
            ("url", [:]), ("url", ["url": "http://bot"]), ("url", ["url": "ws://user:secret@bot"]),
            ("url", ["url": "ws://elsewhere/"]), ("tracks", ["url": "ws://bot", "tracks": "all"]),
            ("to", ["url": "ws://bot", "to": "nobody"]), ("encoding", ["url": "ws://bot", "encoding": "mp3"]),
            ("sampleRate", ["url": "ws://bot", "sampleRate": 48000]),
            ("token", ["url": "ws://bot", "token": "a\r\nb"]),
        ] as [(String, JSONValue)])
    func `wrong orders are refused, and say which field is wrong`(_ field: String, _ order: JSONValue) throws {
        let scene = try Scene()
        let refused = try scene.ask(.post, "/api/v1/calls/\(try echo(scene))/streams", order)
        #expect(refused.status == 400 && refused.code == "VALIDATION_ERROR")
        #expect(refused["error"]?["details"]?[field] != nil)
        #expect(scene.media.openStreams.isEmpty)
    }

    @Test func `there is nothing to list or to stop`() throws {
        let scene = try Scene()
        let path = "/api/v1/calls/\(try echo(scene))/streams"
        #expect(try scene.ask(.get, path)["data"]?.arrayValue?.isEmpty == true)
        for id in ["x", "7f3c0a52-0000-4000-8000-000000000000"] {
            #expect(try scene.ask(.delete, "\(path)/\(id)").code == "STREAM_NOT_FOUND")
        }
    }
}
