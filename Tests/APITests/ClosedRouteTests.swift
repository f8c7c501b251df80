import Testing
import Web
import Wire

@testable import API

/// What a stranger gets where a token is required.
struct ClosedRouteTests {
    @Test(
        arguments: [
            (.get, "/api/v1/calls"), (.post, "/api/v1/calls"), (.get, "/api/v1/calls/1"),
            (.patch, "/api/v1/calls/1/status"), (.post, "/api/v1/calls/1/end"), (.post, "/api/v1/calls/1/sessions"),
            (.get, "/api/v1/calls/sessions/active"), (.post, "/api/calls/dial"), (.post, "/api/calls/answer/1"),
            (.post, "/api/calls/hangup/1"), (.post, "/api/calls/hold/1"), (.post, "/api/calls/unhold/1"),
            (.post, "/api/calls/transfer/1"), (.get, "/api/calls/active"), (.get, "/api/calls/logs"),
            (.get, "/api/calls/logs/phone/101"), (.get, "/api/users/available"),
        ] as [(HTTPMethod, String)])
    func `nothing of the interface answers a stranger`(method: HTTPMethod, path: String) throws {
        let scene = try Scene(.required)
        let answer = try scene.ask(method, path)
        #expect(answer.status == 401 && answer.code == "UNAUTHORIZED")
        #expect(try scene.ask(method, path, user: 3).status != 401)
    }

    @Test func `signing in is open, and a stranger's body is not read elsewhere`() throws {
        let scene = try Scene(.required)
        let login: JSONValue = ["login": "anna", "password": "right"]
        #expect(try scene.ask(.post, "/api/auth/login", login).status == 200)
        let answer = try scene.ask(.post, "/api/v1/calls", bytes: Array("{".utf8), HTTPFields())
        #expect(answer.code == "UNAUTHORIZED")
    }
}
