import API
import CallKit
import Calls
import Directory
import Testing
import Web
import Wire

/// Queues by REST.
@Suite struct QueueTests {
    private static func sales(_ members: [Int64] = [1]) -> CallQueue {
        var queue = CallQueue(id: 7, name: "sales")
        queue.extension = "2000"
        queue.members = members.map { QueueMember(userID: $0) }
        return queue
    }

    private func scene(_ mode: AuthMode = .required) throws -> Scene {
        let scene = try Scene(mode)
        scene.change(queues: [Self.sales()])
        return scene
    }

    /// A page of nobody's calls the queue.
    private func wait(_ scene: Scene) throws {
        scene.open(pagesOf: 1)
        let body: JSONValue = ["phoneNumber": "2000", "direction": "outgoing", "from": "+79991234567"]
        let made = try scene.ask(.post, "/api/v1/calls", body, user: 3)
        #expect(made.status == 201)
        let uuid = try #require(made["data"]?["id"]?.stringValue.flatMap { UUID($0) })
        _ = try scene.join(uuid, user: 3)
    }

    @Test func `a queue shows who waits, who takes calls and the day's figures`() throws {
        let scene = try scene()
        try wait(scene)
        let answer = try scene.ask(.get, "/api/v1/queues", user: 3)
        #expect(answer.status == 200)
        let queue = try #require(answer["data"]?[0])
        #expect(queue["name"] == "sales")
        #expect(queue["extension"] == "2000")
        #expect(queue["strategy"] == "ring-all")
        #expect(queue["waiting"]?[0]?["position"] == 1)
        #expect(queue["waiting"]?[0]?["caller"] == "+79991234567")
        #expect(queue["waiting"]?[0]?["ringing"] == [1])
        #expect(queue["members"]?[0]?["userId"] == 1)
        #expect(queue["members"]?[0]?["state"] == "ringing")
        #expect(queue["today"]?["entered"] == 1)
        #expect(queue["today"]?["serviceLevel"] == .null)
    }

    @Test func `an operator sees that somebody waits, and not who`() throws {
        let scene = try scene()
        try wait(scene)
        let answer = try scene.ask(.get, "/api/v1/queues/sales", user: 2)
        #expect(answer.status == 200)
        #expect(answer["data"]?["waiting"]?[0]?["caller"] == "+7999***4567")
    }

    @Test func `strangers see nothing, and a queue that is not there is not found`() throws {
        let scene = try scene()
        #expect(try scene.ask(.get, "/api/v1/queues").status == 401)
        let missing = try scene.ask(.get, "/api/v1/queues/nothing", user: 2)
        #expect(missing.status == 404)
        #expect(missing.code == "QUEUE_NOT_FOUND")
    }

    @Test func `an operator comes, rests and goes by himself`() throws {
        let scene = try scene()
        let joined = try scene.ask(.post, "/api/v1/queues/sales/members", user: 2)
        #expect(joined.status == 201)
        #expect(joined["data"]?["members"]?[1]?["userId"] == 2)
        let paused = try scene.ask(
            .put, "/api/v1/queues/sales/members/2", ["paused": true, "reason": "lunch"], user: 2)
        #expect(paused.status == 200)
        #expect(paused["data"]?["members"]?[1]?["state"] == "paused")
        #expect(paused["data"]?["members"]?[1]?["reason"] == "lunch")
        let left = try scene.ask(.delete, "/api/v1/queues/sales/members/2", user: 2)
        #expect(left.status == 200)
        #expect(left["data"]?["members"]?[1] == nil)
    }

    @Test func `nobody but those who direct decides for others`() throws {
        let scene = try scene()
        #expect(try scene.ask(.put, "/api/v1/queues/sales/members/1", ["paused": true], user: 2).status == 403)
        #expect(try scene.ask(.delete, "/api/v1/queues/sales/members/1", user: 2).status == 403)
        #expect(try scene.ask(.post, "/api/v1/queues/sales/members", ["userId": 1], user: 2).status == 403)
        #expect(try scene.ask(.put, "/api/v1/queues/sales/members/1", ["paused": true], user: 3).status == 200)
    }

    @Test func `what is missing or makes no sense is said`() throws {
        let scene = try scene()
        #expect(try scene.ask(.put, "/api/v1/queues/sales/members/1", [:], user: 3).status == 400)
        #expect(try scene.ask(.put, "/api/v1/queues/sales/members/x", ["paused": true], user: 3).status == 400)
        #expect(try scene.ask(.put, "/api/v1/queues/sales/members/99", ["paused": true], user: 3).status == 404)
        #expect(try scene.ask(.post, "/api/v1/queues/sales/members", ["userId": 99], user: 3).status == 404)
    }
}
