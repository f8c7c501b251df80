import CallModel
import Directory
import Testing
import Web
import Wire

@testable import API

/// Users of the scene: 1 and 2 are operators, 3 is the administrator.
struct AdminTests {
    private static let trunk: JSONValue = [
        "name": "carrier", "targets": [["host": "sip.example", "transport": "tls"]],
        "credentials": [["username": "7495", "password": "s3cret"]],
    ]

    @Test(arguments: [
        "sip-accounts", "trunks", "routes", "queues", "users", "phone-lines", "companies", "users/1/phones",
        "trunks/a/status",
    ])
    func `nobody but administrators gets in`(path: String) throws {
        for mode in [AuthMode.off, .required] {
            let scene = try Scene(mode)
            #expect(try scene.ask(.get, "/api/v1/admin/\(path)").status == 401)
            for method in [HTTPMethod.get, .post] where path.count < 15 {
                #expect(try scene.ask(method, "/api/v1/admin/\(path)", user: 1, role: "admin").code == "FORBIDDEN")
            }
        }
        if path.count < 15 { #expect(try Scene(.off).ask(.get, "/api/v1/admin/\(path)", user: 3).status == 200) }
    }

    @Test func `a trunk is made, shown without its password, changed and removed`() throws {
        let scene = try Scene(.required)
        let made = try scene.admin(.post, "trunks", Self.trunk)
        #expect(made.status == 201)
        let id = try #require(made["data"]?["id"]?.integerValue)
        #expect(made["data"]?["credentials"]?[0]?["password"] == "***")
        #expect(made["data"]?["source"] == "store")
        #expect(made.fields["Cache-Control"] == "no-store")
        #expect(try scene.admin(.post, "trunks", Self.trunk).code == "CONFLICT")
        let list = try scene.admin(.get, "trunks")
        #expect(list["data"]?.arrayValue?.count == 1 && !list.body.text.contains("s3cret"))
        let changed = try scene.admin(.put, "trunks/carrier", ["enabled": false])
        #expect(changed.status == 200 && changed["data"]?["enabled"] == false)
        #expect(scene.directory.trunks.first?.credentials.first?.password == "s3cret")
        #expect(try scene.admin(.get, "trunks/carrier/status")["data"]?["name"] == "carrier")
        #expect(try scene.admin(.get, "trunks/\(id)").status == 200)
        _ = try scene.admin(.post, "routes", ["number": "*", "destination": ["trunk": "carrier"]])
        let used = try scene.admin(.delete, "trunks/carrier")
        #expect(used.status == 409 && used.body["error"]?["details"]?["usedBy"] == "route 2")
        #expect(try scene.admin(.delete, "routes/2").status == 200)
        #expect(try scene.admin(.delete, "trunks/\(id)").status == 200)
        #expect(try scene.admin(.delete, "trunks/\(id)").status == 404)
        #expect(try scene.admin(.get, "trunks/carrier/status").status == 404)
    }

    @Test func `everything wrong is said, field by field`() throws {
        let scene = try Scene(.required)
        let answer = try scene.admin(
            .post, "trunks",
            ["name": "a\r\nVia: x", "targets": [["host": "h", "port": 0]], "limits": ["callsPerHour": "many"]])
        #expect(answer.status == 400 && answer.code == "VALIDATION_ERROR")
        let details = try #require(answer.body["error"]?["details"]?.objectValue)
        #expect(
            details.members.map(\.name).sorted() == ["limits.callsPerHour", "name", "targets[0].port"])
        let route = try scene.admin(.post, "routes", ["number": "/(/", "trunk": "none", "destination": ["queue": "q"]])
        #expect(
            route.body["error"]?["details"]?.objectValue?.members.map(\.name).sorted()
                == ["destination", "number", "trunk"])
        #expect(route.status == 400)
        #expect(try scene.admin(.put, "queues/none", [:]).status == 404)
        #expect(try scene.admin(.get, "routes/1").status == 404)
        #expect(try scene.admin(.patch, "routes/1").status == 405)
    }

    @Test func `what is named and is not there is not found, and a mask over nothing keeps nothing`() throws {
        let scene = try Scene(.required)
        let route = try scene.admin(.post, "routes", ["number": "1", "trunk": "none", "destination": ["queue": "q"]])
        #expect(route.status == 404 && route.code == "NOT_FOUND")
        #expect(route.body["error"]?["details"]?["trunk"] == "не существует")
        let masked = try scene.admin(
            .post, "trunks",
            ["name": "a", "targets": [["host": "h"]], "credentials": [["username": "u", "password": "***"]]])
        #expect(masked.status == 409 && masked.code == "INVALID_STATE" && scene.directory.trunks.isEmpty)
    }

    @Test func `a queue has members who rest`() throws {
        let scene = try Scene(.required)
        #expect(try scene.admin(.post, "queues", ["name": "sales", "extension": "700"]).status == 201)
        #expect(try scene.admin(.post, "queues", ["name": "other", "extension": "101"]).code == "CONFLICT")
        #expect(try scene.admin(.post, "queues/sales/members", ["userId": 1]).status == 201)
        #expect(try scene.admin(.post, "queues/sales/members", ["userId": 1]).status == 409)
        #expect(try scene.admin(.post, "queues/sales/members", ["userId": 77]).status == 404)
        let paused = try scene.admin(.put, "queues/sales/members/1", ["isPaused": true])
        #expect(paused["data"]?["isPaused"] == true)
        #expect(try scene.admin(.put, "queues/sales/members/2", ["isPaused": true]).code == "USER_NOT_FOUND")
        #expect(scene.directory.queues.first?.members == [QueueMember(userID: 1, isPaused: true)])
        #expect(try scene.admin(.delete, "queues/sales/members/1").status == 200)
        #expect(try scene.admin(.put, "queues/sales", ["overflow": ["queue": "sales"]]).status == 200)
        #expect(try scene.admin(.delete, "queues/sales").status == 200)
    }

    @Test func `an account keeps digests, and a new user name needs the password`() throws {
        let scene = try Scene(.required)
        #expect(try scene.admin(.post, "sip-accounts", ["extension": "1001"]).status == 400)
        #expect(try scene.admin(.post, "sip-accounts", ["extension": "1001", "password": "short"]).status == 400)
        let made = try scene.admin(
            .post, "sip-accounts", ["extension": "1001", "password": "long enough", "userId": 1])
        #expect(made.status == 201 && made["data"]?["password"] == "***" && made["data"]?["registrations"] == 2)
        let id = try #require(made["data"]?["id"]?.integerValue)
        #expect(
            scene.directory.accounts.first?.secret == SIPSecret(digesting: "long enough", username: "1001"))
        #expect(try scene.admin(.put, "sip-accounts/\(id)", ["username": "anna"]).status == 409)
        #expect(try scene.admin(.put, "sip-accounts/\(id)", ["enabled": false]).status == 200)
        #expect(try scene.admin(.post, "sip-accounts", ["extension": "1001", "password": "long enough"]).status == 409)
        #expect(try scene.admin(.delete, "sip-accounts/\(id)").status == 200)
    }

    @Test func `a user has phones`() throws {
        let scene = try Scene(.required)
        #expect(try scene.admin(.get, "users/1/phones")["data"]?[0]?["number"] == "+79161112233")
        let made = try scene.admin(.post, "users/2/phones", ["number": "8 916 111-22-44", "type": "mobile"])
        #expect(made.status == 201 && made["data"]?["userId"] == 2 && made["data"]?["isPrimary"] == false)
        let id = try #require(made["data"]?["id"]?.integerValue)
        #expect(scene.directory.present.owner(of: "+79161112244") == 2)
        #expect(try scene.admin(.post, "users/2/phones", ["number": "+79161112244"]).code == "CONFLICT")
        let wrong = try scene.admin(.post, "users/2/phones", ["number": "no number", "type": "fax", "ext": 1])
        #expect(
            wrong.body["error"]?["details"]?.objectValue?.members.map(\.name).sorted() == ["ext", "number", "type"])
        #expect(try scene.admin(.put, "users/2/phones/\(id)", ["isPrimary": true])["data"]?["isPrimary"] == true)
        #expect(try scene.admin(.put, "users/1/phones/\(id)", ["isPrimary": true]).status == 404)
        #expect(try scene.admin(.delete, "users/1/phones/\(id)").status == 404)
        #expect(try scene.admin(.get, "users/99/phones").code == "USER_NOT_FOUND")
        #expect(try scene.admin(.delete, "users/2/phones/\(id)").status == 200)
        #expect(try scene.admin(.get, "users/2/phones")["data"] == [])
    }

    @Test func `a line is known by its number, however it is written`() throws {
        let scene = try Scene(.required)
        let made = try scene.admin(.post, "phone-lines", ["number": "+74951234567", "rk": "РК1", "city": "Москва"])
        #expect(made.status == 201 && made["data"]?["avitoName"] == .null)
        let id = try #require(made["data"]?["id"]?.integerValue)
        #expect(scene.directory.present.line(number: "8 495 123-45-67")?.campaign == "РК1")
        #expect(try scene.admin(.post, "phone-lines", ["number": "8 (495) 123-45-67"]).code == "CONFLICT")
        #expect(try scene.admin(.put, "phone-lines/\(id)", ["city": .null])["data"]?["city"] == .null)
        #expect(try scene.admin(.delete, "phone-lines/\(id)").status == 200)
        #expect(try scene.admin(.get, "phone-lines/\(id)").status == 404)
    }

    @Test func `companies come in pages, with their phones`() throws {
        let scene = try Scene(.required)
        for name in ["ООО Технологии", "АО Ромашка"] {
            let phones: JSONValue = [["number": "+74951234567", "contactPerson": "Иван"]]
            #expect(try scene.admin(.post, "companies", ["name": .string(name), "phones": phones]).status == 201)
        }
        let page = try scene.admin(.get, "companies?limit=1&page=2")
        #expect(page["data"]?.arrayValue?.count == 1 && page["pagination"]?["total"] == 2)
        let found = try scene.admin(.get, "companies?search=%D0%A0%D0%BE%D0%BC")
        let id = try #require(found["data"]?[0]?["id"]?.integerValue)
        #expect(found["pagination"]?["pages"] == 1 && found["data"]?[0]?["phones"]?[0]?["type"] == "main")
        #expect(try scene.admin(.get, "companies?page=900000000&limit=500")["data"] == [])
        let wrong = try scene.admin(.put, "companies/\(id)", ["inn": "123", "phones": [["number": "x"]]])
        #expect(
            wrong.body["error"]?["details"]?.objectValue?.members.map(\.name).sorted() == ["inn", "phones[0].number"])
        #expect(try scene.admin(.put, "companies/\(id)", ["inn": "1234567890"])["data"]?["inn"] == "1234567890")
        #expect(try scene.admin(.get, "companies/77").code == "COMPANY_NOT_FOUND")
        #expect(try scene.admin(.delete, "companies/\(id)").status == 200)
        scene.directory.breakDown()
        #expect(try scene.admin(.get, "companies").status == 503)
        #expect(try scene.admin(.get, "companies/1").status == 503)
    }

    @Test func `a user has a login, limits and a password, and one administrator stays`() throws {
        let scene = try Scene(.required)
        let made = try scene.admin(
            .post, "users",
            ["login": "vera", "password": "12345678", "limits": ["allowed": ["+7"], "concurrentCalls": 1]])
        #expect(made.status == 201 && made["data"]?["limits"]?["concurrentCalls"] == 1)
        let id = try #require(made["data"]?["id"]?.integerValue)
        #expect(scene.directory.hashes[id]?.hasPrefix("$scrypt$") == true)
        #expect(try scene.admin(.put, "users/\(id)", ["limits": ["concurrentCalls": .null]]).status == 200)
        #expect(scene.directory.limits[id]?.allowed == ["+7"])
        #expect(try scene.admin(.post, "users", ["login": "vera"]).status == 409)
        #expect(try scene.admin(.put, "users/3", ["role": "operator"]).code == "INVALID_STATE")
        #expect(try scene.admin(.delete, "users/3").code == "INVALID_STATE")
        #expect(try scene.admin(.get, "users/99").code == "USER_NOT_FOUND")
        #expect(try scene.admin(.delete, "users/\(id)").status == 200)
        scene.directory.breakDown()
        #expect(try scene.admin(.post, "users", ["login": "eva"]).status == 503)
    }
}
