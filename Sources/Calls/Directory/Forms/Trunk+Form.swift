package import Wire

extension Trunk {
    /// A trunk that is made: it needs a name and somewhere to send calls.
    package init(_ form: Form) {
        self.init(name: "", targets: [])
        form.require("name", "targets")
        apply(form)
    }

    /// How many accounts of ours there may be at a trunk.
    package static let maximumCredentials = 100

    /// Passwords that are not given again stay, but go to no host and realm that they were not meant for.
    package mutating func apply(_ form: Form) {
        let former = self
        form.ignore("id", "source")
        form.read("name", into: &name, .ownName)
        form.read("enabled", into: &isEnabled)
        form.list("targets", into: &targets, atLeast: 1, atMost: 16) { TrunkTarget($0) }
        form.read("realm", into: &realm, .realm)
        let known = Set(hosts).isSubset(of: former.hosts) && realm == former.realm ? former.credentials : []
        form.list("credentials", into: &credentials, atMost: Self.maximumCredentials) {
            TrunkCredentials($0, former: known)
        }
        if known.count < former.credentials.count, form.object["credentials"] == nil {
            form.refuse("credentials", .nothingKept)
        }
        form.texts("sourceNetworks", into: &sourceNetworks, atMost: 100, .network) { text throws(FieldProblem) in
            guard let network = IPNetwork(text) else { throw .malformed(.network) }
            return network
        }
        form.read("priority", into: &priority, in: 0...65_535)
        form.read("weight", into: &weight, in: 0...65_535)
        form.read("maximumChannels", into: &maximumChannels, in: 0...100_000)
        form.read("keepAliveSeconds", into: &keepAlive, in: 5...3600)
        form.object("numbers") { numbers.apply($0) }
        form.object("callerId") { callerID.apply($0) }
        form.object("session") { session.apply($0) }
        form.object("tls") { tls.apply($0) }
        form.object("limits") { limits.apply($0) }
    }

    /// Refuses what no form could hold: a trunk that is stored like that cannot be read again.
    package func validate() throws(FieldProblems) {
        let form = Form(json { .string($0) })
        _ = Trunk(form)
        try form.finish()
    }

    private var hosts: [String] { targets.map { $0.host.lowercased() } }

    /// Everything about the trunk; passwords as `password` renders them.
    package func json(password: (String) -> JSONValue = { _ in "***" }) -> JSONObject {
        [
            "id": .integer(id), "name": .string(name), "enabled": .bool(isEnabled),
            "targets": .array(targets.map(\.json)),
            "credentials": .array(credentials.map { $0.json(password: password($0.password)) }),
            "realm": JSONValue(realm), "sourceNetworks": JSONValue(sourceNetworks.map(\.description)),
            "priority": JSONValue(priority), "weight": JSONValue(weight),
            "maximumChannels": JSONValue(maximumChannels),
            "keepAliveSeconds": JSONValue(keepAlive.map { $0.wholeMilliseconds / 1000 }),
            "numbers": numbers.json, "callerId": callerID.json, "session": session.json, "tls": tls.json,
            "limits": limits.json,
        ]
    }
}

extension TrunkTarget {
    init(_ form: Form) {
        self.init(host: "")
        form.require("host")
        form.read("host", into: &host, .host)
        var number: Int?
        form.read("port", into: &number, in: 1...65_535)
        port = number.flatMap(UInt16.init(exactly:))
        form.readTransport(into: &transport)
        form.read("priority", into: &priority, in: 0...65_535)
        form.read("weight", into: &weight, in: 0...65_535)
    }

    var json: JSONValue {
        [
            "host": .string(host), "port": JSONValue(port.map(Int.init)), "transport": JSONValue(transport?.rawValue),
            "priority": JSONValue(priority), "weight": JSONValue(weight),
        ]
    }
}

extension Form {
    /// A transport by its name in any case; null or empty: as the name server says.
    func readTransport(into transport: inout SignallingTransport?) {
        let words = SignallingTransport.allCases.map(\.rawValue)
        let schema = JSONSchema.words(words + words.map { $0.uppercased() } + [""]).orNull
        guard let value = value("transport", schema) else { return }
        transport = value.stringValue.flatMap { SignallingTransport(rawValue: $0.lowercased()) }
        let isAbsent = value.isNull || value == ""
        if transport == nil, !isAbsent { refuse("transport", .notOneOf(words)) }
    }
}

extension TrunkCredentials {
    /// A password that is masked or absent is the one `former` has for this user name.
    init(_ form: Form, former: [TrunkCredentials]) {
        self.init(username: "", password: "")
        form.require("username")
        form.read("username", into: &username, .extension)
        form.read("authenticationName", into: &authenticationName, .label)
        let known = former.first { $0.username == username }
        let given = form.value("password", TextRule.secret.schema.orNull)
        if let given, given != "***", !given.isNull {
            form.read("password", into: &password, .secret)
        } else if let known {
            password = known.password
        } else {
            form.refuse("password", .nothingKept)
        }
        form.read("registers", into: &registers)
        form.read("extension", into: &self.extension, .extension)
        form.read("displayName", into: &displayName, .label)
    }

    func json(password: JSONValue) -> JSONValue {
        [
            "username": .string(username), "authenticationName": JSONValue(authenticationName), "password": password,
            "registers": .bool(registers), "extension": JSONValue(self.extension),
            "displayName": JSONValue(displayName),
        ]
    }
}
