/// Everybody the exchange knows at one moment, indexed for the look-ups of a call.
///
/// An object, because every step of a call asks for one.
package final class Roster: Sendable {
    package let users: [Int64: User]
    package let phones: [Int64: [UserPhone]]
    package let accounts: [SIPAccount]
    package let lines: [PhoneLine]
    package let trunks: [Trunk]
    package let routes: [InboundRoute]
    package let queues: [CallQueue]
    /// What users may spend, by user; who is absent has no limits.
    package let limits: [Int64: TollLimits]
    package let webhooks: [Webhook]
    package let settings: ServerSettings
    package let companies: CompanyBook
    private let accountsByUsername: [String: Int]
    private let accountsByExtension: [String: Int]
    private let usersByExtension: [String: Int64]
    private let linesByNumber: [String: Int]

    package init(
        users: [User] = [], phones: [UserPhone] = [], accounts: [SIPAccount] = [], lines: [PhoneLine] = [],
        trunks: [Trunk] = [], routes: [InboundRoute] = [], queues: [CallQueue] = [],
        limits: [Int64: TollLimits] = [:], webhooks: [Webhook] = [], settings: ServerSettings = ServerSettings(),
        companies: CompanyBook = CompanyBook([])
    ) {
        self.users = Dictionary(users.map { ($0.id, $0) }) { first, _ in first }
        self.phones = Dictionary(grouping: phones, by: \.userID)
        (self.accounts, self.lines) = (accounts, lines)
        (self.trunks, self.routes, self.queues, self.limits) = (trunks, routes, queues, limits)
        (self.webhooks, self.settings, self.companies) = (webhooks, settings, companies)
        accountsByUsername = Self.index(accounts.map(\.username))
        accountsByExtension = Self.index(accounts.map(\.extension))
        linesByNumber = Self.index(lines.map { PhoneNumber($0.number).matchKey })
        let fromAccounts = accounts.compactMap { account in account.userID.map { (account.extension, $0) } }
        let fromUsers = users.compactMap { user in user.extension.map { ($0, user.id) } }
        usersByExtension = Dictionary(fromUsers + fromAccounts) { first, _ in first }
    }

    package func account(username: String) -> SIPAccount? { accountsByUsername[username].map { accounts[$0] } }
    package func account(extension number: String) -> SIPAccount? { accountsByExtension[number].map { accounts[$0] } }

    /// The accounts whose phones ring for a user.
    package func accounts(ofUser id: Int64) -> [SIPAccount] { accounts.filter { $0.userID == id && $0.isEnabled } }

    /// Whoever an extension belongs to, by the user's own extension or by an account's.
    package func user(extension number: String) -> User? { usersByExtension[number].flatMap { users[$0] } }

    /// What a user calls from: the user's own extension, or that of an account.
    package func `extension`(ofUser id: Int64) -> String? {
        users[id]?.extension ?? accounts(ofUser: id).first?.extension
    }

    /// Whether a user may be shown to others by a number: an extension or telephone of the user's, or a line of ours.
    package func mayShow(_ number: String, userID: Int64) -> Bool {
        if user(extension: number)?.id == userID { return true }
        guard PhoneNumber.isAcceptable(number), !number.contains(":") else { return false }
        let wanted = PhoneNumber(number).normal
        let known = (phones[userID] ?? []).map(\.number) + (line(number: number).map { [$0.number] } ?? [])
        return known.contains { PhoneNumber($0).normal == wanted }
    }

    /// Whose number this is: an extension, or a telephone of a user; of several users, the first.
    package func owner(of number: String) -> Int64? {
        if let user = user(extension: number) { return user.id }
        let wanted = PhoneNumber(number)
        return phones.filter { $0.value.contains { wanted.matches($0.number) } }.keys.min()
    }

    /// Our own line with this number.
    package func line(number: String) -> PhoneLine? {
        linesByNumber[PhoneNumber(number).matchKey].map { lines[$0] }
    }

    /// Whether calls can leave at all.
    package var hasTrunk: Bool { trunks.contains(where: \.isEnabled) }

    package func trunk(named name: String) -> Trunk? { trunks.first { $0.name == name } }
    package func queue(named name: String) -> CallQueue? { queues.first { $0.name == name } }
    package func queue(extension number: String) -> CallQueue? { queues.first { $0.extension == number } }
    package func webhook(id: Int64) -> Webhook? { webhooks.first { $0.id == id } }
    package func tollLimits(ofUser id: Int64) -> TollLimits { limits[id] ?? TollLimits() }

    /// Where a number of ours leads that was called through a trunk; nil when no route is about it.
    ///
    /// Of equally close routes, the first of the list.
    package func route(number: String, trunk: String) -> Destination? {
        var best: (route: InboundRoute, precision: Int)?
        for route in routes where route.trunk == nil || route.trunk == trunk {
            guard let precision = route.precision(for: number), precision > best?.precision ?? -1 else { continue }
            best = (route, precision)
        }
        return best?.route.destination
    }

    /// The same with these accounts instead of those that have their extensions: those of the environment come last.
    package func adding(_ more: [SIPAccount]) -> Roster {
        let replaced = Set(more.map(\.extension))
        return Roster(
            users: users.values.sorted { $0.id < $1.id }, phones: phones.values.flatMap(\.self),
            accounts: accounts.filter { !replaced.contains($0.extension) } + more, lines: lines, trunks: trunks,
            routes: routes, queues: queues, limits: limits, webhooks: webhooks, settings: settings, companies: companies
        )
    }

    /// The same with these trunks instead of those that have their names: those of the environment come last.
    package func adding(_ more: [Trunk]) -> Roster {
        let replaced = Set(more.map(\.name))
        return Roster(
            users: users.values.sorted { $0.id < $1.id }, phones: phones.values.flatMap(\.self), accounts: accounts,
            lines: lines, trunks: trunks.filter { !replaced.contains($0.name) } + more, routes: routes,
            queues: queues, limits: limits, webhooks: webhooks, settings: settings, companies: companies)
    }

    private static func index(_ keys: [String]) -> [String: Int] {
        Dictionary(zip(keys, keys.indices)) { first, _ in first }
    }
}
