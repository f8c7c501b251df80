import Crypto
package import Directory
package import Wire

/// Who there is when the exchange starts for the first time, so that a newcomer can log in and call at once.
package struct FirstStart: Sendable {
    /// What is told to the newcomer, once; the store keeps hashes only.
    package struct Credentials: Sendable {
        package let user: User
        package let password: String
        /// Of the user's phone: user name and extension are the same.
        package let sipPassword: String?
    }

    struct Person {
        let login: String
        let firstName: String
        let lastName: String
        let number: String
    }

    static let people = [
        Person(login: "anna", firstName: "Анна", lastName: "Иванова", number: "1001"),
        Person(login: "petr", firstName: "Пётр", lastName: "Сидоров", number: "1002"),
    ]

    private let adminPassword: String?

    /// `adminPassword` is the one of `ADMIN_PASSWORD`; nil makes one.
    package init(adminPassword: String?) { self.adminPassword = adminPassword }
}

extension FirstStart {
    /// Makes the administrator and two users with phones, unless there are users already; then the answer is nil.
    func seed(
        _ database: Database, using entropy: inout Entropy
    ) throws(SQLFailure) -> [Credentials]? {
        guard try database.integer("SELECT EXISTS (SELECT 1 FROM users)") == 0 else { return nil }
        var made = [try makeAdministrator(in: database, using: &entropy)]
        for person in Self.people { made.append(try make(person, in: database, using: &entropy)) }
        return made
    }

    func makeAdministrator(
        in database: Database, using entropy: inout Entropy
    ) throws(SQLFailure) -> Credentials {
        let password = adminPassword ?? Self.password(using: &entropy)
        let cost: PasswordHash.Cost = adminPassword == nil ? .generated : .chosen
        var user = User(id: 0, login: "admin", name: "Администратор", role: .admin)
        user.id = try UserTable.insert(user, to: database)
        let hash = PasswordHash.make(password, cost: cost, using: &entropy)
        try UserTable.setPasswordHash(hash, ofUser: user.id, in: database)
        return Credentials(user: user, password: password, sipPassword: nil)
    }

    func make(
        _ person: Person, in database: Database, using entropy: inout Entropy
    ) throws(SQLFailure) -> Credentials {
        let (password, sipPassword) = (Self.password(using: &entropy), Self.password(using: &entropy))
        var user = User(
            id: 0, login: person.login, name: "\(person.firstName) \(person.lastName)", firstName: person.firstName,
            lastName: person.lastName, extension: person.number)
        user.id = try UserTable.insert(user, to: database)
        let hash = PasswordHash.make(password, cost: .generated, using: &entropy)
        try UserTable.setPasswordHash(hash, ofUser: user.id, in: database)
        try UserPhoneTable.insert(
            UserPhone(id: 0, userID: user.id, number: person.number, kind: .extension, isPrimary: true), to: database)
        let account = SIPAccount(
            id: 0, extension: person.number, username: person.number,
            secret: SIPSecret(digesting: sipPassword, username: person.number), displayName: user.displayName,
            userID: user.id)
        _ = try AccountTable.write(account, to: database)
        return Credentials(user: user, password: password, sipPassword: sipPassword)
    }

    /// 80 random bits in letters and digits that are not taken for one another.
    private static func password(using entropy: inout Entropy) -> String {
        let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789")
        return String((0..<16).map { _ in alphabet[Int.random(in: alphabet.indices, using: &entropy)] })
    }
}

extension SQLStore {
    /// See `FirstStart.seed`.
    package func seed(_ start: FirstStart, using entropy: Entropy) throws(StoreError) -> [FirstStart.Credentials]? {
        try change { (database: Database) throws(SQLFailure) in
            var entropy = entropy
            return try start.seed(database, using: &entropy)
        }
    }
}
