import CallViews
import Calls
import Directory
import Web
import Wire

/// A SIP account with the password it is to have from now on.
struct AccountEntry: Sendable {
    var account: SIPAccount
    var password: String?
}

/// A user with limits, and the password the user is to have from now on.
struct UserEntry: Sendable {
    var user: User
    var limits = TollLimits()
    var changesLimits = false
    var password: String?
}

extension API {
    func accounts(_ admin: AdminServices) -> AdminResource<AccountEntry> {
        AdminResource(
            name: "sip-accounts", all: { $0.accounts.map { AccountEntry(account: $0) } },
            find: { roster, text in
                roster.accounts.first { Self.names($0.id, text) }.map { AccountEntry(account: $0) }
            },
            json: { entry, _ in
                var object = entry.account.json
                object.append("source", entry.account.isFromEnvironment ? "environment" : "store")
                object.append("registrations", JSONValue(await admin.registrations(entry.account.username)))
                return object
            },
            make: { form, roster in
                form.require("password")
                let account = SIPAccount(form)
                form.check(account, in: roster)
                let password = form.password()
                if password == nil { form.refuse("password", .nothingKept) }
                return AccountEntry(account: account, password: password).digested
            },
            apply: { entry, form, roster in
                let former = entry.account.username
                entry.account.apply(form)
                entry.password = form.password()
                if entry.password == nil, entry.account.username != former { form.refuse("password", .nothingKept) }
                form.check(entry.account, in: roster)
                entry = entry.digested
            },
            add: { entry throws(StoreError) in AccountEntry(account: try await admin.store.add(entry.account)) },
            update: { entry throws(StoreError) in try await admin.store.update(entry.account) },
            remove: { entry throws(StoreError) in try await admin.store.removeAccount(id: entry.account.id) },
            refusal: { former, _, _ in former.account.isFromEnvironment ? .fromEnvironment : nil })
    }

    func people(_ admin: AdminServices) -> AdminResource<UserEntry> {
        AdminResource(
            name: "users",
            all: { roster in roster.users.values.sorted { $0.id < $1.id }.map { UserEntry($0, in: roster) } },
            find: { roster, text in
                Self.id(text).flatMap { roster.users[$0] }.map { UserEntry($0, in: roster) }
            },
            json: { entry, _ in entry.user.json(limits: entry.limits) },
            make: { form, roster in
                var entry = UserEntry(user: User(form))
                entry.finish(form, roster)
                return entry
            },
            apply: { entry, form, roster in
                entry.user.apply(form)
                entry.finish(form, roster)
            },
            add: { entry throws(StoreError) in try await add(entry, admin.store) },
            update: { entry throws(StoreError) in try await update(entry, admin.store) },
            remove: { entry throws(StoreError) in try await admin.store.removeUser(id: entry.user.id) },
            refusal: { former, changed, roster in refusal(former, changed, roster) }, missing: .userNotFound)
    }

    private func refusal(_ former: UserEntry, _ changed: UserEntry?, _ roster: Roster) -> Failure? {
        guard
            roster.keepsAdministrator(without: former.user.id, or: changed?.user)
                || !roster.keepsAdministrator(without: 0)
        else { return .lastAdministrator }
        guard changed == nil else { return nil }
        let users = roster.references { $0 == .user(former.user.id) }
        return users.isEmpty ? nil : .inUse(by: users)
    }

    private func add(_ entry: UserEntry, _ store: any DirectoryStore) async throws(StoreError) -> UserEntry {
        var stored = entry
        let hash = await hash(entry.password)
        stored.user = try await store.add(entry.user, passwordHash: hash, limits: entry.limits)
        return stored
    }

    private func update(_ entry: UserEntry, _ store: any DirectoryStore) async throws(StoreError) -> Bool {
        let hash = await hash(entry.password)
        let limits = entry.changesLimits ? entry.limits : nil
        return try await store.update(entry.user, passwordHash: hash, limits: limits)
    }

    private func hash(_ password: String?) async -> String? {
        guard let password else { return nil }
        return await passwords.hash(password)
    }
}

extension AccountEntry {
    /// The same with the digests of its password, which is then forgotten.
    fileprivate var digested: AccountEntry {
        var entry = self
        if let password { entry.account.secret = SIPSecret(digesting: password, username: account.username) }
        entry.password = nil
        return entry
    }
}

extension UserEntry {
    fileprivate init(_ user: User, in roster: Roster) {
        self.init(user: user, limits: roster.tollLimits(ofUser: user.id))
    }

    fileprivate mutating func finish(_ form: Form, _ roster: Roster) {
        changesLimits = form.object["limits"] != nil
        form.object("limits") { limits.apply($0) }
        password = form.password()
        form.check(user, in: roster)
    }
}
