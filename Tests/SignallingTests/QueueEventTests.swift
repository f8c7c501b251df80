import CallKit
import CallModel
import Calls
import Testing
import Wire

@testable import Signalling

/// Queues over sockets.
struct QueueEventTests {
    /// A page of Anna's has called the queue and offered.
    private func waiting(_ scene: Scene) throws -> (anna: TestSocket, record: CallRecord) {
        let anna = scene.socket(user: 1)
        var request = CallRequest(caller: .page(userID: 1), target: "2000", source: .webrtc)
        request.callerNumber = "+79991234567"
        let record = try scene.originate(request)
        anna.send(["type": "join-call", "callId": .integer(record.id)])
        anna.send(["type": "offer", "callId": .integer(record.id), "sdp": .string(ScriptedPage.offer())])
        scene.settle(.milliseconds(200))
        return (anna, record)
    }

    @Test func `the caller's page is told its place, and the member's page is shown the call`() throws {
        let scene = try Scene()
        scene.addQueue(members: [2])
        let boris = scene.socket(user: 2)
        let (anna, record) = try waiting(scene)
        let events = anna.takeJSON()
        #expect(events.events("answer").count == 1)
        let position = try #require(events.events("queue:position").first)
        #expect(position["callId"] == .string(record.uuid.description))
        #expect(position["position"] == 1)
        #expect(position["waitingSeconds"] == 0)
        #expect(boris.takeJSON().events("incoming-call").count == 1)
    }

    @Test func `changes are told to operators with masked numbers, and in full to those who see every call`() throws {
        let scene = try Scene()
        scene.addQueue(members: [2])
        let (boris, chief) = (scene.socket(user: 2), scene.socket(user: 3))
        _ = try waiting(scene)
        let seen = try #require(boris.takeJSON().events("queue:updated").last)
        #expect(seen["name"] == "sales")
        #expect(seen["waiting"]?[0]?["caller"] == "+7999***4567")
        #expect(seen["members"]?[0]?["state"] == "ringing")
        let full = try #require(chief.takeJSON().events("queue:updated").last)
        #expect(full["waiting"]?[0]?["caller"] == "+79991234567")
    }

    @Test func `a member takes the call of the queue in a page`() throws {
        let scene = try Scene()
        scene.addQueue(members: [2])
        let boris = scene.socket(user: 2)
        let (_, record) = try waiting(scene)
        boris.send(["type": "answer-call", "callId": .integer(record.id), "action": "accept"])
        boris.send(["type": "join-call", "callId": .integer(record.id)])
        boris.send(["type": "offer", "callId": .integer(record.id), "sdp": .string(ScriptedPage.offer())])
        scene.settle(.milliseconds(200))
        let events = boris.takeJSON()
        #expect(events.events("answer").count == 1)
        #expect(events.events("queue:updated").last?["today"]?["answered"] == 1)
        #expect(events.events("queue:updated").last?["members"]?[0]?["state"] == "talking")
        #expect(scene.store.records.first?.answeredByUserID == 2)
    }

    @Test func `a member comes, rests in all queues and goes`() throws {
        let scene = try Scene()
        scene.addQueue(members: [])
        let boris = scene.socket(user: 2)
        boris.send(["event": "queue:join", "data": ["queue": "sales"], "id": 1])
        scene.settle(.milliseconds(200))
        let joined = boris.takeJSON()
        #expect(joined.contains { $0["id"] == 1 && $0["success"] == true })
        boris.send(["event": "queue:pause", "data": ["paused": true, "reason": "lunch"], "id": 2])
        scene.settle(.milliseconds(200))
        let status = scene.manager.assumeIsolated { $0.queueStatus(named: "sales") }
        #expect(status?.members.map(\.state) == [.paused])
        #expect(status?.members.map(\.pauseReason) == ["lunch"])
        boris.send(["event": "queue:leave", "data": ["queue": "sales"], "id": 3])
        scene.settle(.milliseconds(200))
        #expect(scene.manager.assumeIsolated { $0.queueStatus(named: "sales") }?.members.isEmpty == true)
    }

    @Test func `nobody decides for others but those who direct, and an unknown queue is refused`() throws {
        let scene = try Scene()
        scene.addQueue(members: [1])
        let (boris, chief) = (scene.socket(user: 2), scene.socket(user: 3))
        boris.send(["type": "queue:pause", "queue": "sales", "userId": 1, "paused": true])
        boris.send(["type": "queue:join", "queue": "nothing"])
        chief.send(["type": "queue:pause", "queue": "sales", "userId": 1, "paused": true])
        scene.settle(.milliseconds(200))
        #expect(boris.takeJSON().events("error").map { $0["code"] } == ["FORBIDDEN", "QUEUE_NOT_FOUND"])
        let status = scene.manager.assumeIsolated { $0.queueStatus(named: "sales") }
        #expect(status?.members.map(\.isPaused) == [true])
    }
}
