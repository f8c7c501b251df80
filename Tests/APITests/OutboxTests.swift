import CallModel
import Directory
import Testing
import Web
import Wire

@testable import API

/// Webhooks and the outbox, as administrators keep them.
struct OutboxTests {
    private static let hook: JSONValue = [
        "name": "crm", "url": "https://crm.example/hook", "secret": "a secret of sixteen", "events": ["call.ended"],
    ]

    @Test func `a webhook is made, shown without its secret, changed and removed`() throws {
        let scene = try Scene(.required)
        let made = try scene.admin(.post, "webhooks", Self.hook)
        #expect(made.status == 201 && made["data"]?["secret"] == "***" && made["data"]?["active"] == true)
        #expect(try scene.admin(.post, "webhooks", Self.hook).code == "CONFLICT")
        let changed = try scene.admin(.put, "webhooks/crm", ["events": [], "secret": "***"])
        #expect(changed.status == 200 && changed["data"]?["events"] == [])
        #expect(scene.directory.present.webhooks.first?.secret == "a secret of sixteen")
        #expect(try scene.admin(.get, "webhooks").body.text.contains("sixteen") == false)
        #expect(try scene.admin(.delete, "webhooks/crm").status == 200)
        #expect(try scene.admin(.get, "webhooks/crm").status == 404)
    }

    @Test func `a secret does not follow its webhook to another place`() throws {
        let scene = try Scene(.required)
        _ = try scene.admin(.post, "webhooks", Self.hook)
        let moved = try scene.admin(.put, "webhooks/crm", ["url": "https://other.example/"])
        #expect(moved.status == 409 && moved.body["error"]?["details"]?["secret"] != nil)
        let both: JSONValue = ["url": "https://other.example/", "secret": "another one of sixteen"]
        #expect(try scene.admin(.put, "webhooks/crm", both).status == 200)
    }

    @Test(arguments: ["ftp://x/", "https://user:pass@x/", "http:///", "http://127.1/", "https://x:99999/"])
    func `a place that cannot be told is refused by its field`(url: String) throws {
        let scene = try Scene(.required)
        let refused = try scene.admin(
            .post, "webhooks", ["name": "a", "url": .string(url), "secret": "sixteen letters.."])
        #expect(refused.status == 400 && refused.body["error"]?["details"]?["url"] != nil)
    }

    @Test func `a test says what went wrong, and a replay how much comes`() throws {
        let scene = try Scene(.required)
        _ = try scene.admin(.post, "webhooks", Self.hook)
        let test = try scene.admin(.post, "webhooks/crm/test")
        #expect(test["data"] == ["delivered": false, "eventId": "e1", "error": "HTTP 500"])
        let replay = try scene.admin(.post, "webhooks/crm/replay", ["from": "known"])
        #expect(replay.status == 202 && replay["data"]?["queued"] == 3)
        #expect(try scene.admin(.post, "webhooks/crm/replay", ["from": "gone"]).status == 404)
        #expect(try scene.admin(.post, "webhooks/crm/replay").code == "VALIDATION_ERROR")
    }
}
