import Reactor
import Testing
import Web
import Wire

@testable import API

/// Links by which a browser opens the page of one diagnosis.
struct DiagnosisLinkTests {
    private func call(_ scene: Scene, user: Int64 = 1) throws -> String {
        let made = try scene.ask(
            .post, "/api/v1/calls", ["phoneNumber": "echo", "direction": "outgoing"], user: user)
        return try #require(made["data"]?["uuid"]?.stringValue)
    }

    private func link(_ scene: Scene, to call: String, user: Int64 = 3) throws -> String {
        let answer = try scene.ask(.post, "/api/v1/calls/\(call)/diagnosis/link", user: user)
        #expect(answer.fields["Cache-Control"] == "no-store")
        return try #require(answer["data"]?["url"]?.stringValue)
    }

    @Test func `a link opens the page without a token, until its time is over`() throws {
        let scene = try Scene(.required)
        let uuid = try call(scene)
        let link = try link(scene, to: uuid)
        #expect(link.hasPrefix("/api/v1/calls/\(uuid)/diagnosis?"))
        let page = try scene.ask(.get, link)
        #expect(page.status == 200 && page.body.stringValue?.contains("<h2>What was found</h2>") == true)
        #expect(page.fields["Cache-Control"] == "no-store")
        scene.loop.advance(by: .seconds(299))
        #expect(try scene.ask(.get, link).status == 200)
        scene.loop.advance(by: .seconds(2))
        #expect(try scene.ask(.get, link).status == 401)
    }

    @Test func `a link is for its call alone, and only as it was made`() throws {
        let scene = try Scene(.required)
        let (uuid, other) = (try call(scene), try call(scene))
        let link = try link(scene, to: uuid)
        let ticket = try #require(link.split(separator: "=").last)
        #expect(try scene.ask(.get, link.replacing(uuid, with: other)).status == 401)
        #expect(try scene.ask(.get, "/api/v1/calls/\(uuid)/sip?ticket=\(ticket)").status == 401)
        #expect(try scene.ask(.get, "/api/v1/calls/\(uuid)?ticket=\(ticket)").status == 401)
        let later = "\(Int64(ticket.prefix { $0 != "." }).map { $0 + 1 } ?? 0)"
        for forged in ["", ".", "\(later).\(ticket.split(separator: ".")[1])", "\(ticket)A", "9999999999.AAAA"] {
            #expect(try scene.ask(.get, "/api/v1/calls/\(uuid)/diagnosis?ticket=\(forged)").status == 401, "\(forged)")
        }
        // Nor is it a token.
        #expect(try scene.ask(.get, "/api/v1/calls", fields: ["Authorization": "Bearer \(ticket)"]).status == 401)
    }

    @Test func `whoever may not read the call is given no link to it`() throws {
        let scene = try Scene(.required)
        let path = "/api/v1/calls/\(try call(scene))/diagnosis/link"
        #expect(try scene.ask(.post, path).status == 401)
        #expect(try scene.ask(.post, path, user: 2).status == 403)
        #expect(try scene.ask(.post, path, user: 1).status == 200)
        #expect(try scene.ask(.post, "/api/v1/calls/99/diagnosis/link", user: 3).code == "CALL_NOT_FOUND")
    }
}
