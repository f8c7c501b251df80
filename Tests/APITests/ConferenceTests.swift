import API
import CallKit
import CallModel
import Calls
import Testing
import Web
import Wire

/// Conferences by REST.
@Suite struct ConferenceTests {
    /// Anna's page has dialled the conference.
    private func scene() throws -> (Scene, call: String) {
        let scene = try Scene(.required)
        let body: JSONValue = ["phoneNumber": "8000", "direction": "outgoing"]
        let made = try scene.ask(.post, "/api/v1/calls", body, user: 1)
        #expect(made.status == 201)
        let call = try #require(made["data"]?["id"]?.stringValue)
        _ = try scene.join(try #require(UUID(call)), user: 1)
        return (scene, call)
    }

    private static let path = "/api/v1/conferences/team/participants"

    @Test func `whoever dialled it is listed, and a stranger is told nothing`() throws {
        let (scene, call) = try scene()
        #expect(try scene.ask(.get, "/api/v1/conferences").status == 401)
        let rooms = try scene.ask(.get, "/api/v1/conferences", user: 3)
        #expect(rooms["data"]?[0]?["name"] == "team" && rooms["data"]?[0]?["number"] == "8000")
        let there = try scene.ask(.get, Self.path, user: 3)
        #expect(there["data"]?["participants"]?[0]?["callId"] == .string(call))
        #expect(there["data"]?["participants"]?[0]?["userId"] == 1)
        #expect(there["data"]?["participants"]?[0]?["muted"] == false)
        let missing = try scene.ask(.get, "/api/v1/conferences/none/participants", user: 3)
        #expect(missing.status == 404 && missing.code == "CONFERENCE_NOT_FOUND")
    }

    @Test func `a participant is muted, heard again and removed by those who may`() throws {
        let (scene, call) = try scene()
        for (path, isMuted) in [("mute", true), ("unmute", false)] {
            #expect(try scene.ask(.post, "\(Self.path)/\(call)/\(path)", user: 2).status == 403)
            let answer = try scene.ask(.post, "\(Self.path)/\(call)/\(path)", user: 3)
            #expect(answer["data"]?["participants"]?[0]?["muted"] == .bool(isMuted))
            #expect(scene.media.muted.isEmpty != isMuted)
        }
        #expect(try scene.ask(.delete, "\(Self.path)/\(call)", user: 2).status == 403)
        #expect(try scene.ask(.delete, "\(Self.path)/\(call)", user: 1).status == 200)
        #expect(try scene.ask(.get, Self.path, user: 3)["data"]?["participants"] == [])
        #expect(try scene.ask(.post, "\(Self.path)/\(call)/mute", user: 3).status == 404)
    }

    @Test func `those who may direct a conference record it, and only those who see all calls listen to it`() throws {
        let (scene, call) = try scene()
        let path = "/api/v1/conferences/team/recording"
        #expect(try scene.ask(.get, path, user: 3).code == "RECORDING_NOT_FOUND")
        #expect(try scene.ask(.post, path + "/stop", user: 1).code == "INVALID_STATE")
        for (word, isRecorded) in [("start", true), ("start", true), ("stop", false)] {
            #expect(try scene.ask(.post, "\(path)/\(word)", user: 2).status == 403)
            let answer = try scene.ask(.post, "\(path)/\(word)", user: 1)
            #expect(answer.status == 200 && answer["data"]?["recording"] == .bool(isRecorded))
        }
        #expect(try scene.ask(.post, "/api/v1/conferences/none/recording/start", user: 3).status == 404)
        // The record of a call that was there leads to the same file, and gives nobody a right to it either.
        for listened in [path, "/api/v1/calls/\(call)/recording"] {
            let file = try scene.ask(.get, listened, user: 3)
            #expect(file.status == 200 && file.body == "the sound of it")
            for user: Int64 in [1, 2] { #expect(try scene.ask(.get, listened, user: user).status == 403) }
        }
    }

    @Test func `a participant calls somebody in, and a bad number is refused`() throws {
        let (scene, _) = try scene()
        scene.open(pagesOf: 2)
        #expect(try scene.ask(.post, Self.path, ["to": "102"], user: 2).status == 403)
        let made = try scene.ask(.post, Self.path, ["to": "102"], user: 1)
        #expect(made.status == 201)
        let uuid = try #require(made["data"]?["id"]?.stringValue.flatMap { UUID($0) })
        let taken = try scene.manager.assumeIsolated { try $0.accept(.uuid(uuid), userID: 2) }
        #expect(taken.uuid == uuid)
        _ = try scene.join(uuid, user: 2, id: "page-2")
        let there = try scene.ask(.get, Self.path, user: 3)
        #expect(there["data"]?["participants"]?[1]?["userId"] == 2)
        #expect(try scene.ask(.post, Self.path, ["to": "nobody\r\n"], user: 1).code == "INVALID_PHONE")
        #expect(try scene.ask(.post, Self.path, [:], user: 1).code == "VALIDATION_ERROR")
        #expect(try scene.ask(.post, Self.path, ["to": "999"], user: 1).code == "EXTENSION_NOT_FOUND")
        // Numbers of the house without a telephone: a fault of whoever asks, and of no trunk.
        for number in ["101", "9196", "8000"] {
            let refused = try scene.ask(.post, Self.path, ["to": .string(number)], user: 1)
            #expect(refused.status == 409 && refused.code == "INVALID_STATE", "\(number)")
            #expect(refused["error"]?["details"]?["to"]?.stringValue != nil)
        }
    }
}
