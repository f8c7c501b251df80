import Calls
import Directory
import Synchronization

/// A directory in memory that the roster of the scene follows.
final class MemoryDirectory: DirectoryStore {
    private struct State {
        var users: [User]
        var phones: [UserPhone]
        var accounts: [SIPAccount] = []
        var lines: [PhoneLine]
        var companies: [Company] = []
        var trunks: [Trunk] = []
        var routes: [InboundRoute] = []
        var queues: [CallQueue] = []
        var webhooks: [Webhook] = []
        var settings = ServerSettings()
        var limits: [Int64: TollLimits] = [:]
        var hashes: [Int64: String] = [:]
        var lastID: Int64
        var isBroken = false
        var foreignChanges: Int64 = 0

        var roster: Roster {
            Roster(
                users: users, phones: phones, accounts: accounts, lines: lines, trunks: trunks, routes: routes,
                queues: queues, limits: limits, webhooks: webhooks, settings: settings)
        }
    }

    private let state: Mutex<State>

    init(_ roster: Roster) {
        state = Mutex(
            State(
                users: Array(roster.users.values), phones: roster.phones.values.flatMap(\.self), lines: roster.lines,
                lastID: 0))
    }

    var accounts: [SIPAccount] { state.withLock { $0.accounts } }
    var trunks: [Trunk] { state.withLock { $0.trunks } }
    var queues: [CallQueue] { state.withLock { $0.queues } }
    var limits: [Int64: TollLimits] { state.withLock { $0.limits } }
    var hashes: [Int64: String] { state.withLock { $0.hashes } }
    var present: Roster { state.withLock { $0.roster } }

    /// From now on every change fails.
    func breakDown() { state.withLock { $0.isBroken = true } }

    func changeByAnother() { state.withLock { $0.foreignChanges += 1 } }

    private func change<Value: Sendable>(_ body: (inout State) -> Value) throws(StoreError) -> Value {
        let value: Value? = state.withLock { $0.isBroken ? nil : body(&$0) }
        guard let value else { throw .closed }
        return value
    }

    private func add<Value>(
        _ value: Value, _ path: WritableKeyPath<State, [Value]>, _ id: WritableKeyPath<Value, Int64>
    )
        throws(StoreError) -> Value where Value: Sendable
    {
        try change { state in
            state.lastID += 1
            var stored = value
            stored[keyPath: id] = state.lastID
            state[keyPath: path].append(stored)
            return stored
        }
    }

    private func update<Value>(
        _ value: Value, _ path: WritableKeyPath<State, [Value]>, _ id: KeyPath<Value, Int64>
    ) throws(StoreError) -> Bool {
        let wanted = value[keyPath: id]
        return try change { state in
            guard let index = state[keyPath: path].firstIndex(where: { $0[keyPath: id] == wanted }) else {
                return false
            }
            state[keyPath: path][index] = value
            return true
        }
    }

    private func remove<Value>(
        _ wanted: Int64, _ path: WritableKeyPath<State, [Value]>, _ id: KeyPath<Value, Int64>
    ) throws(StoreError) -> Bool {
        try change { state in
            let before = state[keyPath: path].count
            state[keyPath: path].removeAll { $0[keyPath: id] == wanted }
            return state[keyPath: path].count < before
        }
    }

    func roster() async throws(StoreError) -> Roster { try change(\.roster) }
    func foreignChanges() async throws(StoreError) -> Int64 { state.withLock { $0.foreignChanges } }

    func add(_ user: User, passwordHash: String?, limits: TollLimits) async throws(StoreError) -> User {
        try change { state in
            var stored = user
            stored.id = (state.users.map(\.id).max() ?? 0) + 1
            state.users.append(stored)
            state.hashes[stored.id] = passwordHash
            if !limits.isEmpty { state.limits[stored.id] = limits }
            return stored
        }
    }
    func setPasswordHash(_ hash: String, ofUser id: Int64) async throws(StoreError) {
        try change { $0.hashes[id] = hash }
    }
    func update(_ user: User, passwordHash: String?, limits: TollLimits?) async throws(StoreError) -> Bool {
        guard try update(user, \.users, \.id) else { return false }
        return try change { state in
            if let passwordHash { state.hashes[user.id] = passwordHash }
            if let limits { state.limits[user.id] = limits }
            return true
        }
    }
    func removeUser(id: Int64) async throws(StoreError) -> Bool { try remove(id, \.users, \.id) }
    func add(_ phone: UserPhone) async throws(StoreError) -> UserPhone { try add(phone, \.phones, \.id) }
    func update(_ phone: UserPhone) async throws(StoreError) -> Bool { try update(phone, \.phones, \.id) }
    func removePhone(id: Int64) async throws(StoreError) -> Bool { try remove(id, \.phones, \.id) }
    func add(_ line: PhoneLine) async throws(StoreError) -> PhoneLine { try add(line, \.lines, \.id) }
    func update(_ line: PhoneLine) async throws(StoreError) -> Bool { try update(line, \.lines, \.id) }
    func removeLine(id: Int64) async throws(StoreError) -> Bool { try remove(id, \.lines, \.id) }
    func add(_ company: Company) async throws(StoreError) -> Company { try add(company, \.companies, \.id) }
    func update(_ company: Company) async throws(StoreError) -> Bool { try update(company, \.companies, \.id) }
    func removeCompany(id: Int64) async throws(StoreError) -> Bool { try remove(id, \.companies, \.id) }
    func company(id: Int64) async throws(StoreError) -> Company? {
        try change { state in state.companies.first { $0.id == id } }
    }
    func companies(matching query: CompanyQuery) async throws(StoreError) -> CompanyPage {
        try change { state in
            let found = state.companies.filter { query.search.map($0.name.contains) ?? true }
            return CompanyPage(items: Array(found.dropFirst(query.offset).prefix(query.limit)), total: found.count)
        }
    }
    func add(_ account: SIPAccount) async throws(StoreError) -> SIPAccount { try add(account, \.accounts, \.id) }
    func update(_ account: SIPAccount) async throws(StoreError) -> Bool { try update(account, \.accounts, \.id) }
    func removeAccount(id: Int64) async throws(StoreError) -> Bool { try remove(id, \.accounts, \.id) }
    func add(_ trunk: Trunk) async throws(StoreError) -> Trunk { try add(trunk, \.trunks, \.id) }
    func update(_ trunk: Trunk) async throws(StoreError) -> Bool { try update(trunk, \.trunks, \.id) }
    func update(_ user: User, _ trunk: Trunk) async throws(StoreError) -> Bool {
        guard try update(trunk, \.trunks, \.id) else { return false }
        return try update(user, \.users, \.id)
    }
    func removeTrunk(id: Int64) async throws(StoreError) -> Bool { try remove(id, \.trunks, \.id) }
    func add(_ route: InboundRoute) async throws(StoreError) -> InboundRoute { try add(route, \.routes, \.id) }
    func update(_ route: InboundRoute) async throws(StoreError) -> Bool { try update(route, \.routes, \.id) }
    func removeRoute(id: Int64) async throws(StoreError) -> Bool { try remove(id, \.routes, \.id) }
    func add(_ queue: CallQueue) async throws(StoreError) -> CallQueue { try add(queue, \.queues, \.id) }
    func update(_ queue: CallQueue) async throws(StoreError) -> Bool { try update(queue, \.queues, \.id) }
    func removeQueue(id: Int64) async throws(StoreError) -> Bool { try remove(id, \.queues, \.id) }
    func add(_ webhook: Webhook) async throws(StoreError) -> Webhook { try add(webhook, \.webhooks, \.id) }
    func update(_ webhook: Webhook) async throws(StoreError) -> Bool { try update(webhook, \.webhooks, \.id) }
    func removeWebhook(id: Int64) async throws(StoreError) -> Bool { try remove(id, \.webhooks, \.id) }

    func set(_ settings: ServerSettings) async throws(StoreError) { try change { $0.settings = settings } }

    func set(_ settings: ServerSettings, _ trunk: Trunk) async throws(StoreError) -> Bool {
        if trunk.id == 0 {
            _ = try add(trunk, \.trunks, \.id)
        } else {
            guard try update(trunk, \.trunks, \.id) else { return false }
        }
        try change { $0.settings = settings }
        return true
    }

    func setMember(_ member: QueueMember, ofQueue id: Int64) async throws(StoreError) -> Bool {
        try change { state in
            guard let index = state.queues.firstIndex(where: { $0.id == id }) else { return false }
            state.queues[index].members.removeAll { $0.userID == member.userID }
            state.queues[index].members.append(member)
            return true
        }
    }

    func removeMember(userID: Int64, ofQueue id: Int64) async throws(StoreError) -> Bool {
        try change { state in
            guard let index = state.queues.firstIndex(where: { $0.id == id }) else { return false }
            state.queues[index].members.removeAll { $0.userID == userID }
            return true
        }
    }
}
