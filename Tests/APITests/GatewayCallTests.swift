import API
import CallModel
import Reactor
import Testing
import Web
import Wire

/// Document 004's calls from making to ending.
@Suite struct GatewayCallTests {
    private func room(_ scene: Scene, user: Int64? = nil) throws -> (uuid: String, number: Int64) {
        let answer = try scene.ask(
            .post, "/api/v1/calls", ["phoneNumber": "+7 (999) 123-45-67", "direction": "incoming"], user: user)
        try #require(answer.status == 201)
        let uuid = try #require(answer["data"]?["uuid"]?.stringValue)
        return (uuid, try #require(answer["data"]?["numericId"]?.integerValue))
    }

    @Test func `a call is made, shown by both its names, and ended once`() throws {
        let scene = try Scene()
        let made = try scene.ask(
            .post, "/api/v1/calls",
            [
                "phoneNumber": "+79991234567", "direction": "incoming",
                "clientId": "0B7E9F5E-6A0C-4F5E-9B7A-2F4C4C7D8E90",
            ])
        #expect(made.status == 201 && made["success"]?.boolValue == true)
        let data = try #require(made["data"])
        #expect(data["status"]?.stringValue == "initiated" && data["phoneNumber"]?.stringValue == "+79991234567")
        #expect(data["clientId"]?.stringValue == "0b7e9f5e-6a0c-4f5e-9b7a-2f4c4c7d8e90")
        let uuid = try #require(data["id"]?.stringValue)
        let number = try #require(data["numericId"]?.integerValue)
        let byNumber = try scene.ask(.get, "/api/v1/calls/\(number)")
        #expect(byNumber["data"]?["id"]?.integerValue == number && byNumber["data"]?["status"] == .null)
        #expect(try scene.ask(.get, "/api/v1/calls/\(uuid)")["data"]?["id"]?.stringValue == uuid)
        for _ in 0..<2 {
            let ended = try scene.ask(.post, "/api/v1/calls/\(uuid)/end", ["duration": 30])
            #expect(ended.status == 200 && ended["data"]?["status"]?.stringValue == "no_answer")
        }
        #expect(scene.store.records.count == 1 && scene.store.records.first?.state == .noAnswer)
    }

    @Test func `a told state moves forward only, and the end keeps what was told`() throws {
        let scene = try Scene()
        let (uuid, _) = try room(scene)
        let path = "/api/v1/calls/\(uuid)/status"
        for word in ["ringing", "ringing", "answered"] {
            let answer = try scene.ask(.patch, path, ["status": .string(word)])
            #expect(answer.status == 200 && answer["data"]?["status"]?.stringValue == word)
        }
        #expect(try scene.ask(.patch, path, ["status": "ringing"]).code == "INVALID_STATE")
        #expect(try scene.ask(.patch, path, ["status": "missed"]).code == "VALIDATION_ERROR")
        let ended = try scene.ask(
            .post, "/api/v1/calls/\(uuid)/end",
            ["duration": 42, "summary": "said", "sentiment": "positive", "confidenceScore": 0.5])
        #expect(ended["data"]?["status"]?.stringValue == "completed")
        #expect(
            ended["data"]?["duration"]?.integerValue == 42 && ended["data"]?["sentiment"]?.stringValue == "positive")
        let stored = try #require(scene.store.records.first)
        #expect(stored.state == .completed && stored.duration == 42 && stored.summary == "said")
        #expect(try scene.ask(.patch, path, ["status": "failed"]).status == 409)
        let late = try scene.ask(.patch, path, ["status": "completed", "transcript": "late"])
        #expect(late.status == 200 && late["data"]?["transcript"]?.stringValue == "late")
        #expect(scene.store.records.first?.transcript == "late")
    }

    @Test(
        arguments: [
            (["direction": "incoming"], "VALIDATION_ERROR"), (["phoneNumber": "+79991234567"], "VALIDATION_ERROR"),
            (["phoneNumber": "+79991234567", "direction": "internal"], "VALIDATION_ERROR"),
            (["phoneNumber": "hello", "direction": "incoming"], "INVALID_PHONE"),
            (["phoneNumber": "0123", "direction": "incoming"], "INVALID_PHONE"),
            (["phoneNumber": 7, "direction": "incoming"], "VALIDATION_ERROR"),
            (["phoneNumber": "+79991234567", "direction": "incoming", "clientId": "7"], "VALIDATION_ERROR"),
        ] as [(JSONValue, String)])
    func `what is wrong with a new call is named`(_ body: JSONValue, _ code: String) throws {
        let answer = try Scene().ask(.post, "/api/v1/calls", body)
        #expect(answer.status == 400 && answer.code == code)
        #expect(answer["statusCode"]?.integerValue == 400)
    }

    @Test func `ids that are none are 400, unknown ones 404`() throws {
        let scene = try Scene()
        #expect(try scene.ask(.get, "/api/v1/calls/abc").code == "VALIDATION_ERROR")
        #expect(try scene.ask(.get, "/api/v1/calls/99999999999999999999").code == "VALIDATION_ERROR")
        #expect(try scene.ask(.get, "/api/v1/calls/12345").code == "CALL_NOT_FOUND")
        #expect(try scene.ask(.post, "/api/v1/calls/0b7e9f5e-6a0c-4f5e-9b7a-2f4c4c7d8e90/end", [:]).status == 404)
    }

    @Test func `a list that is not counted to its end says so`() throws {
        let scene = try Scene()
        for _ in 0..<3 { _ = try room(scene) }
        scene.store.count(atMost: 3)
        let exact = try scene.ask(.get, "/api/calls?search=1")["pagination"]
        #expect(exact == ["page": 1, "limit": 50, "total": 3, "pages": 1])
        scene.store.count(atMost: 2)
        let bound = try scene.ask(.get, "/api/calls?search=1&limit=1")["pagination"]
        #expect(bound == ["page": 1, "limit": 1, "total": 2, "pages": 2, "totalIsExact": false])
        let both = try scene.ask(.get, "/api/v1/calls")["data"]?["pagination"]
        #expect(both?["total"] == 2 && both?["totalIsExact"] == false)
    }

    @Test func `lists are paged in the dialect's measure`() throws {
        let scene = try Scene()
        for _ in 0..<3 { _ = try room(scene) }
        let page = try scene.ask(.get, "/api/v1/calls?page=2&limit=2")
        #expect(page["data"]?["calls"]?.arrayValue?.count == 1)
        #expect(
            page["data"]?["pagination"]
                == ["total": 3, "page": 2, "limit": 2, "totalPages": 2, "pages": 2])
        _ = try scene.ask(.get, "/api/v1/calls?limit=5000&direction=outgoing&toDate=2025-11-08")
        #expect(scene.store.lastQuery?.limit == 100)
        #expect(scene.store.lastQuery?.directions == [.outgoing, .internal])
        #expect(scene.store.lastQuery?.startedThrough?.iso8601() == "2025-11-08T20:59:59.999Z")
        _ = try scene.ask(.get, "/api/v1/calls?limit=5000&phone=%2B7999&status=busy", user: 3, role: "admin")
        #expect(scene.store.lastQuery?.limit == 500 && scene.store.lastQuery?.hidesUnanswered == true)
        #expect(scene.store.lastQuery?.clientDigits == "7999" && scene.store.lastQuery?.visibility == .all)
        #expect(scene.store.lastQuery?.states?.map(\.state).contains(.rejected) == true)
        for bad in ["page=0", "page=x", "limit=-1", "status=nothing", "direction=up", "clientId=7", "fromDate=now"] {
            #expect(try scene.ask(.get, "/api/v1/calls?\(bad)").code == "VALIDATION_ERROR", "\(bad)")
        }
    }

    @Test func `people see their own calls, those who direct see all`() throws {
        let scene = try Scene(.required)
        let (uuid, _) = try room(scene, user: 1)
        #expect(try scene.ask(.get, "/api/v1/calls/\(uuid)", user: 1).status == 200)
        #expect(try scene.ask(.get, "/api/v1/calls/\(uuid)", user: 2).code == "FORBIDDEN")
        #expect(try scene.ask(.post, "/api/v1/calls/\(uuid)/end", [:], user: 2).status == 403)
        #expect(try scene.ask(.get, "/api/v1/calls/\(uuid)", user: 3, role: "director").status == 200)
        _ = try scene.ask(.get, "/api/v1/calls", user: 2)
        #expect(scene.store.lastQuery?.visibility == .user(2, isOperator: true))
        _ = try scene.ask(.get, "/api/calls/logs", user: 5, role: "master")
        #expect(scene.store.lastQuery?.visibility == .user(5, isOperator: false))
    }

    @Test func `sessions belong to live calls`() throws {
        let scene = try Scene()
        let (uuid, number) = try room(scene)
        let opened = try scene.ask(.post, "/api/v1/calls/\(uuid)/sessions", ["userId": 7, "callId": .integer(number)])
        #expect(opened.status == 201 && opened["data"]?["userId"]?.stringValue == "7")
        #expect(opened["data"]?["callId"]?.stringValue == uuid && opened["data"]?["isActive"]?.boolValue == true)
        let active = try scene.ask(.get, "/api/v1/calls/sessions/active")
        #expect(active["data"]?.arrayValue?.count == 1)
        #expect(try scene.ask(.post, "/api/v1/calls/\(uuid)/sessions", ["callId": "9"]).status == 400)
        #expect(scene.store.sessions.map(\.isActive) == [true])
        _ = try scene.ask(.post, "/api/v1/calls/\(uuid)/end", [:])
        #expect(scene.store.sessions.map(\.endedAt) == [scene.store.records.first?.endedAt])
        #expect(try scene.ask(.post, "/api/v1/calls/\(uuid)/sessions", [:]).code == "CALL_ALREADY_ENDED")
        #expect(try scene.ask(.get, "/api/v1/calls/sessions/active")["data"]?.arrayValue?.isEmpty == true)
    }

    @Test func `a store that is away is 503, not the client's fault`() throws {
        let scene = try Scene()
        scene.store.breakDown()
        let answer = try scene.ask(.get, "/api/v1/calls")
        #expect(answer.status == 503 && answer.code == "DEPENDENCY_UNAVAILABLE")
        #expect(answer.fields["Retry-After"] != nil)
        #expect(try room(scene).number == 1)
    }

    @Test func `whoever sees only their own calls is shown by a number of their own or of the house`() throws {
        let scene = try Scene(.required)
        func call(from: String, user: Int64) throws -> Scene.Answer {
            let body: JSONValue = ["phoneNumber": "+79991234567", "direction": "outgoing", "from": .string(from)]
            return try scene.ask(.post, "/api/v1/calls", body, user: user)
        }
        #expect(try call(from: "102", user: 1).code == "FORBIDDEN")
        #expect(try call(from: "+79990000000", user: 1).code == "FORBIDDEN")
        for own in ["101", "+7 (916) 111-22-33", "84951112233"] { #expect(try call(from: own, user: 1).status == 201) }
        for foreign in ["+14951112233", "sip:74951112233@example.com"] {
            #expect(try call(from: foreign, user: 1).code == "FORBIDDEN")
        }
        #expect(try call(from: "+79161112233", user: 2).code == "FORBIDDEN")
        #expect(try call(from: "+79990000000", user: 3).status == 201)
        let open = try Scene()
        let body: JSONValue = ["phoneNumber": "+79991234567", "direction": "outgoing", "from": "+79990000000"]
        #expect(try open.ask(.post, "/api/v1/calls", body).status == 201)
    }
}
