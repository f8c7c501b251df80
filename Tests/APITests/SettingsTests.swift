import Directory
import Synchronization
import Testing
import Web
import Wire

@testable import API

/// Users of the scene: 1 has the extension 101, 2 the extension 102, 3 is the administrator.
struct SettingsTests {
    private static func set(_ scene: Scene, _ members: JSONObject) throws -> Scene.Answer {
        try scene.admin(.put, "settings", .object(members))
    }

    @Test func `the PBX of the page is the trunk that calls leave by first`() throws {
        let scene = try Scene(.required)
        #expect(try scene.admin(.get, "settings")["data"]?["server"] == .null)
        let made = try Self.set(scene, ["server": "sip.example.com", "port": 5070, "transport": "TCP"])
        #expect(made.status == 200 && made["data"]?["trunk"] == "pbx" && made["data"]?["transport"] == "tcp")
        #expect(
            scene.directory.trunks.map(\.targets) == [
                [TrunkTarget(host: "sip.example.com", port: 5070, transport: .tcp)]
            ])
        let again = try Self.set(scene, ["port": .null])
        #expect(again["data"]?["port"] == .null && scene.directory.trunks.count == 1)
        #expect(try scene.admin(.get, "settings")["data"]?["detail"] == "of pbx")
        #expect(try scene.admin(.get, "trunks/pbx")["data"]?["targets"]?[0]?["host"] == "sip.example.com")
        _ = try scene.admin(.post, "trunks", ["name": "first", "priority": 1, "targets": [["host": "other.example"]]])
        #expect(try scene.admin(.get, "settings")["data"]?["server"] == "other.example")
    }

    @Test func `what is wrong is said at its field, and nothing is stored`() throws {
        let scene = try Scene(.required)
        let bad: [(JSONObject, String)] = [
            (["server": "a b"], "server"), (["port": 0], "port"), (["transport": "sctp"], "transport"),
            (["rtpPortMin": 80], "rtpPortMin"), (["rtpPortMin": 30_000, "rtpPortMax": 30_000], "rtpPortMax"),
            (["rtpPortMax": 70_000], "rtpPortMax"), (["secret": 1], "secret"),
            // Of a server that is not named there is nothing to keep.
            (["port": 5060], "server"), (["transport": "tcp"], "server"),
        ]
        for (members, field) in bad {
            let answer = try Self.set(scene, members)
            #expect(answer.status == 400 && answer.body["error"]?["details"]?[field] != nil, "\(members)")
        }
        #expect(scene.directory.trunks.isEmpty && scene.directory.present.settings == ServerSettings())
        #expect(try scene.ask(.put, "/api/v1/admin/settings", user: 1).status == 403)
        #expect(try scene.ask(.get, "/api/v1/admin/settings").status == 401)
    }

    @Test func `ports that were set are stored, those of the environment stay`() throws {
        let scene = try Scene(.required)
        _ = try Self.set(scene, ["rtpPortMin": 5700, "rtpPortMax": 5750])
        #expect(scene.directory.present.settings.rtpPorts == 5700...5750)
        let fixed = try Scene(.required, portsAreFixed: true)
        let answer = try Self.set(fixed, ["rtpPortMin": 5700, "rtpPortMax": 5750])
        #expect(
            answer.status == 409
                && answer.body["error"]?["details"]?["rtpPortMin"]?.stringValue?.contains("RTP_PORT_MIN") == true)
        #expect(try fixed.admin(.get, "settings")["data"]?["fixed"]?["rtpPortMax"] == "RTP_PORT_MAX")
        #expect(try Self.set(fixed, ["rtpPortMin": 20_000, "server": "a.example"]).status == 200)
    }

    @Test func `an employee gets a login at the PBX, and its password is never shown`() throws {
        let scene = try Scene(.required)
        #expect(try scene.admin(.put, "settings/employees/1", ["password": "p"]).status == 409)
        _ = try Self.set(scene, ["server": "sip.example.com"])
        #expect(try scene.admin(.put, "settings/employees/1").body["error"]?["details"]?["password"] != nil)
        let made = try scene.admin(.put, "settings/employees/1", ["username": "op1", "password": "s3cret"])
        #expect(made.status == 200 && made["data"]?["extension"] == "101" && made["data"]?["password"] == "***")
        let account = try #require(scene.directory.trunks.first?.credentials.first)
        #expect((account.username, account.password, account.extension) == ("op1", "s3cret", "101"))
        #expect(account.registers)
        // Another extension, the login and its password as they were.
        let moved = try scene.admin(.put, "settings/employees/1", ["extension": "110"])
        #expect(moved["data"]?["username"] == "op1")
        #expect(scene.directory.trunks.first?.credentials.first?.extension == "110")
        #expect(scene.directory.trunks.first?.credentials.first?.password == "s3cret")
        #expect(scene.directory.present.users[1]?.extension == "110")
        #expect(try scene.admin(.put, "settings/employees/1", ["extension": "102"]).code == "CONFLICT")
        #expect(try scene.admin(.put, "settings/employees/2", ["username": "op1", "password": "x"]).code == "CONFLICT")
        // The login is the extension where none is given.
        #expect(try scene.admin(.put, "settings/employees/2", ["password": "x"])["data"]?["username"] == "102")
        let list = try scene.admin(.get, "settings/employees")
        #expect(list["data"]?.arrayValue?.count == 3 && !list.body.text.contains("s3cret"))
        #expect(list["data"]?[0]?["isRegistered"] == true && list["data"]?[1]?["failure"] == "403 Forbidden")
        #expect(try scene.admin(.delete, "settings/employees/1").status == 200)
        #expect(try scene.admin(.delete, "settings/employees/1").status == 404)
        #expect(try scene.admin(.delete, "settings/employees/9").code == "USER_NOT_FOUND")
        #expect(scene.directory.trunks.first?.credentials.map(\.username) == ["102"])
    }

    @Test func `a name that is longer than a label is cut, and the trunk can be read again`() throws {
        let scene = try Scene(.required)
        _ = try Self.set(scene, ["server": "sip.example.com"])
        let name = JSONValue.string(String(repeating: "я", count: 100))
        #expect(try scene.admin(.put, "users/1", ["firstName": name, "lastName": name]).status == 200)
        #expect(try scene.admin(.put, "settings/employees/1", ["password": "x"]).status == 200)
        let trunk = try #require(scene.directory.trunks.first)
        #expect(trunk.credentials.first?.displayName?.count == 128)
        #expect(throws: Never.self) { try trunk.validate() }
    }

    @Test func `an account that somebody left behind is replaced by that of who gets the extension`() throws {
        let scene = try Scene(.required)
        _ = try Self.set(scene, ["server": "sip.example.com"])
        _ = try scene.admin(.put, "settings/employees/1", ["username": "old", "password": "x"])
        #expect(try scene.admin(.put, "users/1", ["extension": "140"]).status == 200)
        let moved = try scene.admin(.put, "settings/employees/2", ["extension": "101", "password": "y"])
        #expect(moved.status == 200)
        #expect(scene.directory.trunks.first?.credentials.map(\.username) == ["101"])
        let long = JSONValue.string(String(repeating: "1", count: 21))
        let refused = try scene.admin(.put, "settings/employees/2", ["extension": long])
        #expect(refused.status == 400 && refused.body["error"]?["details"]?["extension"] != nil)
    }

    @Test func `passwords do not follow to another server`() throws {
        let scene = try Scene(.required)
        _ = try Self.set(scene, ["server": "sip.example.com"])
        _ = try scene.admin(.put, "settings/employees/1", ["password": "s3cret"])
        #expect(try Self.set(scene, ["server": "SIP.example.com", "port": 5062]).status == 200)
        let moved = try Self.set(scene, ["server": "evil.example"])
        #expect(moved.status == 409 && moved.body["error"]?["details"]?["forgetPasswords"] != nil)
        #expect(scene.directory.trunks.first?.credentials.count == 1)
        #expect(try Self.set(scene, ["server": "evil.example", "forgetPasswords": true]).status == 200)
        #expect(scene.directory.trunks.first?.credentials.isEmpty == true)
    }

    @Test func `a check takes passwords to the server they are for, and to no other`() throws {
        let scene = try Scene(.required)
        #expect(try scene.admin(.post, "settings/check").body["error"]?["details"]?["server"] != nil)
        _ = try Self.set(scene, ["server": "sip.example.com"])
        _ = try scene.admin(.put, "settings/employees/1", ["password": "s3cret"])
        #expect(try scene.admin(.post, "settings/check")["data"] == ["trunk": "pbx", "accounts": 1])
        #expect(try scene.admin(.post, "trunks/pbx/check")["data"]?["accounts"] == 1)
        #expect(try scene.admin(.post, "trunks/none/check").status == 404)
        let other = try scene.admin(.post, "settings/check", ["server": "evil.example"])
        #expect(other["data"] == ["trunk": "test", "accounts": 0])
        #expect(try scene.admin(.post, "settings/check", ["server": "busy.example"]).status == 429)
    }
}
