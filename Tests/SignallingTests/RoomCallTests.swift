import CallModel
import Testing
import Wire

@testable import Signalling

/// Document 004 between two browsers that only `join-call`.
struct RoomCallTests {
    @Test func `two members are relayed to each other, unchanged`() throws {
        let scene = try Scene(isOpen: true)
        let record = try scene.room()
        let (first, second) = (scene.openSocket(), scene.openSocket())
        let id = JSONValue.string(record.uuid.description)
        first.send(["type": "join-call", "callId": id])
        scene.settle()
        let joined = try #require(first.takeJSON().events("joined-call").first)
        #expect(joined["callId"] == id)
        let firstID = try #require(joined["connectionId"]?.stringValue?.split(separator: "-").last.map(String.init))
        #expect(joined["iceServers"]?[0]?["urls"] == "stun:stun.example")

        first.send(["type": "offer", "callId": id, "sdp": ["type": "offer", "sdp": "v=0 mine"]])
        first.send(["type": "ice-candidate", "callId": id, "candidate": "candidate:1"])
        second.send(["event": "join-call", "data": id])
        scene.settle()
        let heard = second.takeJSON()
        #expect(heard.names.filter { !$0.contains("active") } == ["joined-call", "offer", "ice-candidate"])
        #expect(heard.first?["data"]?["participants"] == [.string(firstID)])
        let offer = heard.first { $0["event"] == "offer" }
        #expect(offer?["data"]?["sdp"] == ["type": "offer", "sdp": "v=0 mine"])
        #expect(heard.last { $0["event"] == "ice-candidate" }?["data"]?["candidate"] == "candidate:1")
        #expect(offer?["data"]?["from"] == .string(firstID))

        second.send(["event": "answer", "data": ["callId": id, "sdp": "v=0 yours"]])
        second.send(["event": "ice-candidate", "data": ["callId": id, "candidate": .null]])
        scene.settle()
        let back = first.takeJSON()
        #expect(back.events("answer").first?["sdp"] == ["type": "answer", "sdp": "v=0 yours"])
        #expect(back.events("ice-candidate").first?["candidate"] == "")
    }

    @Test func `a call goes by its number as well, and is answered as it was asked`() throws {
        let scene = try Scene(isOpen: true)
        let record = try scene.room()
        let socket = scene.openSocket()
        socket.send(["type": "join-call", "callId": .integer(record.id), "id": 1])
        scene.settle()
        let events = socket.takeJSON()
        #expect(events.events("joined-call").first?["callId"] == .integer(record.id))
        #expect(events.events("ack").first?["success"] == true)
        socket.send(#"{"type":"leave-call"}"#)
        scene.settle()
        #expect(socket.takeJSON().events("left-call").first?["callId"] == .integer(record.id))
    }

    @Test func `failures have the words their clients know`() throws {
        let scene = try Scene(isOpen: true)
        let record = try scene.room()
        let socket = scene.openSocket()
        let id = JSONValue.string(record.uuid.description)
        socket.send(["type": "join-call", "callId": "5f3c1b8e-0000-4000-8000-000000000000"])
        socket.send(["type": "join-call", "callId": "nonsense"])
        socket.send(["type": "offer", "callId": id, "sdp": "v=0"])
        socket.send(["type": "answer", "callId": id, "sdp": "v=0"])
        scene.settle()
        let errors = socket.takeJSON().events("error")
        #expect(
            errors.map { $0["message"]?.stringValue } == [
                "Ошибка при подключении к звонку", "Ошибка при подключении к звонку",
                "Ошибка при обработке предложения", "Ошибка при обработке ответа",
            ])
        #expect(
            errors.map { $0["code"]?.stringValue } == [
                "CALL_NOT_FOUND", "VALIDATION_ERROR", "INVALID_STATE", "INVALID_STATE",
            ])
        #expect(errors.last?["callId"] == id)
    }

    @Test func `a member who disconnects is out of the room`() throws {
        let scene = try Scene(isOpen: true)
        let record = try scene.room()
        let (first, second) = (scene.openSocket(), scene.openSocket())
        for socket in [first, second] { socket.send(["type": "join-call", "callId": .integer(record.id)]) }
        scene.settle()
        first.close()
        scene.settle()
        let third = scene.openSocket()
        third.send(["type": "join-call", "callId": .integer(record.id)])
        scene.settle()
        #expect(third.takeJSON().events("joined-call").first?["participants"]?.arrayValue?.count == 1)
    }
}
