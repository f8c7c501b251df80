import API
import CallModel
import Calls
import Testing
import Web
import Wire

/// What document 003's clients write on calls, and ask about the PBX.
@Suite struct PBXNoteTests {
    private func call(_ scene: Scene) throws -> String {
        let answer = try scene.ask(
            .post, "/api/calls", ["caller_number": "+79991234567", "receiver_number": "101"], user: 3)
        return try #require(answer["data"]?["uuid"]?.stringValue)
    }

    @Test func `customer, order and notes are kept on live calls and on ended ones`() throws {
        let scene = try Scene()
        let uuid = try call(scene)
        for round in 0..<2 {
            let customer: JSONValue = [
                "customerId": "c-7", "customerName": "<i>Иван</i> Иванов", "customerPhone": "+79991234567",
            ]
            let named = try scene.ask(.post, "/api/calls/\(uuid)/customer", customer)
            #expect(named["call"]?["customerId"] == "c-7" && named["call"]?["customerName"] == "Иван Иванов")
            let ordered = try scene.ask(.post, "/api/calls/\(uuid)/order", ["orderId": 42])
            #expect(ordered["call"]?["orderId"] == "42" && ordered["success"] == true)
            let noted = try scene.ask(.post, "/api/calls/\(uuid)/notes", ["note": .string("строка \(round)")])
            let expected = round == 0 ? "строка 0" : "строка 0\nстрока 1"
            #expect(noted["call"]?["notes"]?.stringValue == expected)
            _ = try scene.ask(.post, "/api/calls/hangup/\(uuid)")
        }
        #expect(scene.store.records.first?.customerPhone == "+79991234567")
        let notes = scene.notices.count { notice in
            if case .edited(_, let changesNotes) = notice { changesNotes } else { false }
        }
        #expect(notes == 2)
    }

    @Test(
        arguments: [
            ("customer", [:], "customerId"), ("customer", ["customerId": "1", "customerPhone": "x"], "customerPhone"),
            ("order", [:], "orderId"), ("order", ["orderId": [1]], "orderId"), ("notes", ["note": ""], "note"),
        ] as [(String, JSONValue, String)])
    func `what is missing is named`(part: String, body: JSONValue, field: String) throws {
        let scene = try Scene()
        let answer = try scene.ask(.post, "/api/calls/\(try call(scene))/\(part)", body)
        #expect(answer.status == 400 && answer.body["error"]?["details"]?[field] != nil)
    }

    @Test func `notes do not grow without end`() throws {
        let scene = try Scene()
        let uuid = try call(scene)
        let long = JSONValue.string(String(repeating: "x", count: 40_000))
        #expect(try scene.ask(.post, "/api/calls/\(uuid)/notes", ["note": long]).status == 200)
        #expect(try scene.ask(.post, "/api/calls/\(uuid)/notes", ["note": long]).status == 400)
        #expect(try scene.ask(.post, "/api/calls/777/notes", ["note": "x"]).code == "CALL_NOT_FOUND")
    }

    @Test func `the PBX is told and tried by those who may`() throws {
        let scene = try Scene(.required)
        let connection = try scene.ask(.get, "/api/pbx/connection", user: 1)
        #expect(connection["connected"] == true && connection["server"] == "sip.example.com")
        #expect(connection["transport"] == "UDP" && connection["port"] == 5060)
        func attempt(_ body: JSONValue, user: Int64 = 3) throws -> Scene.Answer {
            try scene.ask(.post, "/api/pbx/test-connection", body, user: user)
        }
        let good = try attempt(["server": "good", "port": 5070, "transport": "TCP"])
        #expect(good["success"] == true && good["connectionType"] == "TCP" && good["message"] == "said")
        #expect(try attempt(["server": "bad", "port": "5060"])["connected"] == false)
        #expect(try attempt(["server": "good", "port": 5061]).status == 429)
        #expect(try attempt(["server": "good"], user: 1).code == "FORBIDDEN")
        for bad in [[:], ["server": "a b"], ["server": "x", "port": 0], ["server": "x", "transport": "SCTP"]]
            as [JSONValue]
        {
            #expect(try attempt(bad).status == 400, "\(bad)")
        }
    }
}
