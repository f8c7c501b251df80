import CallModel
import Directory
import Reactor
import Telemetry
import Testing
import Web
import Wire

@testable import API

/// What administrators do with the log.
struct LogRouteTests {
    @Test func `the level is shown and set, by administrators alone`() throws {
        let scene = try Scene(.required)
        #expect(try scene.admin(.get, "log-level")["data"] == ["level": "info"])
        #expect(try scene.admin(.put, "log-level", ["level": "DEBUG"])["data"] == ["level": "debug"])
        #expect(scene.logLevel.withLock { $0 } == .debug)
        let refused = try scene.admin(.put, "log-level", ["level": "loud"])
        #expect(refused.status == 400 && refused.body["error"]?["details"]?["level"] != nil)
        #expect(try scene.admin(.put, "log-level").status == 400)
        #expect(try scene.ask(.put, "/api/v1/admin/log-level", ["level": "trace"], user: 1).status == 403)
        #expect(try scene.ask(.put, "/api/v1/admin/log-level", ["level": "trace"]).status == 401)
        #expect(scene.logLevel.withLock { $0 } == .debug)
    }

    @Test func `one call is followed while the others are not, until its end or until it is enough`() throws {
        let scene = try Scene(.required)
        let calls = try (0..<2).map { _ in
            let made = try scene.ask(.post, "/api/v1/calls", ["phoneNumber": "9196", "direction": "outgoing"], user: 1)
            return try #require(made["data"]?["id"]?.stringValue)
        }
        func lines() -> [LogLine] { scene.log.lines.filter { $0.level == .debug } }
        #expect(lines().isEmpty)
        let on = try scene.ask(.post, "/api/v1/calls/\(calls[0])/debug", user: 3)
        #expect(on["data"] == ["callId": .string(calls[0]), "debug": true])
        for call in calls { _ = try scene.ask(.post, "/api/v1/calls/\(call)/end", user: 1) }
        scene.loop.advance(by: .seconds(1))
        #expect(
            !lines().isEmpty
                && lines().allSatisfy { line in
                    line.fields.contains { $0.name == "callId" && $0.value.text == calls[0] }
                })
        #expect(try scene.ask(.post, "/api/v1/calls/\(calls[0])/debug", user: 3).status == 409, "it is over")
    }

    @Test func `only administrators have a call followed, and may stop it`() throws {
        let scene = try Scene(.required)
        let made = try scene.ask(.post, "/api/v1/calls", ["phoneNumber": "9196", "direction": "outgoing"], user: 1)
        let call = try #require(made["data"]?["id"]?.stringValue)
        #expect(try scene.ask(.post, "/api/v1/calls/\(call)/debug", user: 1).status == 403)
        _ = try scene.ask(.post, "/api/v1/calls/\(call)/debug", user: 3)
        let off = try scene.ask(.post, "/api/v1/calls/\(call)/debug", ["enabled": false], user: 3)
        #expect(off["data"]?["debug"] == false)
        _ = try scene.ask(.post, "/api/v1/calls/\(call)/end", user: 1)
        scene.loop.advance(by: .seconds(1))
        #expect(!scene.log.lines.contains { $0.level == .debug })
        #expect(try scene.ask(.post, "/api/v1/calls/nonsense/debug", user: 3).status == 400)
    }
}
