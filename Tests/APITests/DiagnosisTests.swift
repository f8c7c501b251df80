import API
import CallModel
import Media
import Reactor
import Testing
import Web
import Wire

/// `GET /api/v1/calls/:id/diagnosis`, live and afterwards.
struct DiagnosisTests {
    /// Anna's page talks to the echo; nothing ever comes from it.
    private func call(_ scene: Scene, user: Int64 = 1) throws -> UUID {
        let made = try scene.ask(
            .post, "/api/v1/calls", ["phoneNumber": "echo", "direction": "outgoing"], user: user)
        let uuid = try #require(made["data"]?["uuid"]?.stringValue.flatMap { UUID($0) })
        _ = try scene.join(uuid, user: user)
        scene.connectMedia()
        scene.loop.advance(by: .seconds(6))
        return uuid
    }

    private func codes(_ answer: Scene.Answer) -> [String] {
        answer["data"]?["findings"]?.arrayValue?.compactMap { $0["code"]?.stringValue } ?? []
    }

    @Test func `a live call and an ended one are diagnosed alike, by both their names`() throws {
        let scene = try Scene()
        let uuid = try call(scene)
        let path = "/api/v1/calls/\(uuid)/diagnosis"
        let live = try scene.ask(.get, path)
        #expect(live.status == 200 && live["success"] == true)
        #expect(codes(live) == ["browser_silent"])
        #expect(live["data"]?["legs"]?[0]?["party"] == "page of anna")
        #expect(live["data"]?["legs"]?[0]?["direction"] == "sendrecv")
        #expect(live["data"]?["timeline"]?[0]?["state"] == "initiated")
        #expect(live["data"]?["direction"] == "outgoing" && live["data"]?["to"] == "echo")
        _ = try scene.ask(.post, "/api/v1/calls/\(uuid)/end", ["duration": 6])
        scene.loop.advance(by: .seconds(3))
        let number = try #require(scene.store.records.first?.id)
        let ended = try scene.ask(.get, "/api/v1/calls/\(number)/diagnosis")
        #expect(codes(ended) == ["browser_silent"])
        #expect(ended["data"]?["state"] == "completed")
        #expect(ended["data"]?["legs"]?.arrayValue?.count == 1)
    }

    @Test func `in words for people, by the query or by Accept`() throws {
        let scene = try Scene()
        let uuid = try call(scene)
        for (query, accept) in [("?format=text", ""), ("", "text/plain")] {
            var fields = HTTPFields()
            if !accept.isEmpty { fields.add("Accept", accept) }
            let text = try scene.text(.get, "/api/v1/calls/\(uuid)/diagnosis\(query)", fields)
            #expect(text.contains("PROBLEM: ICE and DTLS are up, and no RTP ever came from page of anna (leg 1)."))
            #expect(text.contains("  → The page sends nothing"))
            #expect(text.contains("  received  nothing"))
        }
        let wrong = try scene.ask(.get, "/api/v1/calls/\(uuid)/diagnosis?format=svg")
        #expect(wrong.status == 400 && wrong["error"]?["details"]?["format"] != nil)
    }

    @Test func `whoever may not read the call may not read its diagnosis`() throws {
        let scene = try Scene(.required)
        let uuid = try call(scene)
        let path = "/api/v1/calls/\(uuid)/diagnosis"
        #expect(try scene.ask(.get, path).status == 401)
        #expect(try scene.ask(.get, path, user: 2).status == 403)
        #expect(try scene.ask(.get, path, user: 1).status == 200)
        #expect(try scene.ask(.get, path, user: 3).status == 200)
        #expect(try scene.ask(.get, "/api/v1/calls/99/diagnosis", user: 3).code == "CALL_NOT_FOUND")
    }

    @Test func `of a call that only others switched the record is told`() throws {
        let scene = try Scene()
        var record = CallRecord(
            id: 40, uuid: try #require(UUID("0b7e9f5e-6a0c-4f5e-9b7a-2f4c4c7d8e90")), source: .manual,
            direction: .incoming, state: .busy, callerNumber: "1", receiverNumber: "2",
            startedAt: WallTime(milliseconds: 0))
        (record.endedAt, record.endReason) = (WallTime(milliseconds: 5000), .busy)
        scene.store.write(CallChange(record: record))
        let answer = try scene.ask(.get, "/api/v1/calls/40/diagnosis")
        #expect(codes(answer) == ["not_answered"])
        #expect(answer["data"]?["timeline"]?.arrayValue?.count == 2)
        scene.store.breakDown()
        #expect(try scene.ask(.get, "/api/v1/calls/40/diagnosis").status == 503)
    }
}
