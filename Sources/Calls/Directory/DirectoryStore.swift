/// The port to what administrators keep: users with limits and phones, accounts, lines, trunks, routes, queues,
/// webhooks, companies, and what is set of the server itself.
///
/// Whatever is added gets its `id` from the store. `update` and `remove` answer false when there is no such row; a name
/// that another row has is a `.conflict`. Names change everywhere at once: a route of a renamed trunk follows it.
package protocol DirectoryStore: Sendable {
    /// Everything, as `UserStore.roster`.
    func roster() async throws(StoreError) -> Roster
    /// A number that differs from the last one when another process has changed the store.
    func foreignChanges() async throws(StoreError) -> Int64

    /// With limits, where they are not empty.
    func add(_ user: User, passwordHash: String?, limits: TollLimits) async throws(StoreError) -> User
    func setPasswordHash(_ hash: String, ofUser id: Int64) async throws(StoreError)
    /// Everything but presence, all of it or nothing; a password and limits that are nil stay.
    func update(_ user: User, passwordHash: String?, limits: TollLimits?) async throws(StoreError) -> Bool
    /// The user's calls stay, and his accounts become nobody's.
    func removeUser(id: Int64) async throws(StoreError) -> Bool

    /// A phone that is primary takes that from the user's others.
    func add(_ phone: UserPhone) async throws(StoreError) -> UserPhone
    func update(_ phone: UserPhone) async throws(StoreError) -> Bool
    func removePhone(id: Int64) async throws(StoreError) -> Bool

    func add(_ line: PhoneLine) async throws(StoreError) -> PhoneLine
    func update(_ line: PhoneLine) async throws(StoreError) -> Bool
    func removeLine(id: Int64) async throws(StoreError) -> Bool

    /// Companies are too many for a roster.
    func companies(matching query: CompanyQuery) async throws(StoreError) -> CompanyPage
    func company(id: Int64) async throws(StoreError) -> Company?
    func add(_ company: Company) async throws(StoreError) -> Company
    /// Phones included.
    func update(_ company: Company) async throws(StoreError) -> Bool
    /// Its calls stay.
    func removeCompany(id: Int64) async throws(StoreError) -> Bool

    /// The secret must be digests.
    func add(_ account: SIPAccount) async throws(StoreError) -> SIPAccount
    func update(_ account: SIPAccount) async throws(StoreError) -> Bool
    func removeAccount(id: Int64) async throws(StoreError) -> Bool

    func add(_ trunk: Trunk) async throws(StoreError) -> Trunk
    func update(_ trunk: Trunk) async throws(StoreError) -> Bool
    func removeTrunk(id: Int64) async throws(StoreError) -> Bool
    /// A user whose account at a trunk changes with him: both or neither.
    func update(_ user: User, _ trunk: Trunk) async throws(StoreError) -> Bool

    func add(_ route: InboundRoute) async throws(StoreError) -> InboundRoute
    func update(_ route: InboundRoute) async throws(StoreError) -> Bool
    func removeRoute(id: Int64) async throws(StoreError) -> Bool

    func add(_ queue: CallQueue) async throws(StoreError) -> CallQueue
    /// Members included.
    func update(_ queue: CallQueue) async throws(StoreError) -> Bool
    func removeQueue(id: Int64) async throws(StoreError) -> Bool
    /// Adds the member or changes the pause; false when there is no such queue.
    func setMember(_ member: QueueMember, ofQueue id: Int64) async throws(StoreError) -> Bool
    func removeMember(userID: Int64, ofQueue id: Int64) async throws(StoreError) -> Bool

    func add(_ webhook: Webhook) async throws(StoreError) -> Webhook
    func update(_ webhook: Webhook) async throws(StoreError) -> Bool
    /// With what the outbox still keeps for it.
    func removeWebhook(id: Int64) async throws(StoreError) -> Bool

    func set(_ settings: ServerSettings) async throws(StoreError)
    /// With a trunk, which is made when it has no `id`: both or neither.
    func set(_ settings: ServerSettings, _ trunk: Trunk) async throws(StoreError) -> Bool
}

extension Roster {
    /// Who sends calls there, in words for a refusal to remove it: `route 3`, `queue sales`.
    package func references(to wanted: (Destination) -> Bool) -> [String] {
        routes.filter { wanted($0.destination) }.map { "route \($0.id)" }
            + queues.filter { $0.overflow.map(wanted) ?? false }.map { "queue \($0.name)" }
    }
}
