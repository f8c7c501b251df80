package import Wire

/// The port to the stored directory: people, their phones and accounts, and who may log in.
///
/// Two implementations: SQLite and PostgreSQL. Every method may wait for a disk; the control loop uses a `Roster` instead.
package protocol UserStore: Sendable {
    /// Everybody and every line at this moment, for look-ups that cannot wait.
    func roster() async throws(StoreError) -> Roster
    func user(id: Int64) async throws(StoreError) -> User?
    /// Whoever has this login, with the password hash to check; inactive users are included.
    func credentials(login: String) async throws(StoreError) -> LoginCredentials?
    func phones(ofUser id: Int64) async throws(StoreError) -> [UserPhone]
    func companies(ids: Set<Int64>) async throws(StoreError) -> [Int64: Company]
    func company(phone: PhoneNumber) async throws(StoreError) -> Company?

    /// Adds a user (its `id` is ignored) and answers the stored one; `.conflict` when login or extension is taken.
    func add(_ user: User, passwordHash: String?) async throws(StoreError) -> User
    func setPasswordHash(_ hash: String, ofUser id: Int64) async throws(StoreError)
    /// Makes the account of `SIP_USERS` and its user exist; an existing one gets the new name and keeps its user.
    func adopt(_ account: SIPAccount) async throws(StoreError) -> SIPAccount
    /// Takes back what sockets and registrations of an earlier run said; presence set by hand stays.
    func resetPresence() async throws(StoreError)

    /// A value the server keeps for itself, such as a generated secret.
    func setting(_ name: String) async throws(StoreError) -> String?
    func setSetting(_ name: String, to value: String) async throws(StoreError)

    /// Queued like `CallStore.write`: the caller does not wait.
    func setPresence(_ presence: User.Presence, ofUser id: Int64)
    /// Queued: what the registrar knows of an account now; nil when nothing is registered any more.
    func setRegistration(_ registration: AccountRegistration?, ofAccount id: Int64)
}

/// A user and what proves the password.
package struct LoginCredentials: Sendable {
    package let user: User
    /// In the form of `Crypto`'s password hashing; nil when the user cannot log in with a password.
    package let passwordHash: String?

    package init(user: User, passwordHash: String?) { (self.user, self.passwordHash) = (user, passwordHash) }
}

/// The newest contact of an account, for people who look into the database.
package struct AccountRegistration: Hashable, Sendable {
    package var contactURI: String
    package var registeredAt: WallTime
    package var expiresAt: WallTime

    package init(contactURI: String, registeredAt: WallTime, expiresAt: WallTime) {
        (self.contactURI, self.registeredAt, self.expiresAt) = (contactURI, registeredAt, expiresAt)
    }
}

/// Why a store did not do what it was asked.
package enum StoreError: Error, Hashable, Sendable {
    /// The file or folder cannot be opened, created or written.
    case unusable(path: String, reason: String)
    /// The file is no database, or is damaged.
    case corrupt(path: String, reason: String)
    /// The file was written by a newer program.
    case newerSchema(path: String, version: Int, supported: Int)
    /// A unique value is taken; the column is named.
    case conflict(column: String)
    /// A value does not fit its column.
    case unfit(reason: String)
    /// The statement failed for any other reason: disk full, locked, I/O error.
    case failed(reason: String)
    /// What is asked would do harm now; the reason says what is to be done before.
    case refused(reason: String)
    /// The server cannot be reached at this moment.
    case unavailable(reason: String)
    /// The store has been closed.
    case closed
}
