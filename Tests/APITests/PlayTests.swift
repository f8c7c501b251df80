import API
import CallKit
import Calls
import Foundation
import Media
import Reactor
import Testing
import Web
import Wire

/// Announcements into live calls.
@Suite struct PlayTests {
    /// A call from a page to the echo number, up.
    private func echo(_ scene: Scene, user: Int64? = nil) throws -> String {
        let made = try scene.ask(.post, "/api/v1/calls", ["phoneNumber": "echo", "direction": "outgoing"], user: user)
        let text = try #require(made["data"]?["uuid"]?.stringValue)
        let uuid = Wire.UUID(text)
        _ = try scene.join(try #require(uuid), user: user)
        scene.connectMedia()
        return text
    }

    /// A folder with `hello.wav`, a tenth of a second of G.711, and `broken.wav`.
    private func withSounds(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("play-\(Foundation.UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let header: [UInt8] = [
            0x52, 0x49, 0x46, 0x46, 0x44, 0x03, 0, 0, 0x57, 0x41, 0x56, 0x45, 0x66, 0x6D, 0x74, 0x20, 16, 0, 0, 0,
            7, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x40, 0x1F, 0, 0, 1, 0, 8, 0, 0x64, 0x61, 0x74, 0x61, 0x20, 0x03, 0, 0,
        ]
        let files: [(String, [UInt8])] = [
            ("hello.wav", header + [UInt8](repeating: 0x7F, count: 800)), ("broken.wav", Array("nothing".utf8)),
        ]
        for (name, bytes) in files { try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        try body(folder)
    }

    @Test func `a file of the folder is heard, and others are not found`() throws {
        try withSounds { folder in
            let scene = try Scene(sounds: folder)
            let path = "/api/v1/calls/\(try echo(scene))/play"
            let played = try scene.ask(.post, path, ["file": "hello.wav", "to": "caller", "loop": true])
            #expect(played.status == 200 && played["data"]?["status"]?.stringValue == "answered")
            let announcement = try #require(scene.media.announcements.values.first)
            #expect(announcement.sound.duration == .milliseconds(100) && announcement.loops)
            for name in ["none.wav", "../hello.wav", "/etc/hostname", "..", ""] {
                let refused = try scene.ask(.post, path, ["file": .string(name)])
                #expect(refused.status == 404 && refused.code == "SOUND_NOT_FOUND")
            }
            let broken = try scene.ask(.post, path, ["file": "broken.wav"])
            #expect(broken.code == "VALIDATION_ERROR" && broken["error"]?["details"]?["file"] != nil)
        }
    }

    @Test func `what a URL holds is heard, and whatever is wrong with it is said`() throws {
        try withSounds { folder in
            let wave = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/hello.wav")))
            let scene = try Scene(sounds: folder) { url throws(HTTPClientError) in
                switch url.host {
                case "good.example": return wave
                case "bad.example": return Array("<html>".utf8)
                case "fast.example": return Array(wave[..<24]) + [0, 0x77, 1, 0] + Array(wave[28...])
                case "inner.example": throw .addressRefused
                case "large.example": throw .tooLong(20 << 20)
                default: throw .status(403)
                }
            }
            let path = "/api/v1/calls/\(try echo(scene))/play"
            let refusals = [
                ("http://bad.example/", 400, "VALIDATION_ERROR"), ("http://inner.example/", 400, "VALIDATION_ERROR"),
                ("http://large.example/", 400, "VALIDATION_ERROR"), ("ftp://good.example/", 400, "VALIDATION_ERROR"),
                ("http://a@good.example/", 400, "VALIDATION_ERROR"), ("", 400, "VALIDATION_ERROR"),
                ("https://other.example/", 502, "SOUND_UNAVAILABLE"),
            ]
            for (url, status, code) in refusals {
                let refused = try scene.ask(.post, path, ["url": .string(url)])
                #expect(refused.status == status && refused.code == code)
                #expect(refused["error"]?["details"]?["url"]?.stringValue?.isEmpty == false)
            }
            let fast = try scene.ask(.post, path, ["url": "http://fast.example/"])
            #expect(fast["error"]?["details"]?["url"]?.stringValue?.contains("48000") == true)
            #expect(scene.media.announcements.isEmpty)
            #expect(try scene.ask(.post, path, ["url": "https://good.example/hello.wav"]).status == 200)
            #expect(scene.media.announcements.values.first?.sound.duration == .milliseconds(100))
        }
    }

    @Test func `without a way to fetch anything no URL is played`() throws {
        let scene = try Scene()
        let refused = try scene.ask(
            .post, "/api/v1/calls/\(try echo(scene))/play", ["url": "https://good.example/hello.wav"])
        #expect(refused.status == 400 && refused["error"]?["details"]?["url"] != nil)
    }

    @Test func `a tone is heard until it is stopped, and stopping repeats harmlessly`() throws {
        let scene = try Scene()
        let uuid = try echo(scene)
        #expect(try scene.ask(.post, "/api/v1/calls/\(uuid)/play", ["tone": "busy", "loop": true]).status == 200)
        #expect(scene.media.announcements.count == 1)
        for _ in 0..<2 { #expect(try scene.ask(.post, "/api/v1/calls/1/play/stop").status == 200) }
        #expect(scene.media.announcements.isEmpty)
    }

    @Test(
        arguments: [
            [:], ["file": "a.wav", "tone": "busy"], ["url": "http://a/", "tone": "busy"], ["url": 7],
            ["tone": "moo"], ["tone": "busy", "to": "all"],
            ["tone": "busy", "loop": "often"], ["file": 7],
        ] as [JSONValue])
    func `orders that make no sense are refused`(order: JSONValue) throws {
        let scene = try Scene()
        let uuid = try echo(scene)
        let refused = try scene.ask(.post, "/api/v1/calls/\(uuid)/play", order)
        #expect(refused.status == 400 && refused.code == "VALIDATION_ERROR")
        #expect(scene.media.announcements.isEmpty)
    }

    @Test func `only into a call that is live and has somebody to hear it`() throws {
        let scene = try Scene()
        let busy: JSONValue = ["tone": "busy"]
        #expect(try scene.ask(.post, "/api/v1/calls/77/play", busy).code == "CALL_NOT_FOUND")
        #expect(try scene.ask(.post, "/api/v1/calls/77/play/stop").code == "CALL_NOT_FOUND")
        let uuid = try echo(scene)
        let callee = try scene.ask(.post, "/api/v1/calls/\(uuid)/play", ["tone": "busy", "to": "callee"])
        #expect(callee.status == 409 && callee.code == "INVALID_STATE")
        _ = try scene.ask(.post, "/api/calls/hangup/\(uuid)")
        scene.loop.advance(by: .seconds(1))
        #expect(try scene.ask(.post, "/api/v1/calls/\(uuid)/play", busy).code == "CALL_ALREADY_ENDED")
        let room = try scene.ask(
            .post, "/api/v1/calls", ["phoneNumber": "+79991234567", "direction": "incoming"])
        let name = try #require(room["data"]?["uuid"]?.stringValue)
        #expect(try scene.ask(.post, "/api/v1/calls/\(name)/play", busy).code == "INVALID_STATE")
    }

    @Test func `whoever may command the call may play into it`() throws {
        let scene = try Scene(.required)
        let path = "/api/v1/calls/\(try echo(scene, user: 1))/play"
        let busy: JSONValue = ["tone": "busy"]
        #expect(try scene.ask(.post, path, busy).status == 401)
        #expect(try scene.ask(.post, path, busy, user: 2).status == 403)
        #expect(try scene.ask(.post, "\(path)/stop", user: 2).status == 403)
        #expect(try scene.ask(.post, path, busy, user: 1).status == 200)
    }
}
