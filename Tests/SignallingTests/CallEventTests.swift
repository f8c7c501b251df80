import CallKit
import CallModel
import Calls
import Media
import Reactor
import Testing
import Web
import Wire

@testable import Signalling

/// Documents 002 and 003: what people see of calls, and what they do with them.
struct CallEventTests {
    /// A call that Anna's page makes to Boris, with both pages open.
    private func ringing(_ scene: Scene) throws -> (anna: TestSocket, boris: TestSocket, record: CallRecord) {
        let (anna, boris) = (scene.socket(user: 1), scene.socket(user: 2))
        let record = try scene.call(from: 1, to: "102")
        anna.send(["type": "join-call", "callId": .integer(record.id)])
        anna.send(["type": "offer", "callId": .integer(record.id), "sdp": .string(ScriptedPage.offer())])
        scene.settle()
        return (anna, boris, record)
    }

    /// The same call, taken by Boris.
    private func talking(_ scene: Scene) throws -> (anna: TestSocket, boris: TestSocket, record: CallRecord) {
        let call = try ringing(scene)
        let id = JSONValue.integer(call.record.id)
        call.boris.send(["type": "answer-call", "callId": id, "action": "accept"])
        call.boris.send(["type": "join-call", "callId": id])
        call.boris.send([
            "type": "offer", "callId": id, "sdp": ["type": "offer", "sdp": .string(ScriptedPage.offer())],
        ])
        scene.settle()
        return call
    }

    @Test func `the one who is called is shown the call once, and all see it begin`() throws {
        let scene = try Scene()
        let call = try ringing(scene)
        let shown = call.boris.takeJSON()
        #expect(shown.events("incoming-call").count == 1)
        #expect(shown.events("incoming-call").first?["id"] == .integer(call.record.id))
        #expect(shown.events("call:new").first?["id"] == .string(call.record.uuid.description))
        #expect(call.anna.takeJSON().events("incoming-call").isEmpty)
    }

    @Test func `where nobody must say who they are, those who did are shown their own calls only`() throws {
        let scene = try Scene(isOpen: true)
        let nobody = scene.openSocket()
        let call = try ringing(scene)
        #expect(call.boris.takeJSON().events("incoming-call").count == 1)
        #expect(nobody.takeJSON().events("incoming-call").count == 1)
        #expect(call.anna.takeJSON().events("incoming-call").isEmpty)
    }

    @Test func `an accepted call is told to everybody and both get their answer`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        let anna = call.anna.takeJSON()
        let boris = call.boris.takeJSON()
        for events in [anna, boris] {
            let answered = events.events("call-answered").first
            #expect(answered?["callId"] == .integer(call.record.id))
            #expect(answered?["action"] == "accept")
            #expect(answered?["userId"] == 2)
            #expect(events.events("call:answered").first?["status"] == "answered")
            #expect(events.events("answer").first?["from"] == "gateway")
        }
        #expect(anna.events("answer").first?["sdp"]?.stringValue?.hasPrefix("v=0") == true)
        #expect(boris.events("answer").first?["sdp"]?["type"] == "answer")
    }

    @Test func `what the accepting form held is repeated and noted`() throws {
        let scene = try Scene()
        let call = try ringing(scene)
        let data: JSONValue = ["customerName": "Иван", "quickNotes": "звонит <b>впервые</b>"]
        let id = JSONValue.integer(call.record.id)
        call.boris.send(["type": "answer-call", "callId": id, "action": "accept", "initialData": data])
        call.boris.send(["type": "join-call", "callId": id])
        call.boris.send(["type": "offer", "callId": id, "sdp": .string(ScriptedPage.offer())])
        scene.settle()
        let events = call.anna.takeJSON()
        #expect(events.events("call-answered").first?["initialData"] == data)
        #expect(events.events("call-notes-updated").first?["notes"] == "звонит впервые")
        #expect(scene.store.records.first?.customerName == "Иван")
    }

    @Test func `a declined call ends as rejected, once`() throws {
        let scene = try Scene()
        let call = try ringing(scene)
        call.boris.send([
            "event": "answer-call", "data": ["callId": .string("\(call.record.id)"), "action": "reject"], "id": 5,
        ])
        scene.settle()
        let events = call.anna.takeJSON()
        #expect(events.events("call-answered").first?["action"] == "reject")
        #expect(events.events("call-ended").count == 1)
        #expect(events.events("call-ended").first?["status"] == "rejected")
        #expect(events.events("call:ended").count == 1)
        #expect(events.events("call:ended").first?["duration"] == 0)
        #expect(scene.store.records.first?.state == .rejected)
    }

    @Test func `a call is ended by number, and what was sent with it is repeated`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        _ = (call.anna.take(), call.boris.take())
        let data: JSONValue = ["duration": 500, "notes": "итог"]
        call.boris.send(["type": "end-call", "callId": .integer(call.record.id), "callData": data, "id": "x"])
        scene.settle()
        let events = call.boris.takeJSON()
        #expect(events.events("ack").first?["success"] == true)
        let ended = events.events("call-ended").first
        #expect(ended?["callData"] == data)
        #expect(ended?["status"] == "completed")
        #expect(ended?["reason"] == "callee_hangup")
        #expect(scene.store.records.first?.notes == "итог")
        call.boris.send(["type": "end-call", "callId": .integer(call.record.id)])
        scene.settle()
        let error = call.boris.takeJSON().events("error").first
        #expect(error?["code"] == "CALL_NOT_FOUND")
        #expect(error?["callId"] == .integer(call.record.id))
    }

    @Test func `hold is told in both vocabularies, and a repetition is silent`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        _ = call.anna.take()
        call.boris.send(["type": "hold-call", "callId": .integer(call.record.id), "isHold": true])
        call.boris.send(["type": "hold-call", "callId": .integer(call.record.id), "isOnHold": true])
        scene.settle()
        let events = call.anna.takeJSON()
        #expect(events.events("call-hold-changed").map { $0["isHold"] } == [true])
        #expect(events.events("call:held").first?["status"] == "held")
        call.boris.send(["type": "hold-call", "callId": .integer(call.record.id), "isHold": false])
        scene.settle()
        #expect(call.anna.takeJSON().names.contains("call:resumed"))
    }

    @Test func `recording is commanded, and told to everybody in the call`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        _ = call.anna.take()
        for action in ["start", "start", "pause", "resume", "stop"] {
            call.boris.send(["type": "record-call", "callId": .integer(call.record.id), "action": .string(action)])
        }
        scene.settle()
        let events = call.anna.takeJSON()
        #expect(
            events.events("call-recording-changed").map { $0["state"] }
                == ["recording", "paused", "recording", "stopped"])
        #expect(events.events("call-recording-changed").first?["userId"] == 2)
        #expect(events.events("call-updated").count == 1)
        #expect(
            events.events("call-updated").first?["recording_url"]
                == .string("/api/v1/calls/\(call.record.uuid)/recording"))
    }

    @Test func `what is no command of recording, or comes too early, is refused`() throws {
        let scene = try Scene()
        let call = try ringing(scene)
        _ = call.anna.take()
        for action in ["start", "erase"] {
            call.anna.send(["type": "record-call", "callId": .integer(call.record.id), "action": .string(action)])
        }
        scene.settle()
        #expect(call.anna.takeJSON().events("error").map { $0["code"] } == ["INVALID_STATE", "VALIDATION_ERROR"])
    }

    @Test(arguments: ["often", 1, ["on": true]] as [JSONValue])
    func `a consent tone that is neither wanted nor unwanted is refused, and nothing recorded`(tone: JSONValue) throws {
        let scene = try Scene()
        let call = try talking(scene)
        _ = call.anna.take()
        let id = JSONValue.integer(call.record.id)
        call.anna.send(["type": "record-call", "callId": id, "action": "start", "tone": tone])
        scene.settle()
        let refused = call.anna.takeJSON()
        #expect(refused.events("error").map { $0["code"] } == ["VALIDATION_ERROR"])
        #expect(refused.events("call-recording-changed").isEmpty)
        for tone in [JSONValue.null, false, "true"] {
            call.anna.send(["type": "record-call", "callId": id, "action": "start", "tone": tone])
        }
        scene.settle()
        let accepted = call.anna.takeJSON()
        #expect(accepted.events("error").isEmpty)
        #expect(accepted.events("call-recording-changed").map { $0["state"] } == ["recording"])
    }

    @Test func `an announcement that has ended is told with what it was`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        _ = call.anna.take()
        let (manager, key) = (scene.manager, call.record.key)
        let order = PlayOrder(.tone(.busy), to: .caller, loops: false)
        _ = try scene.loop.complete { try await manager.play(key, order) }
        let listener = try #require(scene.media.announcements.keys.first)
        scene.settle()
        #expect(call.anna.takeJSON().events("play:ended").isEmpty)
        scene.media.endAnnouncement(to: listener, isWhole: true)
        scene.settle()
        let ended = call.anna.takeJSON().events("play:ended")
        #expect(ended.count == 1)
        #expect(ended.first?["id"] == .string(call.record.uuid.description))
        #expect(ended.first?["play"] == ["to": "caller", "completed": true, "tone": "busy"])
    }

    @Test func `of audio streams only those are told who may ask for them`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        let chief = scene.socket(user: 3)
        for socket in [call.anna, call.boris, chief] { _ = socket.take() }
        let (manager, key) = (scene.manager, call.record.key)
        let order = AudioStreamOrder(encoding: .pcm16, rate: .narrowband, tracks: [.left])
        let request = StreamRequest(
            url: try #require(WebSocketURL("ws://bot")), token: nil, order: order, audience: .both)
        let status = try #require(try scene.loop.complete { try await manager.startStream(key, request) })
        scene.settle()
        let told = chief.takeJSON().events("stream:changed")
        #expect(told.first?["stream"]?["id"] == .string(status.id.description))
        for socket in [call.anna, call.boris] { #expect(socket.takeJSON().events("stream:changed").isEmpty) }
    }

    @Test func `a call is handed over to a user who is online`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        let chief = scene.socket(user: 3)
        call.boris.send([
            "type": "transfer-call", "callId": .integer(call.record.id), "targetUserId": 3,
            "transferReason": "старшему",
        ])
        scene.settle()
        #expect(call.boris.takeJSON().events("transfer-initiated").first?["targetUserId"] == 3)
        let offered = chief.takeJSON().events("incoming-transfer").first
        #expect(offered?["transferReason"] == "старшему")
        #expect(offered?["call"]?["id"] == .integer(call.record.id))
    }

    @Test(arguments: [2, 99]) func `nobody is handed a call who is not there`(target: Int64) throws {
        let scene = try Scene()
        let call = try talking(scene)
        call.boris.close()
        scene.settle()
        let record = try scene.call(from: 1, to: "echo")
        call.anna.send(["type": "transfer-call", "callId": .integer(record.id), "targetUserId": .integer(target)])
        scene.settle()
        let events = call.anna.takeJSON()
        #expect(events.events("transfer-error").count == 1)
        #expect(events.events("error").count == 1)
    }

    @Test func `notes can still be written when the call is over`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        call.anna.send(["type": "end-call", "callId": .integer(call.record.id)])
        scene.settle()
        call.anna.send([
            "type": "update-call-notes", "callId": .string(call.record.uuid.description), "notes": "перезвонить",
            "customerData": ["customerName": "Пётр"], "id": 1,
        ])
        scene.settle()
        let events = call.anna.takeJSON()
        #expect(events.events("ack").first?["success"] == true)
        #expect(events.events("call-notes-updated").first?["notes"] == "перезвонить")
        #expect(scene.store.records.first?.customerName == "Пётр")
        call.anna.send(["type": "get-call-status", "callId": .integer(call.record.id)])
        scene.settle()
        #expect(call.anna.takeJSON().events("call-status").first?["status"] == "completed")
    }

    @Test func `people without a part in a call can do nothing with it`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        let stranger = scene.socket(user: 5)
        for name in ["end-call", "hold-call", "join-call", "get-call-status"] {
            stranger.send(["type": .string(name), "callId": .integer(call.record.id), "isHold": true])
        }
        scene.settle()
        #expect(stranger.takeJSON().map { $0["code"] } == ["FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "FORBIDDEN"])
    }

    @Test func `each sees the live calls that are theirs, the chief sees all`() throws {
        let scene = try Scene()
        let (master, chief) = (scene.socket(user: 5), scene.socket(user: 3))
        let call = try talking(scene)
        scene.settle(.milliseconds(200))
        #expect(chief.takeJSON().events("active-calls").last?["data"]?.arrayValue?.count == 1)
        #expect(call.anna.takeJSON().events("active-calls").last?["data"]?[0]?["status"] == "accepted")
        master.send(["type": "get-active-calls", "id": 1])
        scene.settle()
        let events = master.takeJSON()
        #expect(events.events("active-calls").last?["data"] == [])
        #expect(events.events("ack").first?["data"] == [])
        #expect(!events.names.contains("call:new"))
    }

    @Test func `many changes in a moment make one list`() throws {
        let scene = try Scene()
        let anna = scene.socket(user: 1)
        for _ in 0..<20 { _ = try scene.call(from: 1, to: "echo") }
        scene.settle(.milliseconds(300))
        let lists = anna.takeJSON().events("active-calls")
        #expect(lists.last?["data"]?.arrayValue?.count == 20)
        #expect(lists.count < 15)
    }

    @Test func `a call can be begun from a socket`() throws {
        let scene = try Scene()
        let anna = scene.socket(user: 1)
        anna.send(["type": "initiate-outgoing-call", "toNumber": "echo", "id": 1])
        anna.send(["type": "initiate-outgoing-call", "toNumber": "<script>"])
        scene.settle()
        let events = anna.takeJSON()
        #expect(events.events("outgoing-call-initiated").first?["toNumber"] == "echo")
        #expect(events.events("ack").first?["data"]?["callId"]?.integerValue != nil)
        #expect(events.events("error").first?["code"] == "INVALID_PHONE")
    }

    @Test func `on an open server everybody hears everything`() throws {
        let scene = try Scene(isOpen: true)
        let socket = scene.openSocket()
        _ = try scene.call(from: 1, to: "echo")
        scene.settle()
        #expect(socket.takeJSON().names.contains("call:new"))
    }

    @Test func `the trunk's comings and goings are told to all who may hear`() throws {
        let scene = try Scene()
        let (anna, nobody) = (scene.socket(user: 1), TestSocket(scene, "/ws"))
        let hub = scene.signalling.hub
        for registered in [true, true, false] {
            scene.loop.later { hub.upstreamChanged(registered: registered, detail: registered ? "" : "403 Forbidden") }
        }
        scene.settle()
        #expect(anna.takeJSON().names == ["sip:connected", "sip:disconnected", "sip:error"])
        #expect(nobody.takeJSON().isEmpty)
    }

    @Test func `mute and digits go to the media of the call`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        call.anna.send(["type": "mute-call", "callId": .integer(call.record.id), "muted": true])
        call.anna.send(["type": "send-digits", "callId": .integer(call.record.id), "digits": "12#"])
        scene.settle()
        #expect(scene.media.muted.count == 1)
        #expect(scene.media.digits.values.contains("12#"))
    }

    @Test func `how a call sounds is told every five seconds to those in its room, with their own leg on top`() throws {
        let scene = try Scene()
        let call = try talking(scene)
        let chief = scene.socket(user: 3)
        chief.send(["type": "join-room", "room": .string("call-\(call.record.uuid)")])
        let outsider = scene.socket(user: 2)
        scene.settle()
        for (count, leg) in scene.media.open.sorted(by: { $0.rawValue < $1.rawValue }).enumerated() {
            var figures = LegStatistics()
            (figures.packetsReceived, figures.packetsLost) = (UInt64(900 + count), 100)
            scene.media.figures[leg] = figures
        }
        scene.settle(.seconds(11))
        let events = call.anna.takeJSON().events("call-quality")
        #expect(events.count == 2)
        let own = try #require(events.first)
        #expect(own["callId"] == .integer(call.record.id))
        #expect(own["uuid"]?.stringValue == call.record.uuid.description)
        #expect(own["loss"]?.doubleValue.map { (0.09...0.11).contains($0) } == true)
        let legs = try #require(own["legs"]?.arrayValue)
        #expect(legs.count == scene.media.open.count)
        #expect(legs.first { $0["leg"] == own["leg"] }?["mos"] == own["mos"])
        #expect(own["mosMin"]?.doubleValue.map { (1...4.5).contains($0) } == true)
        let followed = try #require(chief.takeJSON().events("call-quality").first)
        #expect(followed["legs"] == own["legs"])
        #expect(followed["loss"] == nil)
        #expect(outsider.takeJSON().events("call-quality").isEmpty)
    }

    @Test func `notes that are too long are refused before anything is done`() throws {
        let scene = try Scene()
        let call = try ringing(scene)
        let (id, long) = (JSONValue.integer(call.record.id), JSONValue.string(String(repeating: "x", count: 65_537)))
        _ = call.boris.take()
        call.boris.send([
            "type": "answer-call", "callId": id, "action": "accept", "initialData": ["quickNotes": long], "id": 1,
        ])
        call.boris.send(["type": "end-call", "callId": id, "callData": ["notes": long], "id": 2])
        call.boris.send(["type": "update-call-notes", "callId": id, "notes": long, "id": 3])
        scene.settle()
        let replies = call.boris.takeJSON().events("ack")
        #expect(replies.map { $0["error"]?["code"] } == ["VALIDATION_ERROR", "VALIDATION_ERROR", "VALIDATION_ERROR"])
        #expect(replies[1]["error"]?["details"]?["callData.notes"] != nil)
        let record = scene.manager.assumeIsolated { $0.liveRecord(call.record.key) }
        #expect(record?.state.isTerminal == false && record?.answeredByUserID == nil && record?.notes == nil)
    }

    @Test func `whoever sees only their own calls is shown to others only as themselves`() throws {
        let scene = try Scene()
        func call(_ socket: TestSocket, from: String) -> JSONValue? {
            socket.send(["type": "initiate-outgoing-call", "toNumber": "102", "fromNumber": .string(from), "id": 1])
            scene.settle()
            return socket.takeJSON().events("ack").first
        }
        let (anna, chief) = (scene.socket(user: 1), scene.socket(user: 3))
        #expect(call(anna, from: "102")?["error"]?["code"] == "FORBIDDEN")
        #expect(call(anna, from: "101")?["success"] == true)
        #expect(call(anna, from: "")?["success"] == true)
        #expect(call(chief, from: "+79990000000")?["success"] == true)
        let open = try Scene(isOpen: true)
        let nobody = open.openSocket()
        nobody.send(["type": "initiate-outgoing-call", "toNumber": "102", "fromNumber": "+79990000000", "id": 1])
        open.settle()
        #expect(nobody.takeJSON().events("ack").first?["success"] == true)
    }
}
