import API
import Reactor
import Testing
import Web
import Wire

@Suite struct LoginTests {
    @Test func `the right password gets a token that is accepted`() throws {
        let scene = try Scene(.required)
        let answer = try scene.ask(.post, "/api/auth/login", ["login": "anna", "password": "right"])
        #expect(answer.status == 200 && answer["success"]?.boolValue == true)
        #expect(answer.fields["Cache-Control"] == "no-store")
        #expect(answer["data"]?["user"]?["id"]?.integerValue == 1)
        #expect(answer["data"]?["expiresIn"]?.integerValue == 43_200)
        let token = try #require(answer["data"]?["token"]?.stringValue)
        var fields = HTTPFields()
        fields.add("Authorization", "Bearer \(token)")
        #expect(try scene.ask(.get, "/api/calls/active", bytes: [], fields).status == 200)
        #expect(try scene.ask(.get, "/api/calls/active").status == 401)
    }

    @Test(arguments: [("anna", "wrong"), ("nobody", "right"), ("gone", "right"), ("nohash", "right")])
    func `anything else is 401, whatever is wrong`(_ login: String, _ password: String) throws {
        let answer = try Scene().ask(
            .post, "/api/auth/login", ["login": .string(login), "password": .string(password)])
        #expect(answer.status == 401 && answer.code == "UNAUTHORIZED")
    }

    @Test func `what is missing is named`() throws {
        let answer = try Scene().ask(.post, "/api/auth/login", ["login": "anna"])
        #expect(answer.status == 400 && answer["error"]?["details"]?["password"] != nil)
        #expect(answer["error"]?["details"]?["login"] == nil)
    }

    @Test func `guessing is slowed down`() throws {
        let scene = try Scene()
        for _ in 0..<5 {
            #expect(try scene.ask(.post, "/api/auth/login", ["login": "anna", "password": "x"]).status == 401)
        }
        let answer = try scene.ask(.post, "/api/auth/login", ["login": "anna", "password": "right"])
        #expect(answer.status == 429 && answer.code == "RATE_LIMITED" && answer.fields["Retry-After"] == "300")
        scene.loop.advance(by: .seconds(300))
        #expect(try scene.ask(.post, "/api/auth/login", ["login": "anna", "password": "right"]).status == 200)
    }
}

@Suite struct BodyTests {
    private func post(_ text: String, type: String? = "application/json") throws -> Scene.Answer {
        var fields = HTTPFields()
        if let type { fields.add("Content-Type", type) }
        return try Scene().ask(.post, "/api/v1/calls", bytes: Array(text.utf8), fields)
    }

    @Test func `deep nesting is refused, not recursed into`() throws {
        for text in [
            String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000),
            "{\"a\":" + String(repeating: "[", count: 100) + String(repeating: "]", count: 100) + "}",
        ] {
            let answer = try post(text)
            #expect(answer.status == 400 && answer.code == "INVALID_JSON")
        }
    }

    @Test(arguments: ["{", "nonsense", "{\"a\":1}{}", "\u{0}", "{\"a\":01}"])
    func `what is no JSON is INVALID_JSON`(_ text: String) throws {
        let answer = try post(text)
        #expect(answer.status == 400 && answer.code == "INVALID_JSON")
    }

    @Test(arguments: ["[]", "1", "\"text\"", "null"])
    func `JSON that is no object is a validation error`(_ text: String) throws {
        let answer = try post(text)
        #expect(answer.status == 400 && answer.code == "VALIDATION_ERROR")
    }

    @Test func `other media types are 415, none at all is taken for JSON`() throws {
        #expect(try post("<a/>", type: "application/xml").status == 415)
        let body = #"{"phoneNumber":"+79991234567","direction":"incoming"}"#
        #expect(try post(body, type: nil).status == 201)
        #expect(try post(body, type: "application/json; charset=utf-8").status == 201)
        #expect(try post("", type: "application/x-www-form-urlencoded").code == "VALIDATION_ERROR")
    }
}
