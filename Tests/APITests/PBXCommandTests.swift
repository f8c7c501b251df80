import API
import CallKit
import CallModel
import Calls
import Directory
import Reactor
import Testing
import Web
import Wire

/// Document 003's commands.
@Suite struct PBXCommandTests {
    /// A call from a page to the echo number, up.
    private func echo(_ scene: Scene, user: Int64? = nil) throws -> String {
        let made = try scene.ask(
            .post, "/api/v1/calls", ["phoneNumber": "echo", "direction": "outgoing"], user: user)
        try #require(made.status == 201)
        let text = try #require(made["data"]?["uuid"]?.stringValue)
        let page = try scene.join(try #require(UUID(text)), user: user)
        scene.connectMedia()
        #expect(page.answers.count == 1)
        return text
    }

    @Test func `a live call shows in both renderings, in one order`() throws {
        let scene = try Scene()
        let first = try echo(scene)
        _ = try scene.ask(.post, "/api/v1/calls", ["phoneNumber": "+79991234567", "direction": "incoming"])
        let active = try scene.ask(.get, "/api/calls/active")
        let crm = try #require(active["data"]?.arrayValue)
        let pbx = try #require(active["calls"]?.arrayValue)
        #expect(crm.count == 2 && pbx.count == 2)
        #expect(crm.map { $0["uuid"] } == pbx.map { $0["id"] })
        #expect(crm[0]["status"]?.stringValue == "accepted" && pbx[0]["status"]?.stringValue == "answered")
        #expect(pbx[0]["id"]?.stringValue == first && crm[0]["id"]?.integerValue == 1)
        #expect(pbx[1]["status"]?.stringValue == "ringing")
    }

    @Test func `active calls may be asked of oneself, not of others`() throws {
        let scene = try Scene(.required)
        _ = try echo(scene, user: 1)
        func count(_ path: String, user: Int64, role: String? = nil) throws -> Int? {
            try scene.ask(.get, path, user: user, role: role)["calls"]?.arrayValue?.count
        }
        #expect(try count("/api/calls/active", user: 1) == 1)
        #expect(try count("/api/calls/active", user: 2) == 0)
        #expect(try count("/api/calls/active?userId=1", user: 3, role: "admin") == 1)
        #expect(try count("/api/calls/active?userId=2", user: 3, role: "admin") == 0)
        #expect(try scene.ask(.get, "/api/calls/active?userId=1", user: 2).status == 403)
        #expect(try scene.ask(.get, "/api/calls/active?userId=x", user: 2).status == 400)
    }

    @Test func `hold repeats harmlessly and hang-up ends once`() throws {
        let scene = try Scene()
        let uuid = try echo(scene)
        for _ in 0..<2 {
            let held = try scene.ask(.post, "/api/calls/hold/\(uuid)")
            #expect(held.status == 200 && held["call"]?["status"]?.stringValue == "held")
        }
        #expect(try scene.ask(.post, "/api/calls/unhold/1")["call"]?["status"]?.stringValue == "answered")
        #expect(try scene.ask(.post, "/api/calls/answer/\(uuid)").code == "CALL_ALREADY_ANSWERED")
        let ended = try scene.ask(.post, "/api/calls/hangup/\(uuid)")
        #expect(ended.status == 200 && ended["call"]?["status"]?.stringValue == "ended")
        scene.loop.advance(by: .seconds(1))
        for command in ["answer", "hangup", "hold", "unhold"] {
            #expect(try scene.ask(.post, "/api/calls/\(command)/\(uuid)").code == "CALL_ALREADY_ENDED")
        }
        for target: JSONValue in ["102", 102] {
            #expect(try scene.ask(.post, "/api/calls/transfer/\(uuid)", ["target": target]).status == 409)
        }
    }

    @Test func `commands to no call or a wrong name are refused`() throws {
        let scene = try Scene()
        for command in ["answer", "hangup", "hold", "unhold"] {
            #expect(try scene.ask(.post, "/api/calls/\(command)/77").code == "CALL_NOT_FOUND")
            #expect(try scene.ask(.post, "/api/calls/\(command)/none").code == "VALIDATION_ERROR")
            #expect(try scene.ask(.get, "/api/calls/\(command)/77").status == 405)
        }
    }

    @Test func `dial and transfer say what they miss in the document's words`() throws {
        let scene = try Scene()
        let nothing = try scene.ask(.post, "/api/calls/dial", [:])
        #expect(nothing.status == 400 && nothing["message"]?.stringValue == "Missing required parameters: from, to")
        let half = try scene.ask(.post, "/api/calls/dial", ["from": "101"])
        #expect(half["message"]?.stringValue == "Missing required parameter: to")
        let uuid = try echo(scene)
        let transfer = try scene.ask(.post, "/api/calls/transfer/\(uuid)", [:])
        #expect(transfer["message"]?.stringValue == "Missing required parameter: target")
        #expect(try scene.ask(.post, "/api/calls/dial", ["from": "101", "to": "a b"]).code == "INVALID_PHONE")
        #expect(try scene.ask(.post, "/api/calls/transfer/\(uuid)", ["target": "??"]).code == "INVALID_PHONE")
    }

    @Test func `dialling needs an extension that exists and is one's own`() throws {
        let scene = try Scene(.required)
        let dial: JSONValue = ["from": "999", "to": "echo"]
        #expect(try scene.ask(.post, "/api/calls/dial", dial, user: 3, role: "admin").code == "EXTENSION_NOT_FOUND")
        #expect(try scene.ask(.post, "/api/calls/dial", ["from": "102", "to": "echo"], user: 1).code == "FORBIDDEN")
        #expect(try scene.ask(.post, "/api/calls/dial", dial).code == "UNAUTHORIZED")
    }

    @Test func `dialling rings the caller's own devices first`() throws {
        let scene = try Scene()
        let manager = scene.manager
        manager.assumeIsolated { $0.pagesChanged(userID: 1, online: 1) }
        let answer = try scene.ask(.post, "/api/calls/dial", ["from": 101, "to": "echo", "autoAnswer": true])
        #expect(answer.status == 200 && answer["call"]?["status"]?.stringValue == "ringing")
        #expect(answer["call"]?["from"]?.stringValue == "101" && answer["call"]?["to"]?.stringValue == "echo")
        let uuid = try #require(answer["call"]?["id"]?.stringValue)
        #expect(try scene.ask(.post, "/api/calls/answer/\(uuid)").status == 200)
    }

    @Test func `an extension without a device cannot be dialled from`() throws {
        let scene = try Scene()
        let answer = try scene.ask(.post, "/api/calls/dial", ["from": "101", "to": "echo"])
        #expect(answer.status == 409 && answer.code == "INVALID_STATE", "\(answer.body)")
        #expect(answer["error"]?["details"]?["from"]?.stringValue != nil)
        #expect(scene.store.records.isEmpty)
    }

    @Test func `logs are paged by offset and found by number`() throws {
        let scene = try Scene()
        for _ in 0..<3 { _ = try echo(scene) }
        let logs = try scene.ask(.get, "/api/calls/logs?limit=2&offset=1")
        #expect(logs["logs"]?.arrayValue?.compactMap { $0["numericId"]?.integerValue } == [2, 1])
        #expect(logs["total"]?.integerValue == 3 && logs["offset"]?.integerValue == 1)
        _ = try scene.ask(.get, "/api/calls/logs?limit=99999")
        #expect(scene.store.lastQuery?.limit == 1000)
        for path in ["%2B79991234567", "+79991234567", "%2079991234567"] {
            #expect(try scene.ask(.get, "/api/calls/logs/phone/\(path)").status == 200)
            #expect(scene.store.lastQuery?.number?.text == "+79991234567", "\(path)")
        }
        #expect(try scene.ask(.get, "/api/calls/logs/phone/abc").code == "INVALID_PHONE")
        #expect(try scene.ask(.get, "/api/calls/logs?offset=-1").status == 400)
    }
}
