import API
import Testing
import Web
import Wire

/// Whom a call can be handed to.
@Suite struct ColleagueTests {
    @Test func `those who are active and online are listed`() throws {
        let answer = try Scene().ask(.get, "/api/users/available")
        let boris: JSONValue = ["id": 2, "first_name": "Борис", "last_name": .null, "status": "online"]
        #expect(answer.status == 200)
        #expect(answer["data"] == .array([boris]))
    }

    @Test func `nobody is listed to strangers`() throws {
        #expect(try Scene(.required).ask(.get, "/api/users/available").status == 401)
    }
}
