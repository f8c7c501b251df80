package import Wire

extension User {
    package mutating func apply(_ form: Form) {
        form.ignore("id", "presence", "limits", "password")
        form.read("login", into: &login, .login)
        form.read("name", into: &name, .label)
        form.read("firstName", into: &firstName, .label)
        form.read("lastName", into: &lastName, .label)
        form.read("email", into: &email, .email)
        form.read("role", into: &role)
        form.read("status", into: &status)
        form.read("city", into: &city, .label)
        form.read("sipAddress", into: &sipAddress, .label)
        form.read("extension", into: &self.extension, .ownExtension)
    }

    /// A user who is made; a login is required.
    package init(_ form: Form) {
        self.init(id: 0)
        form.require("login")
        apply(form)
        if login == nil { form.refuse("login", .missing) }
    }

    package func json(limits: TollLimits) -> JSONObject {
        [
            "id": .integer(id), "login": JSONValue(login), "name": JSONValue(name), "firstName": JSONValue(firstName),
            "lastName": JSONValue(lastName), "email": JSONValue(email), "role": .string(role.rawValue),
            "status": .string(status.rawValue), "presence": .string(presence.rawValue), "city": JSONValue(city),
            "sipAddress": JSONValue(sipAddress), "extension": JSONValue(self.extension), "limits": limits.json,
        ]
    }
}

extension SIPAccount {
    /// Everything but the password, which is made into digests where passwords are known.
    package mutating func apply(_ form: Form) {
        form.ignore("id", "password", "source", "registrations")
        form.read("extension", into: &self.extension, .extension)
        form.read("username", into: &username, .extension)
        form.read("displayName", into: &displayName, .label)
        form.read("enabled", into: &isEnabled)
        guard let owner = form.value("userId", .integer(1...Int.max).orNull) else { return }
        if owner.isNull {
            userID = nil
        } else if let id = form.integer(owner, "userId", 1...Int.max) {
            userID = Int64(id)
        }
    }

    /// An account that is made; its user name is the extension unless another is given.
    package init(_ form: Form) {
        self.init(id: 0, extension: "", username: "", secret: .password(""), displayName: "")
        form.require("extension")
        apply(form)
        if username.isEmpty { username = self.extension }
        if displayName.isEmpty { displayName = self.extension }
    }

    package var json: JSONObject {
        [
            "id": .integer(id), "extension": .string(self.extension), "username": .string(username),
            "displayName": .string(displayName), "userId": JSONValue(userID), "enabled": .bool(isEnabled),
            "password": "***",
        ]
    }
}
