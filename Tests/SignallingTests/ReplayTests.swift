import CallKit
import CallModel
import Calls
import Reactor
import Testing
import Wire

@testable import Signalling

/// `lastEventId`: a client comes back and is told what it missed.
struct ReplayTests {
    /// A user's socket that comes back after the event it saw last.
    private func back(_ scene: Scene, user id: Int64, after event: String) -> [JSONValue] {
        let socket = TestSocket(scene, "/ws?token=\(Scene.token(id))&lastEventId=\(event)")
        scene.settle()
        return socket.takeJSON()
    }

    private func last(_ events: [JSONValue]) throws -> String {
        try #require(events.last?["eventId"]?.stringValue)
    }

    /// Boris's page, with the last event it saw, after a call of Anna to him was made and ended without it.
    private func missedCall(_ scene: Scene) throws -> (event: String, record: CallRecord) {
        let (anna, boris) = (scene.socket(user: 1), scene.socket(user: 2))
        boris.send(["type": "get-active-calls"])
        scene.settle()
        let event = try last(boris.takeJSON())
        boris.close()
        scene.settle()
        let record = try scene.call(from: 1, to: "102")
        anna.send(["type": "join-call", "callId": .integer(record.id)])
        anna.send(["type": "offer", "callId": .integer(record.id), "sdp": .string(ScriptedPage.offer())])
        scene.settle()
        anna.send(["type": "leave-call"])
        scene.settle(.seconds(1))
        return (event, record)
    }

    @Test func `all events are named in one ascending order`() throws {
        let scene = try Scene()
        let anna = scene.socket(user: 1)
        _ = try scene.call(from: 1, to: "102")
        scene.settle(.seconds(1))
        let names = anna.takeJSON().compactMap { $0["eventId"]?.stringValue }.compactMap { EventID($0) }
        #expect(names.count > 1 && Set(names.map(\.run)).count == 1)
        #expect(names.map(\.number) == names.map(\.number).sorted())
    }

    @Test func `what happened meanwhile comes in its order, under its old names, before the greeting`() throws {
        let scene = try Scene()
        let boris = try missedCall(scene)
        let events = back(scene, user: 2, after: boris.event)
        let expected = ["call:new", "call-ended", "call:ended"]
        #expect(events.names.filter(expected.contains) == expected)
        #expect(events.events("call-ended").first?["callId"] == .integer(boris.record.id))
        let replayed = try #require(events.names.firstIndex(of: "events-replayed"))
        #expect(events[replayed]["count"] == .integer(Int64(replayed - 1)))
        #expect(events.names.first == "authenticated")
        #expect(try #require(events.names.firstIndex(of: "active-calls")) > replayed)
        // Coming back once more, nothing is left.
        let again = back(scene, user: 2, after: try last(events))
        #expect(again.events("events-replayed").first?["count"] == 0)
    }

    @Test func `nobody is told what is not for them`() throws {
        let scene = try Scene()
        let master = TestSocket(scene, "/ws?token=\(Scene.token(5))")
        scene.settle()
        let event = try last(master.takeJSON())
        master.close()
        _ = try missedCall(scene)
        // Neither an operator nor of the call.
        let events = back(scene, user: 5, after: event)
        #expect(events.events("events-replayed").first?["count"] == 0)
        #expect(events.events("call:ended").isEmpty)
    }

    @Test func `a call that still rings is shown once`() throws {
        let scene = try Scene()
        let (anna, boris) = (scene.socket(user: 1), scene.socket(user: 2))
        boris.send(["type": "get-active-calls"])
        scene.settle()
        let event = try last(boris.takeJSON())
        let other = scene.socket(user: 2)
        boris.close()
        let record = try scene.call(from: 1, to: "102")
        anna.send(["type": "join-call", "callId": .integer(record.id)])
        anna.send(["type": "offer", "callId": .integer(record.id), "sdp": .string(ScriptedPage.offer())])
        scene.settle()
        #expect(other.takeJSON().events("incoming-call").count == 1)
        #expect(back(scene, user: 2, after: event).events("incoming-call").count == 1)
    }

    @Test func `after more than a minute the client is told to load everything anew`() throws {
        let scene = try Scene()
        let boris = try missedCall(scene)
        scene.settle(.seconds(61))
        let events = back(scene, user: 2, after: boris.event)
        let missed = try #require(events.events("events-missed").first)
        #expect(missed["reason"] == "too-old" && missed["lastEventId"] == .string(boris.event))
        #expect(events.events("call:ended").isEmpty && events.names.contains("active-calls"))
        #expect(back(scene, user: 2, after: "other-1").events("events-missed").first?["reason"] == "restarted")
    }

    @Test func `the name may come with the frame that says who it is`() throws {
        let scene = try Scene()
        let boris = try missedCall(scene)
        let socket = TestSocket(scene, "/ws")
        socket.send([
            "type": "authenticate", "token": .string(Scene.token(2)), "lastEventId": .string(boris.event),
        ])
        scene.settle()
        #expect(socket.takeJSON().events("call-ended").count == 1)
    }

    @Test func `Socket.IO clients give it in their CONNECT, and have lists numbered, too`() throws {
        let scene = try Scene()
        let boris = try missedCall(scene)
        let socket = TestSocket(scene, "/socket.io/?EIO=4&transport=websocket")
        socket.send("40{\"token\":\"\(Scene.token(2))\",\"lastEventId\":\"\(boris.event)\"}")
        scene.settle()
        let heard = socket.take()
        #expect(heard.count { $0.hasPrefix(#"42["call-ended","#) } == 1)
        let list = try #require(heard.first { $0.hasPrefix(#"42["active-calls","#) })
        #expect(list.contains(#",{"eventId":""#))
    }
}
