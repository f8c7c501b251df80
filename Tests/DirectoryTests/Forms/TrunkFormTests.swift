import Directory
import Testing
import Wire

struct TrunkFormTests {
    private static let full = """
        {"name":"carrier","enabled":false,"targets":[{"host":"sip.example","port":5061,"transport":"TLS","priority":1,
        "weight":5},{"host":"192.0.2.1"}],"credentials":[{"username":"7495","authenticationName":"auth","password":"s",
        "registers":false,"extension":"1001","displayName":"Anna"}],"realm":"r","sourceNetworks":["10.0.0.0/8","::1"],
        "priority":1,"weight":2,"maximumChannels":30,"keepAliveSeconds":null,
        "numbers":{"outgoingCalled":[{"match":"8*","replace":"+7"},{"match":"/00(\\\\d+)/","replace":"+$1"}],
        "outgoingCaller":[{"match":"*","replace":""}],"accepts":["+7*"]},
        "callerId":{"from":"caller","assertion":"rpid","number":"74951234567","trustsIncoming":false},
        "session":{"timerSeconds":null,"reliable":"required","transfer":"refer","encryption":"required"},
        "tls":{"verifies":false,"authorities":"/a.pem","certificate":"/c.pem","key":"/k.pem"},
        "limits":{"allowed":["+7"],"denied":["+7809"],"concurrentCalls":2,"callsPerHour":3,"minutesPerHour":4}}
        """

    private func object(_ text: String) throws -> JSONObject {
        try #require(try JSONValue(parsing: Array(text.utf8)).objectValue)
    }

    private func problems(_ text: String) throws -> [String: FieldProblem] {
        let form = Form(try object(text))
        _ = Trunk(form)
        do throws(FieldProblems) {
            try form.finish()
            return [:]
        } catch {
            return error.problems
        }
    }

    @Test func `a trunk reads what it prints`() throws {
        let form = Form(try object(Self.full))
        let trunk = Trunk(form)
        try form.finish()
        #expect(trunk.targets.first?.transport == .tls)
        #expect(trunk.targets.last?.port == nil)
        #expect(trunk.keepAlive == nil)
        #expect(trunk.numbers.outgoingCalled.rewrite("0044") == "+44")
        #expect(trunk.numbers.outgoingCaller.rewrite("1001").isEmpty)
        #expect(trunk.session.reliable == .required)
        #expect(trunk.limits.concurrentCalls == 2)
        let again = Form(trunk.json { .string($0) })
        #expect(Trunk(again) == trunk)
        try again.finish()
    }

    @Test func `a password is masked, and the mask keeps the password`() throws {
        let form = Form(try object(Self.full))
        var trunk = Trunk(form)
        let printed = trunk.json()
        #expect(!JSONValue.object(printed).text.contains("\"password\":\"s\""))
        let change = Form(printed)
        trunk.apply(change)
        try change.finish()
        #expect(trunk.credentials.first?.password == "s")
        let stranger = Form(["credentials": [["username": "other", "password": "***"]]])
        trunk.apply(stranger)
        #expect(throws: FieldProblems(["credentials[0].password": .nothingKept])) { try stranger.finish() }
    }

    @Test(
        arguments: [
            (["targets": [["host": "elsewhere.example"]]], ["credentials": .nothingKept]),
            (["realm": "other"], ["credentials": .nothingKept]),
            (
                ["realm": .null, "credentials": [["username": "7495", "password": "***"]]],
                ["credentials[0].password": .nothingKept]
            ),
            (["realm": "other", "credentials": [["username": "7495", "password": "again"]]], [:]),
            (["realm": "other", "credentials": []], [:]),
            (["targets": [["host": "SIP.example", "port": 5070]]], [:]),
        ] as [(JSONObject, [String: FieldProblem])])
    func `a password goes nowhere that it was not meant for`(
        _ change: JSONObject, _ problems: [String: FieldProblem]
    ) throws {
        var trunk = Trunk(Form(try object(Self.full)))
        let form = Form(change)
        trunk.apply(form)
        var found: [String: FieldProblem] = [:]
        do throws(FieldProblems) { try form.finish() } catch { found = error.problems }
        #expect(found == problems)
    }

    @Test func `a certificate and its key come together and go together`() throws {
        var tls = TrunkTLS()
        func change(_ object: JSONObject) throws(FieldProblems) {
            let form = Form(object)
            tls.apply(form)
            try form.finish()
        }
        try change(["certificate": "/c", "key": "/k"])
        #expect(throws: FieldProblems(["key": .missing])) { try change(["certificate": "/other"]) }
        #expect(throws: FieldProblems(["certificate": .missing])) { try change(["certificate": "", "key": "/other"]) }
        try change(["verifies": false])
        #expect(tls.certificate == "/c" && tls.key == "/k")
        try change(["certificate": .null])
        #expect(tls.certificate == nil && tls.key == nil)
    }

    @Test func `a name cannot be taken for an id`() throws {
        #expect(try problems(#"{"name":"5","targets":[{"host":"a.example"}]}"#) == ["name": .malformed(.name)])
        #expect(try problems(#"{"name":"5a","targets":[{"host":"a.example"}]}"#).isEmpty)
        let queue = Form(["name": "700"])
        _ = CallQueue(queue)
        #expect(throws: FieldProblems(["name": .malformed(.name)])) { try queue.finish() }
    }

    @Test func `a change names only what changes`() throws {
        let form = Form(try object(Self.full))
        var trunk = Trunk(form)
        let before = trunk
        let change = Form(["enabled": true, "session": ["encryption": "off"], "maximumChannels": .null])
        trunk.apply(change)
        try change.finish()
        #expect(trunk.isEnabled && trunk.session.encryption == .off && trunk.maximumChannels == nil)
        #expect(trunk.session.reliable == before.session.reliable)
        #expect(trunk.targets == before.targets)
    }

    @Test(arguments: [
        ("{}", ["name": FieldProblem.missing, "targets": .missing]),
        ("{\"name\":\"a b\",\"targets\":[]}", ["name": .malformed(.name), "targets": .empty]),
        ("{\"name\":\"a\\r\\nVia: x\",\"targets\":7}", ["name": .controlCharacter, "targets": .expected(.list)]),
        (
            "{\"name\":\"a\",\"targets\":[{\"host\":\"-x\",\"port\":70000,\"transport\":\"carrier pigeon\"},1]}",
            [
                "targets[0].host": .malformed(.host), "targets[0].port": .outOfRange(1, 65535),
                "targets[0].transport": .notOneOf(["udp", "tcp", "tls"]), "targets[1]": .expected(.object),
            ]
        ),
        (
            "{\"name\":\"a\",\"targets\":[{\"host\":\"h\"}],\"numbers\":{\"outgoingCalled\":[{\"match\":\"/(/\"}]}}",
            ["numbers.outgoingCalled[0].match": .expression(.unbalanced)]
        ),
        (
            "{\"name\":\"a\",\"targets\":[{\"host\":\"h\"}],\"sourceNetworks\":[\"10.0.0.0/33\"],\"colour\":1}",
            ["sourceNetworks[0]": .malformed(.network), "colour": .unknownField]
        ),
        (
            "{\"name\":\"a\",\"targets\":[{\"host\":\"h\"}],\"tls\":{\"key\":\"k\"},\"session\":{\"reliable\":1}}",
            ["tls.certificate": .missing, "session.reliable": .notOneOf(["off", "supported", "required"])]
        ),
    ]) func `everything wrong is named with its reason`(text: String, expected: [String: FieldProblem]) throws {
        #expect(try problems(text) == expected)
        #expect(FieldProblems(expected).lines.count == expected.count)
    }
}

struct FormTests {
    @Test(arguments: ["*", "+7495*", "+74951234567", "/8\\d{10}/", "*21*", "#31#"])
    func `a number pattern prints as it is written`(text: String) throws {
        #expect("\(try NumberPattern(text))" == text)
    }

    @Test(arguments: ["", "/(/", "a b", "12\r\n", "é"]) func `a malformed pattern is refused`(text: String) {
        #expect(throws: FieldProblem.self) { try NumberPattern(text) }
    }

    @Test(arguments: [
        "user:3", "extension:1001", "queue:sales", "trunk:carrier", "trunk:carrier/+74951234567",
    ]) func `a destination prints as it is written, and reads its JSON`(text: String) throws {
        let destination = try Destination(text)
        #expect("\(destination)" == text)
        var read: Destination?
        let form = Form(["to": destination.json])
        form.read("to", into: &read)
        try form.finish()
        #expect(read == destination)
    }

    @Test(arguments: ["", "user", "user:", "user:anna", "user:0", "door:3", "queue:a b", "queue:a/1", "trunk:a/b c"])
    func `a malformed destination is refused`(text: String) {
        #expect(throws: FieldProblem.malformed(.destination)) { try Destination(text) }
    }

    @Test func `a destination is one thing only`() {
        let form = Form(["number": "1", "destination": ["user": 1, "queue": "a"]])
        _ = InboundRoute(form)
        #expect(throws: FieldProblems.self) { try form.finish() }
    }

    @Test func `a queue reads what it prints`() throws {
        var queue = CallQueue(id: 7, name: "sales")
        queue.extension = "700"
        queue.strategy = .leastRecent
        queue.maximumWaiting = 3
        queue.overflow = .extension("1001")
        queue.members = [QueueMember(userID: 1, isPaused: true), QueueMember(userID: 2)]
        let form = Form(try #require(queue.json.objectValue))
        var read = CallQueue(form)
        read.id = 7
        try form.finish()
        #expect(read == queue)
        let change = Form(["overflow": .null, "members": []])
        read.apply(change)
        #expect(read.overflow == nil && read.members.isEmpty)
    }

    @Test func `people and accounts need a name each`() throws {
        let user = Form(["role": "chief", "email": "anna", "login": .null])
        _ = User(user)
        #expect(
            throws: FieldProblems([
                "login": .missing, "email": .malformed(.email),
                "role": .notOneOf(["admin", "operator", "director", "master"]),
            ])
        ) { try user.finish() }
        let form = Form(["extension": "1001", "userId": 3, "password": "x"])
        let account = SIPAccount(form)
        try form.finish()
        #expect(account.username == "1001" && account.displayName == "1001" && account.userID == 3)
        #expect(account.json["password"] == "***")
        let wrong = Form(["extension": "10 01", "userId": "3", "enabled": 1])
        _ = SIPAccount(wrong)
        #expect(
            throws: FieldProblems([
                "extension": .malformed(.extension), "userId": .expected(.integer), "enabled": .expected(.flag),
            ])
        ) { try wrong.finish() }
    }
}
