import API
import CallModel
import Calls
import Testing
import Web
import Wire

/// Document 000's own part of `/api/v1/calls`.
@Suite struct RecordCallTests {
    private static let body: JSONValue = [
        "phoneClient": "+7 (999) 123-45-67", "status": "answered", "city": "Москва", "duration": 120,
        "dateCreate": "2025-11-08T12:00:00.000Z",
    ]

    private func make(_ scene: Scene, _ body: JSONValue = body, user: Int64? = 1) throws -> JSONValue {
        let answer = try scene.ask(.post, "/api/v1/calls", body, user: user)
        try #require(answer.status == 201, "\(answer.body.text)")
        #expect(answer["message"] == "Call created successfully" && answer["success"] == true)
        return try #require(answer["data"])
    }

    @Test func `a call is written down as told, under the operator's name`() throws {
        let scene = try Scene(.required)
        let call = try make(scene)
        #expect(call["status"] == "answered" && call["duration"] == 120 && call["operatorId"] == 1)
        #expect(call["rk"] == "MANUAL" && call["city"] == "Москва" && call["phoneAts"] == "")
        #expect(call["dateCreate"] == "2025-11-08T12:00:00.000Z" && call["callDirection"] == "incoming")
        #expect(call["callId"]?.stringValue?.hasPrefix("MANUAL-") == true)
        let stored = try #require(scene.store.records.first)
        #expect(stored.state == .completed && stored.source == .manual && stored.callerNumber == "+7 (999) 123-45-67")
        #expect(stored.endedAt == stored.startedAt + .seconds(120) && stored.answeredAt == stored.startedAt)
        #expect(scene.notices.last == .filed(isNew: true))
    }

    @Test(arguments: ["missed", "busy", "no_answer"]) func `a call that nobody answered lasted no time`(
        word: String
    ) throws {
        let scene = try Scene()
        let body: JSONValue = ["phoneClient": "79991234567", "status": .string(word), "duration": 30]
        let call = try make(scene, body, user: 2)
        #expect(call["status"]?.stringValue == word && call["duration"] == 0)
        #expect(scene.store.records.first?.answeredAt == nil)
    }

    @Test func `a callId is used once, and ids of our own never meet`() throws {
        let scene = try Scene()
        let body: JSONValue = ["phoneClient": "79991234567", "status": "missed", "callId": "MTox"]
        _ = try make(scene, body)
        let again = try scene.ask(.post, "/api/v1/calls", body, user: 1)
        #expect(again.status == 409 && again.code == "DUPLICATE_CALL_ID" && scene.store.records.count == 1)
        let ids = try Set((0..<3).map { _ in try make(scene)["callId"] })
        #expect(ids.count == 3)
    }

    @Test(
        arguments: [
            (["status": "missed"], "phoneClient"), (["phoneClient": "79991234567"], "status"),
            (["phoneClient": "x", "status": "missed"], "phoneClient"),
            (["phoneClient": "79991234567", "status": "ringing"], "status"),
            (["phoneClient": "79991234567", "status": "missed", "dateCreate": "yesterday"], "dateCreate"),
            (["phoneClient": "79991234567", "status": "answered", "duration": -1], "duration"),
            (["phoneClient": "79991234567", "status": "missed", "recordUrl": "javascript:alert(1)"], "recordUrl"),
            (["phoneClient": "79991234567", "status": "missed", "phoneAts": "?"], "phoneAts"),
        ] as [(JSONValue, String)])
    func `what is wrong with a record is named`(_ body: JSONValue, _ field: String) throws {
        let answer = try Scene().ask(.post, "/api/v1/calls?view=records", body)
        #expect(answer.status == 400 && answer.body["error"]?["details"]?[field] != nil, "\(answer.body.text)")
    }

    @Test func `only administrators and operators write records`() throws {
        let scene = try Scene(.required)
        for role in ["director", "master"] {
            #expect(try scene.ask(.post, "/api/v1/calls", Self.body, user: 9, role: role).code == "FORBIDDEN")
        }
        #expect(try scene.ask(.post, "/api/v1/calls", Self.body, user: 3).status == 201)
        #expect(try scene.ask(.post, "/api/v1/calls", Self.body).status == 401)
    }

    @Test func `a record is corrected by those who may, and the rest of the body is ignored`() throws {
        let scene = try Scene(.required)
        let number = try #require(try make(scene)["id"]?.integerValue)
        let path = "/api/v1/calls/\(number)"
        let edit: JSONValue = ["status": "missed", "note": "<b>перезвонить</b>", "rk": "РК1", "unknown": 1]
        let answer = try scene.ask(.put, path, edit, user: 1)
        #expect(answer.status == 200 && answer["message"] == "Call updated successfully")
        #expect(answer["data"]?["status"] == "missed" && answer["data"]?["duration"] == 0)
        #expect(answer["data"]?["notes"] == "перезвонить" && answer["data"]?["rk"] == "РК1")
        #expect(scene.notices.contains(.filed(isNew: false)))
        let back = try scene.ask(.put, path, ["status": "answered", "duration": 45], user: 3)
        #expect(back["data"]?["status"] == "answered" && back["data"]?["duration"] == 45)
        let stored = try #require(scene.store.records.first)
        #expect(stored.endedAt == stored.startedAt + .seconds(45))
        #expect(try scene.ask(.put, path, edit, user: 2).code == "FORBIDDEN")
        #expect(try scene.ask(.put, path, edit, user: 1, role: "operator").status == 200)
        #expect(try scene.ask(.put, path, ["status": "held"], user: 3).status == 400)
        #expect(try scene.ask(.put, "/api/v1/calls/999", edit, user: 3).code == "CALL_NOT_FOUND")
        #expect(try scene.ask(.put, "/api/v1/calls/x", edit, user: 3).code == "VALIDATION_ERROR")
    }

    @Test func `calls of a number are the fifty newest that have a status`() throws {
        let scene = try Scene()
        _ = try make(scene)
        for path in ["%2B79991234567", "+79991234567", "%2079991234567"] {
            let answer = try scene.ask(.get, "/api/v1/calls/by-phone/\(path)")
            #expect(answer.status == 200 && answer["data"]?.arrayValue?.count == 1, "\(path)")
        }
        let query = try #require(scene.store.lastQuery)
        #expect(query.limit == 50 && query.hidesUnanswered && !query.countsTotal && query.clientNumber != nil)
        #expect(try scene.ask(.get, "/api/v1/calls/by-phone/abc").code == "INVALID_PHONE")
    }

    @Test func `statistics take the list's filters`() throws {
        let scene = try Scene(.required)
        _ = try make(scene)
        let path = "/api/v1/calls/stats?startDate=2025-11-08&endDate=2025-11-08&city=x&operatorId=1"
        let answer = try scene.ask(.get, path, user: 2)
        let expected: JSONValue = [
            "totalCalls": 1, "answeredCalls": 1, "missedCalls": 0, "busyCalls": 0, "noAnswerCalls": 0,
            "totalDuration": 120, "avgDuration": 120,
        ]
        #expect(answer.status == 200 && answer["data"] == expected)
        let query = try #require(scene.store.lastQuery)
        #expect(query.visibility == .user(2, isOperator: true) && query.city == "x" && query.operatorID == 1)
        #expect(query.startedFrom?.iso8601() == "2025-11-07T21:00:00.000Z")
        #expect(query.startedThrough?.iso8601() == "2025-11-08T20:59:59.999Z")
        #expect(try scene.ask(.get, "/api/v1/calls/stats?startDate=x", user: 2).status == 400)
    }

    @Test func `health needs no token`() throws {
        let answer = try Scene(.required).ask(.get, "/api/v1/calls/health/")
        #expect(answer.status == 200 && answer["message"] == "Calls module is healthy" && answer["timestamp"] != nil)
    }

    @Test func `a recording is linked where there is one`() throws {
        let scene = try Scene()
        let body: JSONValue = [
            "phoneClient": "79991234567", "status": "missed", "recordUrl": "https://x.example/1.mp3",
        ]
        let number = try #require(try make(scene, body)["id"]?.integerValue)
        let answer = try scene.ask(.get, "/api/v1/recordings/call/\(number)/download")
        #expect(answer["url"] == "https://x.example/1.mp3" && answer["success"] == true)
        let without = try #require(try make(scene)["id"]?.integerValue)
        #expect(try scene.ask(.get, "/api/v1/recordings/call/\(without)/download").code == "RECORDING_NOT_FOUND")
    }
}
