import API
import CallModel
import Calls
import Reactor
import Testing
import Web
import Wire

/// `/api/calls` as clients of document 002 use it.
@Suite struct CRMCallTests {
    private static let reported: JSONValue = [
        "caller_number": "+7 (495) 123-45-67", "receiver_number": "101", "channel_id": "SIP/1001-00000001",
    ]

    private func report(_ scene: Scene, _ body: JSONValue = reported) throws -> JSONValue {
        let answer = try scene.ask(.post, "/api/calls", body, user: 3)
        try #require(answer.status == 201, "\(answer.body.text)")
        return try #require(answer["data"])
    }

    @Test func `a reported call is live, knows whose it is, and is the same call twice`() throws {
        let scene = try Scene(.required)
        let call = try report(scene)
        #expect(call["status"] == "incoming" && call["assigned_user_id"] == 1 && call["caller_company_id"] == 5)
        #expect(call["caller_company_name"] == "ООО Технологии" && call["caller_number"] == "+7 (495) 123-45-67")
        #expect(scene.notices == [.life(.created)])
        let again = try scene.ask(.post, "/api/calls", Self.reported, user: 3)
        #expect(again.status == 200 && again["data"]?["id"] == call["id"])
        let active = try scene.ask(.get, "/api/calls/active", user: 1)
        #expect(active["data"]?.arrayValue?.count == 1 && active["calls"]?[0]?["status"] == "ringing")
        #expect(active["data"]?[0]?["channel_id"] == "SIP/1001-00000001")
    }

    @Test func `a reported call is answered, held and ended by those who take it`() throws {
        let scene = try Scene(.required)
        let call = try report(scene)
        let (number, uuid) = (try #require(call["id"]?.integerValue), try #require(call["uuid"]?.stringValue))
        let answered = try scene.ask(.post, "/api/calls/answer/\(uuid)", user: 1)
        #expect(answered["call"]?["status"] == "answered")
        #expect(try scene.ask(.post, "/api/calls/answer/\(uuid)", user: 1).code == "CALL_ALREADY_ANSWERED")
        #expect(try scene.ask(.post, "/api/calls/hold/\(number)", user: 1)["call"]?["status"] == "held")
        scene.loop.advance(by: .seconds(7))
        #expect(try scene.ask(.post, "/api/calls/unhold/\(number)", user: 1)["call"]?["status"] == "answered")
        scene.loop.advance(by: .seconds(10))
        let ended = try scene.ask(.put, "/api/calls/\(number)/end", ["notes": "всё"], user: 1)
        #expect(ended.status == 200 && ended["duration"] == 17 && ended["endedAt"]?.stringValue?.isEmpty == false)
        let stored = try #require(scene.store.records.first)
        #expect(stored.state == .completed && stored.holdSeconds == 7 && stored.answeredByUserID == 1)
        #expect(stored.notes == "всё")
        #expect(try scene.ask(.put, "/api/calls/\(number)/end", [:], user: 1)["duration"] == 17)
        #expect(try scene.ask(.get, "/api/calls/\(number)/status", user: 1)["data"]?["is_active"] == false)
        #expect(try report(scene)["id"]?.integerValue != number)
    }

    @Test func `the client's duration counts for a call it reported`() throws {
        let scene = try Scene(.required)
        let number = try #require(try report(scene)["id"]?.integerValue)
        _ = try scene.ask(.post, "/api/calls/answer/\(number)", user: 1)
        let ended = try scene.ask(.put, "/api/calls/\(number)/end", ["duration": 200], user: 1)
        #expect(ended["duration"] == 200 && scene.store.records.first?.duration == 200)
    }

    @Test(
        arguments: [
            (["receiver_number": "101"], "VALIDATION_ERROR", 400),
            (["caller_number": "x", "receiver_number": "101"], "INVALID_PHONE", 400),
            (["caller_number": "7", "receiver_number": "101", "assigned_user_id": 77], "USER_NOT_FOUND", 404),
            (["caller_number": "7", "receiver_number": "101", "caller_company_id": 6], "COMPANY_NOT_FOUND", 404),
            (["caller_number": "7", "receiver_number": "101", "assigned_user_id": "x"], "VALIDATION_ERROR", 400),
        ] as [(JSONValue, String, Int)])
    func `what is wrong with a reported call is named`(_ body: JSONValue, _ code: String, _ status: Int) throws {
        let answer = try Scene().ask(.post, "/api/calls", body)
        #expect(answer.status == status && answer.code == code)
    }

    @Test func `what people write is kept without markup, and null clears it`() throws {
        let scene = try Scene(.required)
        let number = try #require(try report(scene)["id"]?.integerValue)
        let edit: JSONValue = [
            "notes": "<script>x</script>Обновленные заметки", "customer_name": "Иван Петров",
            "company": "ООО Технологии", "email": "ivan@tech.ru", "call_purpose": "sales", "priority": "high",
            "follow_up_date": "2024-01-20T14:00:00Z", "outcome": "Успешная продажа",
            "tags": ["клиент", "продажи", "клиент"],
        ]
        for _ in 0..<2 {
            let data = try #require(try scene.ask(.put, "/api/calls/\(number)", edit, user: 1)["data"])
            #expect(data["notes"] == "xОбновленные заметки" && data["customer_company"] == "ООО Технологии")
            #expect(data["follow_up_date"] == "2024-01-20T14:00:00Z" && data["priority"] == "high")
            #expect(data["tags"] == "клиент, продажи" && data["tags_list"] == ["клиент", "продажи"])
        }
        let changes = scene.notices.compactMap { notice -> Bool? in
            if case .edited(_, let changesNotes) = notice { changesNotes } else { nil }
        }
        #expect(changes == [true, false])
        _ = try scene.ask(.put, "/api/calls/\(number)/end", [:], user: 1)
        let clear: JSONValue = ["notes": .null, "email": .null, "priority": .null, "tags": .null, "company": ""]
        let cleared = try #require(try scene.ask(.put, "/api/calls/\(number)", clear, user: 1)["data"])
        #expect(cleared["notes"] == .null && cleared["customer_email"] == .null && cleared["priority"] == "medium")
        #expect(cleared["tags"] == "" && cleared["customer_company"] == "" && cleared["outcome"] == "Успешная продажа")
        #expect(try scene.ask(.put, "/api/calls/\(number)", ["notes": "x"], user: 2).status == 403)
        #expect(try scene.ask(.put, "/api/calls/777", ["notes": "x"], user: 3).code == "CALL_NOT_FOUND")
    }

    @Test(
        arguments: [
            ["email": "ivan"], ["email": "a b@c.ru"], ["priority": "urgent"], ["follow_up_date": "soon"],
            ["tags": [1]], ["tags": 7], ["notes": 5], ["customer_name": ["x"]],
        ] as [JSONValue])
    func `what is wrong with an edit is named, and nothing is changed`(_ body: JSONValue) throws {
        let scene = try Scene()
        let number = try #require(try report(scene)["id"]?.integerValue)
        let before = scene.store.records
        let answer = try scene.ask(.put, "/api/calls/\(number)", body)
        let field = try #require(body.objectValue?.members.first?.name)
        #expect(answer.status == 400 && answer.body["error"]?["details"]?[field] != nil)
        #expect(scene.store.records == before)
    }

    @Test func `the list takes its filters, in the order of pages`() throws {
        let scene = try Scene(.required)
        let path = "/api/calls?page=2&limit=500&status=missed&search=Иван&date_from=2024-01-15&date_to=2024-01-16"
        let answer = try scene.ask(.get, path + "&userId=2", user: 3)
        #expect(answer["pagination"] == ["page": 2, "limit": 200, "total": 0, "pages": 0])
        let query = try #require(scene.store.lastQuery)
        #expect(query.limit == 200 && query.offset == 200 && query.search == "Иван")
        #expect(query.visibility == .user(2, isOperator: true))
        #expect(query.startedFrom?.iso8601() == "2024-01-14T21:00:00.000Z")
        #expect(query.startedThrough?.iso8601() == "2024-01-16T20:59:59.999Z")
        #expect(query.states?.contains(.init(.busy)) == true && query.states?.contains(.init(.rejected)) == false)
        #expect(try scene.ask(.get, "/api/calls?userId=2", user: 1).code == "FORBIDDEN")
        for bad in [
            "status=ended", "page=0", "date_from=x", "userId=x", "search=" + String(repeating: "x", count: 300),
        ] {
            #expect(try scene.ask(.get, "/api/calls?\(bad)", user: 3).status == 400, "\(bad)")
        }
    }

    @Test func `people's phones and callers' companies are found`() throws {
        let scene = try Scene()
        let phones = try scene.ask(.get, "/api/users/1/phones")
        let phone: JSONValue = ["id": 1, "phone_number": "+79161112233", "phone_type": "mobile", "is_primary": true]
        #expect(phones["data"] == [phone])
        #expect(try scene.ask(.get, "/api/users/2/phones")["data"] == [])
        #expect(try scene.ask(.get, "/api/users/77/phones").code == "USER_NOT_FOUND")
        #expect(try scene.ask(.get, "/api/users/x/phones").code == "VALIDATION_ERROR")
        let company = try scene.ask(.get, "/api/companies/by-phone/84951234567")
        #expect(company["data"]?["name_companies"] == "ООО Технологии" && company["data"]?["id"] == 5)
        #expect(try scene.ask(.get, "/api/companies/by-phone/123").code == "COMPANY_NOT_FOUND")
        #expect(try scene.ask(.get, "/api/companies/by-phone/x").code == "INVALID_PHONE")
    }

    @Test func `outgoing calls begin at an extension, or in the user's page`() throws {
        let scene = try Scene(.required)
        scene.open(pagesOf: 1)
        let body: JSONValue = ["fromNumber": "101", "toNumber": "echo"]
        let answer = try scene.ask(.post, "/api/calls/outgoing", body, user: 1)
        #expect(answer.status == 200 && answer["callId"]?.integerValue == 1, "\(answer.body.text)")
        #expect(try scene.ask(.post, "/api/calls/outgoing", body, user: 2).code == "FORBIDDEN")
        let other: JSONValue = ["toNumber": "echo", "userId": 1]
        #expect(try scene.ask(.post, "/api/calls/outgoing", other, user: 2).code == "FORBIDDEN")
        #expect(try scene.ask(.post, "/api/calls/outgoing", [:], user: 2).status == 400)
    }

    @Test func `recordings, internal numbers and health are told`() throws {
        let scene = try Scene()
        let number = try #require(try report(scene)["id"]?.integerValue)
        let recording = try scene.ask(.get, "/api/calls/\(number)/recording-status")
        #expect(recording["data"]?["status"] == "none" && recording["data"]?["hasRecording"] == false)
        let numbers = try scene.ask(.get, "/api/internal-numbers")["data"]?.arrayValue?.compactMap { $0["number"] }
        #expect(numbers == ["101", "102"])
        #expect(try Scene(.required).ask(.get, "/api/health")["database"] == "connected")
    }
}
