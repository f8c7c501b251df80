/// What the administrator of a PBX gave out for one employee: the extension, a login and its password.
package struct EmployeeEntry: Sendable {
    private var former: TrunkCredentials?
    package var `extension` = ""
    package private(set) var username: String
    private var password: String

    /// `former` is what the employee has now; nil: nothing.
    package init(_ former: TrunkCredentials?) {
        self.former = former
        (username, password) = (former?.username ?? "", former?.password ?? "")
    }

    /// The login is the extension unless another is given; a password stays as long as its login does.
    package mutating func apply(_ form: Form) {
        form.ignore("userId", "name", "isRegistered", "failure")
        form.read("extension", into: &self.extension, .extension)
        if self.extension.isEmpty { form.refuse("extension", .missing) }
        var given: String? = username.isEmpty ? nil : username
        form.read("username", into: &given, .extension)
        username = given ?? self.extension
        if let chosen = form.password(atLeast: 1) {
            password = chosen
        } else if username != former?.username {
            form.refuse("password", .missing)
        }
    }

    package func credentials(named name: String) -> TrunkCredentials {
        var credentials = former ?? TrunkCredentials(username: username, password: password)
        (credentials.username, credentials.password) = (username, password)
        (credentials.extension, credentials.displayName) = (self.extension, name)
        return credentials
    }
}
