package import Calls
package import Directory
package import Reactor
package import Telemetry

/// Keeps the running exchange in step with the stored directory.
///
/// It reads the directory again after each change by an administrator, and when it sees that another process has changed
/// the store's file: at every `interval` it asks. Whatever the environment says comes last and wins.
package actor DirectoryKeeper {
    nonisolated let loop: any EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// What is done to the exchange; called on the loop.
    package struct Followers: Sendable {
        /// The trunks changed.
        package let setTrunks: @Sendable ([Trunk]) -> Void
        /// An account is gone, closed or has another password: its phones must register anew.
        package let forget: @Sendable (_ username: String) -> Void
        /// Webhooks that are new or were changed.
        package var webhooksChanged: @Sendable ([Webhook]) -> Void = { _ in }
        /// What is set of the server changed.
        package var settingsChanged: @Sendable (ServerSettings) -> Void = { _ in }

        package init(
            setTrunks: @escaping @Sendable ([Trunk]) -> Void, forget: @escaping @Sendable (_ username: String) -> Void
        ) {
            (self.setTrunks, self.forget) = (setTrunks, forget)
        }
    }

    /// How often another process's changes are looked for.
    private static let interval = Duration.seconds(1)

    private let store: any DirectoryStore
    private let roster: RosterBox
    private var environment: (accounts: [SIPAccount], trunks: [Trunk])
    private let followers: Followers
    private let logger: Logger
    private var seen: Int64?
    private var isStopped = false
    private var looking: Task<Void, Never>?

    package init(
        loop: any EventLoop, store: any DirectoryStore, roster: RosterBox, accounts: [SIPAccount], trunks: [Trunk],
        followers: Followers, logger: Logger
    ) {
        (self.loop, self.store, self.roster) = (loop, store, roster)
        environment = (accounts, trunks)
        (self.followers, self.logger) = (followers, logger)
    }

    /// Begins to look for changes of other processes; the roster is what the store says already.
    package func start() async {
        seen = try? await store.foreignChanges()
        watch()
    }

    /// Looks no more; what is being read is waited for.
    package func stop() async {
        isStopped = true
        looking?.cancel()
        await looking?.value
    }

    private func watch() {
        guard !isStopped else { return }
        loop.schedule(after: Self.interval) { [weak self] in
            self?.assumeIsolated { keeper in
                guard !keeper.isStopped else { return }
                keeper.looking = Task { await keeper.look() }
            }
        }
    }

    private func look() async {
        if let changes = try? await store.foreignChanges(), changes != seen {
            // Read first and noted only when it could be read, so that a failure is tried again.
            if await reload() { seen = changes }
        }
        watch()
    }

    /// Reads the directory again and lets the exchange follow; false when the store does not answer.
    @discardableResult
    package func reload() async -> Bool {
        do throws(StoreError) {
            let stored = try await store.roster()
            follow(stored.adding(environment.accounts).adding(environment.trunks))
            return true
        } catch {
            logger.warn("the directory cannot be read again", [LogField("reason", "\(error)")])
            return false
        }
    }

    /// The trunks of the environment speak TLS like this from the next reading on.
    package func setEnvironmentTLS(_ tls: TrunkTLS) {
        for index in environment.trunks.indices { environment.trunks[index].tls = tls }
    }

    private func follow(_ present: Roster) {
        let former = roster.current
        roster.replace(present)
        if former.trunks != present.trunks { followers.setTrunks(present.trunks) }
        if former.settings != present.settings { followers.settingsChanged(present.settings) }
        let changed = present.webhooks.filter { former.webhook(id: $0.id) != $0 }
        if !changed.isEmpty { followers.webhooksChanged(changed) }
        for account in former.accounts where account.isEnabled {
            let now = present.account(username: account.username)
            if now?.isEnabled != true || now?.secret != account.secret { followers.forget(account.username) }
        }
    }
}
