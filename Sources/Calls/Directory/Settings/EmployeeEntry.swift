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
        form.read("extension", into: &self.extension, .ownExtension)
        if self.extension.isEmpty {
            form.refuse("extension", .nothingKept)
        } else if let problem = TextRule.extension.problem(self.extension) {
            // What the directory has was not always read by a form.
            form.refuse("extension", problem)
        }
        var given: String? = username.isEmpty ? nil : username
        form.read("username", into: &given, .extension)
        username = given ?? self.extension
        if let chosen = form.password(atLeast: 1) {
            password = chosen
        } else if username != former?.username {
            form.refuse("password", .nothingKept)
        }
    }

    /// `name` is shown to those who are called, as much of it as a label takes.
    package func credentials(named name: String) -> TrunkCredentials {
        var credentials = former ?? TrunkCredentials(username: username, password: password)
        (credentials.username, credentials.password) = (username, password)
        (credentials.extension, credentials.displayName) = (self.extension, TextRule.label.trimming(name))
        return credentials
    }
}
