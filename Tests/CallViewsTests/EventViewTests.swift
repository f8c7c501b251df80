import CallModel
import CallViews
import Directory
import Testing
import Wire

struct EventViewTests {
    @Test func `incoming-call is that of document 002`() throws {
        let expected = """
            {"id":1,"caller_number":"+7 (495) 123-45-67","receiver_number":"+7 (495) 987-65-43",
            "timestamp":"2024-01-15T10:30:00Z","assigned_user_id":1,"caller_company_id":5,"status":"incoming",
            "caller_company_name":"ООО Технологии","is_on_hold":false,"channel_id":"SIP/1001-00000001",
            "uuid":"\(uuidText)"}
            """
        #expect(CallEventView.incomingCall(try makeCRMExample(.ringing)) == (try json(expected)))
    }

    @Test func `call-answered says who did what, and repeats what the client sent`() throws {
        var record = try makeCall(.answered).record
        #expect(
            CallEventView.callAnswered(record, .accept, userID: 2).text == """
                {"callId":1,"action":"accept","userId":2,"uuid":"\(uuidText)"}
                """)
        record.notes = "n"
        let rejected = CallEventView.callAnswered(record, .reject, userID: nil, initialData: ["company": "x"])
        #expect(
            rejected.text == """
                {"callId":1,"action":"reject","userId":null,"initialData":{"company":"x"},"notes":"n",\
                "uuid":"\(uuidText)"}
                """)
    }

    @Test func `call-ended has its duration, its status and why`() throws {
        var record = try makeCall(.completed).record
        record.endReason = .calleeHangup
        #expect(
            CallEventView.callEnded(record, userID: 1).text == """
                {"callId":1,"userId":1,"endedAt":"2024-01-15T10:33:25Z","duration":200,"status":"completed",\
                "reason":"callee_hangup","uuid":"\(uuidText)"}
                """)
        #expect(CallEventView.callEnded(try makeCall(.missed).record, userID: nil)["duration"] == 0)
    }

    @Test func `call-hold-changed is that of document 002`() throws {
        var record = try makeCall(.held).record
        record.isOnHold = true
        let rendered = CallEventView.holdChanged(record, userID: 1)
        #expect(
            try prefix(of: rendered, like: #"{"callId":1,"isHold":true,"userId":1}"#).text
                == #"{"callId":1,"isHold":true,"userId":1}"#)
    }

    @Test func `a transfer is told to both`() throws {
        let call = try makeCRMExample(.answered)
        let incoming = CallEventView.incomingTransfer(call, fromUser: 1, reason: "Специалист")
        #expect(incoming["callId"] == 1)
        #expect(incoming["call"]?["tags"] == "новый клиент, продажи")
        #expect(incoming["fromUser"] == 1)
        #expect(incoming["transferReason"] == "Специалист")
        let transfer = try #require(UUID(uuidText))
        #expect(
            CallEventView.transferInitiated(call.record, targetUser: 2, fromUser: 1, reason: nil, transfer: transfer)
                .text
                    == """
                    {"callId":1,"targetUserId":2,"fromUser":1,"transferReason":null,"transferId":"\(uuidText)"}
                    """)
        #expect(CallEventView.callTransferred(call.record, fromUser: 1, toUser: 2)["toUserId"] == 2)
    }

    @Test func `notes are repeated with what belongs to them`() throws {
        let record = try makeCRMExample().record
        let rendered = CallEventView.notesUpdated(record, userID: 1, customerData: ["company": "x"])
        #expect(rendered["notes"] == "Клиент интересовался услугами")
        #expect(rendered["customerData"] == ["company": "x"])
        #expect(rendered["userId"] == 1)
    }

    @Test func `the colon events show the pbx view and what 000's clients need`() throws {
        let rendered = CallEventView.pbx(try makeCRMExample())
        #expect(rendered["id"] == .string(uuidText))
        #expect(rendered["status"] == "ended")
        #expect(rendered["direction"] == "inbound")
        #expect(rendered["duration"] == 200)
        #expect(rendered["phoneClient"] == "+7 (495) 123-45-67")
        #expect(rendered["phoneAts"] == "+7 (495) 987-65-43")
        #expect(rendered["operatorId"] == .null)
        #expect(rendered["numericId"] == 1)
        #expect(CallEventView.pbxList([try makeCall(.ringing)])[0]?["duration"] == nil)
        #expect(CallEventView.activeCalls([try makeCall(.ringing)])[0]?["started_at"] == "2024-01-15T10:30:00Z")
    }
}

struct DirectoryViewTests {
    @Test func `people and companies are those of document 002`() {
        let anna = User(id: 1, firstName: "Анна", lastName: "Иванова", presence: .online)
        #expect(
            anna.renderedAsAvailable.text == #"{"id":1,"first_name":"Анна","last_name":"Иванова","status":"online"}"#)
        let phone = UserPhone(id: 1, userID: 1, number: "+7 (495) 987-65-43", kind: .work, isPrimary: true)
        #expect(
            phone.rendered.text
                == #"{"id":1,"phone_number":"+7 (495) 987-65-43","phone_type":"work","is_primary":true}"#)
        let company = Company(
            id: 5, name: "ООО Технологии", inn: "1234567890",
            phones: [CompanyPhone(number: "+7 (495) 123-45-67", contactPerson: "Иван Петров")])
        #expect(
            company.rendered.text == """
                {"id":5,"name_companies":"ООО Технологии","inn":"1234567890","status_companies":"active",\
                "phone_numbers":[{"phone_number":"+7 (495) 123-45-67","phone_type":"main",\
                "contact_person":"Иван Петров"}]}
                """)
    }

    @Test(arguments: [(150, 50, 3), (151, 50, 4), (0, 50, 0), (1, 0, 0), (Int.max, 1, Int.max)])
    func `pages are counted up`(total: Int, limit: Int, pages: Int) {
        let info = PageInfo(page: 1, limit: limit, total: total)
        #expect(info.crm["pages"]?.integerValue == Int64(pages))
        #expect(info.v1["pages"] == info.v1["totalPages"])
    }
}
