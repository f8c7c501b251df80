import CallModel
import Reactor
import Testing
import Web
import Wire

@testable import API

/// What operators ask of a running gateway.
struct RunningTests {
    @Test func `live calls come first, then those that ended, the newest first and so many as are wanted`() throws {
        let scene = try Scene(.required)
        let made = try (0..<4).map { _ in
            let answer = try scene.ask(
                .post, "/api/v1/calls", ["phoneNumber": "9196", "direction": "outgoing"], user: 1)
            return try #require(answer["data"]?["id"]?.stringValue)
        }
        for id in made.dropLast() {
            _ = try scene.ask(.post, "/api/v1/calls/\(id)/end", user: 1)
            scene.loop.advance(by: .seconds(1))
        }
        let answer = try scene.admin(.get, "calls?limit=2")
        func ids(_ name: String) -> [String?] {
            answer["data"]?[name]?.arrayValue?.map { $0["id"]?.stringValue } ?? []
        }
        #expect(ids("live") == [made[3]] && answer["data"]?["liveCount"] == 1)
        #expect(ids("ended") == [made[2], made[1]])
        let live = answer["data"]?["live"]?[0]
        #expect(live?["from"] == "101" && live?["to"] == "9196" && live?["state"] == "initiated")
        #expect(live?["endedAt"] == .null && live?["endReason"] == .null)
        #expect(answer["data"]?["ended"]?[0]?["endReason"]?.stringValue != nil)
        #expect(try scene.admin(.get, "calls?limit=0").status == 400)
    }

    @Test(arguments: ["status", "calls", "trunk-states", "registrations"])
    func `administrators alone are told, whatever the settings say`(path: String) throws {
        let scene = try Scene(.off)
        #expect(try scene.ask(.get, "/api/v1/admin/\(path)").status == 401)
        #expect(try scene.ask(.get, "/api/v1/admin/\(path)", user: 1).status == 403)
        let answer = try scene.admin(.get, path)
        #expect(answer.status == 200 && answer["success"] == true)
        #expect(answer.fields["Cache-Control"] == "no-store")
    }

    @Test func `what is told of the whole, of trunks and of devices is what the gateway says`() throws {
        let scene = try Scene(.required)
        #expect(try scene.admin(.get, "status")["data"] == ["state": "ready"])
        #expect(
            try scene.admin(.get, "trunk-states")["data"]
                == [["name": "carrier", "isRegistered": true, "isReachable": .null, "channels": 2, "detail": "well"]])
        #expect(
            try scene.admin(.get, "registrations")["data"] == [
                [
                    "account": "anna", "extension": "101", "name": "Anna", "userId": .null,
                    "contact": "sip:anna@192.0.2.7", "transport": "UDP", "address": "192.0.2.7:5060", "expiresIn": 60,
                ]
            ])
    }

    @Test func `while the store is away the calls cannot be listed`() throws {
        let scene = try Scene(.required)
        scene.store.breakDown()
        #expect(try scene.admin(.get, "calls").code == "DEPENDENCY_UNAVAILABLE")
    }
}
