import CallKit
import CallModel
import Calls
import Reactor
import Testing
import Web
import Wire

@testable import API

/// Recordings by REST.
struct RecordingTests {
    @Test func `a call is recorded from start to stop, and the file can be had while it grows`() throws {
        let scene = try Scene()
        let path = "/api/v1/calls/\(try scene.talking().uuid)/recording"
        #expect(try scene.ask(.get, path).code == "RECORDING_NOT_FOUND")
        let started = try scene.ask(.post, path + "/start", user: 1)
        #expect(started.status == 200 && started["data"]?["recordingUrl"]?.stringValue == path)
        for word in ["start", "pause", "pause", "resume"] {
            #expect(try scene.ask(.post, "\(path)/\(word)", user: 1).status == 200, "\(word)")
        }
        let file = try scene.ask(.get, path, user: 1)
        #expect(file.status == 200 && file.fields["Content-Type"] == "audio/wav")
        #expect(file.body == "the sound of it")
        #expect(try scene.ask(.post, path + "/stop", user: 1).status == 200)
        scene.loop.advance(by: .milliseconds(20))
        for word in ["stop", "pause", "resume"] {
            #expect(try scene.ask(.post, "\(path)/\(word)", user: 1).code == "INVALID_STATE", "\(word)")
        }
        #expect(scene.store.records.first?.recordingProcessedAt != nil)
    }

    @Test(arguments: [JSONValue.null, ["tone": true], ["tone": false], ["tone": "true"]])
    func `a recording has a consent tone when it is asked for`(body: JSONValue) throws {
        let scene = try Scene()
        let path = "/api/v1/calls/\(try scene.talking().uuid)/recording/start"
        #expect(try scene.ask(.post, path, ["tone": "often"], user: 1).status == 400)
        #expect(scene.media.recordings.isEmpty)
        #expect(try scene.ask(.post, path, body.isNull ? nil : body, user: 1).status == 200)
        let isWanted = body["tone"].map { $0 != false } ?? false
        #expect(scene.media.tones.count == (isWanted ? 1 : 0))
    }

    @Test func `pieces are given to those who ask for a range`() throws {
        let scene = try Scene()
        let path = "/api/v1/calls/\(try scene.talking().uuid)/recording"
        _ = try scene.ask(.post, path + "/start", user: 1)
        func part(_ range: String) throws -> Scene.Answer {
            var fields = HTTPFields()
            fields.add("Range", range)
            return try scene.ask(.get, path, bytes: [], fields)
        }
        let piece = try part("bytes=4-8")
        #expect(piece.status == 206 && piece.body == "sound")
        #expect(piece.fields["Content-Range"] == "bytes 4-8/15")
        #expect(try part("bytes=-2").body == "it")
        #expect(try part("bytes=13-").body == "it")
        let none = try part("bytes=15-")
        #expect(none.status == 416 && none.fields["Content-Range"] == "bytes */15")
        for strange in ["bytes=a-b", "bytes=1-2,4-5", "seconds=1-2", "bytes=--1", "bytes=3-x"] {
            #expect(try part(strange).status == 200, "\(strange)")
        }
    }

    @Test func `only live calls are recorded, and only by those who may see them`() throws {
        let scene = try Scene(.required)
        let call = try scene.talking()
        let path = "/api/v1/calls/\(call.uuid)/recording"
        #expect(try scene.ask(.post, path + "/start").status == 401)
        #expect(try scene.ask(.post, path + "/start", user: 5, role: "master").status == 403)
        #expect(try scene.ask(.post, path + "/start", user: 2).status == 200)
        #expect(try scene.ask(.get, path, user: 5, role: "master").status == 403)
        #expect(try scene.ask(.get, path).status == 401)
        let manager = scene.manager
        _ = try scene.loop.complete { _ = try await manager.hangUp(call.key, userID: 1) }
        scene.loop.advance(by: .milliseconds(50))
        #expect(try scene.ask(.post, path + "/start", user: 2).code == "CALL_ALREADY_ENDED")
        #expect(try scene.ask(.get, path, user: 2).status == 200)
        #expect(try scene.ask(.get, "/api/v1/calls/77777/recording", user: 2).code == "CALL_NOT_FOUND")
    }
}
