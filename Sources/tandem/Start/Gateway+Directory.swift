import API
import Calls
import Directory
import Media
import Observability
import Reactor
import SIPEndpoint
import Store
import Telemetry
import Webhooks
import Wire

/// How the directory reaches the running parts, and how the parts are seen from it.
extension Gateway {
    static func makeKeeper(
        _ configuration: Configuration, _ opened: OpenedStore,
        _ parts: (loop: ControlLoop, sip: SIPEndpoint, media: MediaPlane, webhooks: Webhooks), _ roster: RosterBox,
        _ logger: Logger
    ) -> DirectoryKeeper {
        let (sip, media, webhooks) = (parts.sip, parts.media, parts.webhooks)
        var followers = DirectoryKeeper.Followers(
            setTrunks: { trunks in sip.assumeIsolated { $0.setTrunks(trunks) } },
            forget: { username in sip.assumeIsolated { $0.forget(account: username) } })
        followers.webhooksChanged = { webhooks.changed($0) }
        followers.settingsChanged = { media.rtpPorts = configuration.rtpPorts($0) }
        return DirectoryKeeper(
            loop: parts.loop, store: opened.store, roster: roster, accounts: opened.adopted,
            trunks: configuration.sip.trunk.map { [$0] } ?? [],
            followers: followers, logger: logger.labelled(.directory))
    }

    /// Counts what limits refuse, by kind; each kind is there from the start, at nought.
    static func countRefusals(_ registry: MetricRegistry) -> @Sendable (TollRefusal) -> Void {
        let family = registry.counter(
            "toll_refusals_total", "Calls refused or cut off by a limit of a user or a trunk.", labels: ["kind"])
        for kind in TollRefusal.Kind.allCases { _ = family.with(kind.rawValue) }
        return { family.with($0.kind.rawValue).increment() }
    }

    static func makeAdmin(
        _ store: SQLStore, _ keeper: DirectoryKeeper, _ sip: SIPEndpoint, _ webhooks: Webhooks,
        _ settings: SettingsServices, _ sink: JSONLogSink
    ) -> AdminServices {
        var admin = AdminServices(
            store: store, reload: { await keeper.reload() },
            registrations: { username in await sip.contacts(for: username).count },
            trunkStatus: { name in await sip.trunkStatuses().first { $0.name == name }?.state.json })
        admin.outbox = OutboxServices(items: store) { key in await webhooks.courier.hurry(key) }
        admin.webhooks = WebhookServices(
            test: { webhook in await webhooks.test(webhook) },
            replay: { webhook, event throws(StoreError) in try await webhooks.replay(webhook, after: event) })
        admin.settings = settings
        admin.logs = LogServices(level: { sink.level }, setLevel: { sink.setLevel($0) })
        return admin
    }
}
