import CallModel
import CallViews
import Directory
import Testing
import Wire

struct QualityViewTests {
    @Test(arguments: CallView.allCases)
    func `how a call sounded is an extra member in every view, and absent while unknown`(view: CallView) throws {
        var call = try makeCRMExample()
        let before = try #require(view.render(call).objectValue)
        #expect(before["quality"] == nil)
        var leg = LegQuality(leg: 1, kind: .browser, codec: "opus")
        leg.mos = LegQuality.Score(current: 4.4, minimum: 4.234, average: 4.3)
        call.record.quality = CallQuality(legs: [leg])
        let after = try #require(view.render(call).objectValue)
        #expect(Array(after.members.dropLast()) == before.members)
        #expect(after["quality"]?["mosMin"] == 4.23)
        #expect(after["quality"]?["legs"]?[0]?["codec"] == "opus")
    }
}

struct CRMViewTests {
    @Test func `a list element is that of document 002, members in order`() throws {
        // The document shows a finished call that is still "accepted"; §8.9 of the contract: ended is "completed".
        let expected = """
            {"id":1,"caller_number":"+7 (495) 123-45-67","receiver_number":"+7 (495) 987-65-43","status":"completed",
            "accepted_at":"2024-01-15T10:30:00Z","answered_at":"2024-01-15T10:30:05Z",
            "ended_at":"2024-01-15T10:33:25Z","duration":200,"notes":"Клиент интересовался услугами",
            "assigned_user_id":1,"answered_by_user_id":1,"caller_company_id":5,"customer_name":"Иван Петров",
            "company":"ООО Технологии","email":"ivan@tech.ru","call_purpose":"sales","priority":"medium",
            "is_on_hold":false,"tags":["новый клиент","продажи"]}
            """
        let rendered = CallView.crm.render(try makeCRMExample())
        #expect(try prefix(of: rendered, like: expected) == json(expected))
    }

    @Test func `the detail is that of document 002, members in order`() throws {
        let expected = """
            {"id":1,"caller_number":"+7 (495) 123-45-67","receiver_number":"+7 (495) 987-65-43","status":"completed",
            "accepted_at":"2024-01-15T10:30:00Z","answered_at":"2024-01-15T10:30:05Z",
            "ended_at":"2024-01-15T10:33:25Z","duration":200,"notes":"Клиент интересовался услугами",
            "assigned_user_first_name":"Анна","assigned_user_last_name":"Иванова",
            "answered_user_first_name":"Анна","answered_user_last_name":"Иванова",
            "caller_company_name":"ООО Технологии","caller_company_inn":"1234567890","customer_name":"Иван Петров",
            "customer_company":"ООО Технологии","customer_email":"ivan@tech.ru",
            "customer_phone":"+7 (495) 123-45-67","call_purpose":"sales","priority":"medium",
            "follow_up_date":"2024-01-20T14:00:00Z","outcome":"Договорились о встрече",
            "recording_url":"https://example.com/recordings/call_1.mp3","tags":"новый клиент, продажи",
            "transfer_count":0,"tags_list":["новый клиент","продажи"]}
            """
        let rendered = CallView.crm.render(try makeCRMExample(), .detail)
        #expect(try prefix(of: rendered, like: expected) == json(expected))
        #expect(rendered["email"] == "ivan@tech.ru")
    }

    @Test func `an active call is that of document 002, members in order`() throws {
        let expected = """
            {"id":1,"caller_number":"+7 (495) 123-45-67","receiver_number":"+7 (495) 987-65-43","status":"incoming",
            "started_at":"2024-01-15T10:30:00Z","channel_id":"SIP/1001-00000001","is_muted":false,
            "is_speaker_on":false,"is_on_hold":false,"assigned_user_first_name":"Анна",
            "assigned_user_last_name":"Иванова"}
            """
        let rendered = CallView.crm.render(try makeCRMExample(.ringing), .active)
        #expect(try prefix(of: rendered, like: expected) == json(expected))
        #expect(rendered["tags"] == ["новый клиент", "продажи"])
    }

    @Test func `what is unknown is null, and a fraction shows when there is one`() throws {
        var call = try makeCall(.ringing)
        call.record.startedAt = call.record.startedAt + .milliseconds(7)
        let rendered = CallView.crm.render(call, .detail)
        for name in ["answered_at", "ended_at", "duration", "notes", "assigned_user_first_name", "recording_url"] {
            #expect(rendered[name] == .null, "\(name)")
        }
        #expect(rendered["tags"] == "")
        #expect(rendered["accepted_at"] == "2024-01-15T10:30:00.007Z")
    }
}

struct PBXViewTests {
    @Test func `a ringing call is that of document 003, and what is unknown is absent`() throws {
        var call = try makeCall(.ringing)
        (call.record.callerNumber, call.record.receiverNumber) = ("sip:+79991234567@trunk.example;user=phone", "1001")
        call.record.sipCallID = "a84b4c76e66710"
        let rendered = CallView.pbx.render(call)
        let expected = """
            {"id":"\(uuidText)","callId":"a84b4c76e66710","sessionId":"\(uuidText)","direction":"inbound",
            "from":"+79991234567","to":"1001","extension":"1001","status":"ringing",
            "startTime":"2024-01-15T10:30:00.000Z"}
            """
        #expect(try prefix(of: rendered, like: expected) == json(expected))
        for name in [
            "answerTime", "endTime", "duration", "recording", "customerId", "customerName", "orderId", "notes",
        ] {
            #expect(rendered[name] == nil, "\(name)")
        }
    }

    @Test func `an ended call has its times and its duration, 0 when nobody answered`() throws {
        let answered = CallView.pbx.render(try makeCRMExample())
        #expect(answered["answerTime"] == "2024-01-15T10:30:05.000Z")
        #expect(answered["endTime"] == "2024-01-15T10:33:25.000Z")
        #expect(answered["duration"] == 200)
        #expect(answered["notes"] == "Клиент интересовался услугами")
        #expect(answered["status"] == "ended")
        #expect(CallView.pbx.render(try makeCall(.noAnswer))["duration"] == 0)
    }
}

struct GatewayViewTests {
    @Test func `a call is that of document 004, duration 0 until it ends`() throws {
        let expected = """
            {"id":"\(uuidText)","clientId":null,"phoneNumber":"+7 (495) 987-65-43","direction":"outgoing",
            "status":"initiated","duration":0,"recordingUrl":null,"transcript":null,"summary":null,"sentiment":null,
            "confidenceScore":null,"createdAt":"2024-01-15T10:30:00.000Z","updatedAt":"2024-01-15T10:30:00.000Z",
            "from":"+7 (495) 123-45-67","to":"+7 (495) 987-65-43","startedAt":"2024-01-15T10:30:00.000Z",
            "answeredAt":null,"endedAt":null,"sessions":0}
            """
        let rendered = CallView.gateway.render(try makeCall(.initiated, .outgoing))
        #expect(try prefix(of: rendered, like: expected) == json(expected))
    }

    @Test func `a judged call shows its judgement`() throws {
        var call = try makeCall(.completed)
        (call.record.sentiment, call.record.confidenceScore, call.record.sessionCount) = (.negative, 0.875, 2)
        let rendered = CallView.gateway.render(call)
        #expect(rendered["sentiment"] == "negative")
        #expect(rendered["confidenceScore"] == 0.875)
        #expect(rendered["sessions"] == 2)
        #expect(rendered["duration"] == 200)
    }

    @Test func `a session is that of document 004`() throws {
        let id = try #require(UUID(uuidText))
        let start = WallTime(milliseconds: 1000)
        let session = CallSession(id: id, callID: 1, userID: nil, startTime: start)
        #expect(
            session.rendered(call: id).text == """
                {"sessionId":"\(uuidText)","callId":"\(uuidText)","startTime":"1970-01-01T00:00:01.000Z",\
                "lastActivity":"1970-01-01T00:00:01.000Z","isActive":true}
                """)
        let owned = CallSession(id: id, callID: 1, userID: "7", startTime: start)
        #expect(owned.rendered(call: id)["userId"] == "7")
    }
}

struct RecordsViewTests {
    @Test func `a call is that of document 000, members in order`() throws {
        var call = try makeCall(.completed)
        (call.record.callID, call.record.entryID, call.record.lineNumber) = ("MTox", "E1", "74951234567")
        (call.record.campaign, call.record.city, call.record.callerNumber) = ("РК1", "Москва", "79991234567")
        (call.record.operatorID, call.record.mangoData) = (1, #"{"entry_id":"E1","seq":3}"#)
        call.operator = User(id: 1, login: "op", name: "Иванов", city: "Москва", sipAddress: "op@vpbx")
        call.line = PhoneLine(id: 3, number: "74951234567", campaign: "РК1", city: "Москва")
        let expected = """
            {"id":1,"callId":"MTox","rk":"РК1","city":"Москва","avitoName":null,"phoneClient":"79991234567",
            "phoneAts":"74951234567","dateCreate":"2024-01-15T10:30:00.000Z","status":"answered","duration":200,
            "recordUrl":null,"recordingPath":null,"recordingProcessedAt":null,"recordingEmailSent":false,
            "mangoData":{"entry_id":"E1","seq":3},"operatorId":1,
            "operator":{"id":1,"name":"Иванов","login":"op","city":"Москва","sipAddress":"op@vpbx"},
            "phone":{"id":3,"number":"74951234567","rk":"РК1","city":"Москва","avitoName":null},"avito":null,
            "callDirection":"incoming","entryId":"E1","createdAt":"2024-01-15T10:30:00.000Z",
            "updatedAt":"2024-01-15T10:30:00.000Z"}
            """
        #expect(try prefix(of: CallView.records.render(call, .detail), like: expected) == json(expected))
        #expect(CallView.records.render(call)["mangoData"] == nil)
    }

    @Test func `a live unanswered call has neither status nor duration`() throws {
        let rendered = CallView.records.render(try makeCall(.ringing, .outgoing))
        #expect(rendered["status"] == .null)
        #expect(rendered["duration"] == .null)
        #expect(rendered["phoneClient"] == "+7 (495) 987-65-43")
        #expect(rendered["phoneAts"] == "+7 (495) 123-45-67")
        #expect(rendered["callDirection"] == "outgoing")
    }
}

struct EveryViewTests {
    @Test(arguments: CallView.allCases) func `every view names the call both ways and in all vocabularies`(
        view: CallView
    )
        throws
    {
        let rendered = view.render(try makeCall(.cancelled))
        #expect(rendered["uuid"] == .string(uuidText))
        #expect(rendered["numericId"] == 1)
        #expect(rendered["state"] == "cancelled")
        #expect(
            rendered["statuses"] == ["mango": "completed", "crm": "missed", "pbx": "cancelled", "gateway": "no_answer"])
        #expect(rendered["id"] == (view == .records || view == .crm ? 1 : .string(uuidText)))
    }

    @Test(arguments: CallView.allCases, [CallView.Form.list, .detail, .active])
    func `keys of the other views are there unless they clash, and none is there twice`(
        view: CallView, form: CallView.Form
    ) throws {
        let rendered = view.render(try makeCRMExample(), form)
        let names = try #require(rendered.objectValue).members.map(\.name)
        #expect(Set(names).count == names.count)
        for name in ["phoneClient", "caller_number", "started_at", "startTime", "phoneNumber", "assigned_user_id"] {
            #expect(rendered[name] != nil, "\(name)")
        }
        let owners: [String: Set<CallView>] = [
            "callId": [.records, .pbx], "direction": [.pbx, .gateway], "tags": [.crm],
        ]
        for (name, views) in owners { #expect((rendered[name] != nil) == views.contains(view), "\(name)") }
    }

    @Test func `people and lines are found in the roster`() throws {
        var record = try makeCRMExample().record
        (record.operatorID, record.lineNumber) = (2, "8 495 123 45 67")
        let roster = Roster(
            users: [User(id: 1, firstName: "Анна"), User(id: 2, name: "Пётр")],
            lines: [PhoneLine(id: 3, number: "+74951234567")])
        let facts = CallFacts(record: record, roster: roster, companies: [5: Company(id: 5, name: "ООО")])
        #expect(facts.operator?.name == "Пётр")
        #expect(facts.assignedUser?.firstName == "Анна")
        #expect(facts.line?.id == 3)
        #expect(facts.company?.name == "ООО")
    }
}
