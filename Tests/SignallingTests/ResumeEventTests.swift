import CallKit
import CallModel
import Calls
import Media
import Reactor
import Testing
import Wire

@testable import Signalling

/// `resume-call`: a page takes its place in a call again.
struct ResumeEventTests {
    /// Anna's page in a call to the echo number, and the secret it was given.
    private func talking(_ scene: Scene) throws -> (socket: TestSocket, id: JSONValue, token: String) {
        let socket = scene.socket(user: 1)
        let record = try scene.call(from: 1, to: "9196")
        let id = JSONValue.string(record.uuid.description)
        socket.send(["type": "join-call", "callId": id])
        socket.send(["type": "offer", "callId": id, "sdp": .string(ScriptedPage.offer())])
        scene.settle()
        let joined = try #require(socket.takeJSON().events("joined-call").first)
        #expect(joined["resumeTimeout"] == 20)
        return (socket, id, try #require(joined["resumeToken"]?.stringValue))
    }

    private func lose(_ socket: TestSocket, _ scene: Scene) {
        socket.close()
        scene.settle()
    }

    private func resume(
        _ scene: Scene, _ socket: TestSocket, _ id: JSONValue, token: String?, keepsMedia: Bool = false
    ) -> [JSONValue] {
        socket.send([
            "type": "resume-call", "callId": id, "token": JSONValue(token), "keepsMedia": .bool(keepsMedia), "id": 7,
        ])
        scene.settle()
        return socket.takeJSON()
    }

    private func code(_ events: [JSONValue]) -> String? {
        events.events("ack").first?["error"]?["code"]?.stringValue
    }

    @Test func `a page comes back by its token, offers anew, and is answered`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        lose(call.socket, scene)
        #expect(scene.store.records.first?.state == .answered)
        scene.settle(.seconds(5))
        let again = scene.socket(user: 1)
        let events = resume(scene, again, call.id, token: call.token)
        let resumed = try #require(events.events("resumed-call").first)
        #expect(resumed["callId"] == call.id && resumed["keepsMedia"] == false && resumed["isHold"] == false)
        #expect(resumed["resumeToken"] == .string(call.token) && resumed["answeredAt"]?.stringValue != nil)
        #expect(resumed["iceServers"]?[0]?["urls"] == "stun:stun.example")
        #expect(events.events("ack").first?["data"]?["uuid"] == call.id)
        let sdp = ScriptedPage.offer(certificate: "AA")
        again.send(["type": "offer", "callId": call.id, "sdp": .string(sdp)])
        scene.settle()
        #expect(again.takeJSON().events("answer").count == 1)
        again.send(["type": "leave-call"])
        scene.settle()
        #expect(scene.store.records.first?.endReason == .callerHangup)
    }

    @Test func `a socket that broke is another one for the same media`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        lose(call.socket, scene)
        let again = scene.socket(user: 1)
        let events = resume(scene, again, call.id, token: call.token, keepsMedia: true)
        #expect(events.events("resumed-call").first?["keepsMedia"] == true)
    }

    @Test func `a user comes back without a token, another user does not`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        lose(call.socket, scene)
        #expect(code(resume(scene, scene.socket(user: 2), call.id, token: nil)) == "FORBIDDEN")
        #expect(resume(scene, scene.socket(user: 1), call.id, token: nil).events("resumed-call").count == 1)
    }

    @Test func `where nobody must say who they are, a visitor needs the token`() throws {
        let scene = try Scene(isOpen: true)
        let record = try scene.originate(CallRequest(caller: .page(userID: nil), target: "9196", source: .webrtc))
        let (socket, id) = (scene.openSocket(), JSONValue.string(record.uuid.description))
        socket.send(["type": "join-call", "callId": id])
        socket.send(["type": "offer", "callId": id, "sdp": .string(ScriptedPage.offer())])
        scene.settle()
        let token = try #require(socket.takeJSON().events("joined-call").first?["resumeToken"]?.stringValue)
        lose(socket, scene)
        let again = scene.openSocket()
        #expect(code(resume(scene, again, id, token: nil)) == "FORBIDDEN")
        #expect(code(resume(scene, again, id, token: String(token.reversed()))) == "FORBIDDEN")
        #expect(resume(scene, again, id, token: token).events("resumed-call").count == 1)
    }

    @Test func `a token opens neither another call nor one that is over`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        let other = try talking(scene)
        #expect(call.token != other.token)
        let page = scene.socket(user: 1)
        #expect(code(resume(scene, page, other.id, token: call.token)) == "FORBIDDEN")
        lose(call.socket, scene)
        scene.settle(.seconds(21))
        #expect(code(resume(scene, page, call.id, token: call.token)) == "CALL_NOT_FOUND")
        let long = String(repeating: "0", count: 200)
        #expect(code(resume(scene, page, other.id, token: long)) == "VALIDATION_ERROR")
    }

    @Test func `whoever loses the place to another page is told, and the last one has it`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        let second = scene.socket(user: 1)
        #expect(resume(scene, second, call.id, token: call.token).events("resumed-call").count == 1)
        let told = call.socket.takeJSON()
        #expect(told.events("call-replaced").first?["callId"] == call.id)
        #expect(told.events("left-call").count == 1)
        lose(call.socket, scene)
        let third = scene.socket(user: 1)
        #expect(resume(scene, third, call.id, token: call.token).events("resumed-call").count == 1)
        #expect(second.takeJSON().events("call-replaced").count == 1)
        #expect(scene.store.records.first?.state == .answered)
    }

    @Test func `whoever tries token after token is cut off`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        let stranger = scene.socket(user: 2)
        for number in 0..<Session.maximumFailedLogins {
            #expect(!stranger.isClosed)
            _ = resume(scene, stranger, call.id, token: "\(number)")
        }
        scene.settle(.seconds(1))
        _ = stranger.take()
        #expect(stranger.closeCode == 1008)
    }

    @Test func `a stranger resumes nothing`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        lose(call.socket, scene)
        let stranger = TestSocket(scene, "/ws")
        scene.settle()
        _ = stranger.take()
        #expect(code(resume(scene, stranger, call.id, token: call.token)) == "UNAUTHORIZED")
    }

    @Test func `a room keeps no places`() throws {
        let scene = try Scene(isOpen: true)
        let (record, socket) = (try scene.room(), scene.openSocket())
        socket.send(["type": "join-call", "callId": .integer(record.id)])
        scene.settle()
        #expect(socket.takeJSON().events("joined-call").first?["resumeToken"] == nil)
        #expect(code(resume(scene, socket, .integer(record.id), token: "x")) == "INVALID_STATE")
    }

    @Test func `a page that loses its media is told`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        let leg = try #require(scene.media.open.first)
        scene.media.cause(.disconnected(leg))
        scene.settle()
        #expect(call.socket.takeJSON().events("call-media-lost").first?["callId"] == call.id)
    }

    @Test func `a page that is opened while its user rings is shown the call, once`() throws {
        let scene = try Scene()
        let (anna, boris) = (scene.socket(user: 1), scene.socket(user: 2))
        let record = try scene.call(from: 1, to: "102")
        anna.send(["type": "join-call", "callId": .integer(record.id)])
        anna.send(["type": "offer", "callId": .integer(record.id), "sdp": .string(ScriptedPage.offer())])
        scene.settle()
        lose(boris, scene)
        let again = TestSocket(scene, "/ws?token=\(Scene.token(2))")
        let third = TestSocket(scene, "/ws?token=\(Scene.token(1))")
        scene.settle()
        #expect(again.takeJSON().events("incoming-call").map { $0["id"] } == [.integer(record.id)])
        #expect(third.takeJSON().events("incoming-call").isEmpty, "the caller is not called")
        again.send(["type": "answer-call", "callId": .integer(record.id), "action": "accept", "id": 1])
        scene.settle()
        #expect(again.takeJSON().events("ack").first?["success"] == true)
    }
}
