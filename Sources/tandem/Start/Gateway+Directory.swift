import API
import Calls
import Directory
import Reactor
import SIPEndpoint
import Store
import Telemetry
import Wire

/// How the directory reaches the running parts, and how the parts are seen from it.
extension Gateway {
    static func makeKeeper(
        _ configuration: Configuration, _ opened: OpenedStore, _ parts: (loop: ControlLoop, sip: SIPEndpoint),
        _ roster: RosterBox, _ logger: Logger
    ) -> DirectoryKeeper {
        let sip = parts.sip
        return DirectoryKeeper(
            loop: parts.loop, store: opened.store, roster: roster, accounts: opened.adopted,
            trunks: configuration.sip.trunk.map { [$0] } ?? [],
            followers: DirectoryKeeper.Followers(
                setTrunks: { trunks in sip.assumeIsolated { $0.setTrunks(trunks) } },
                forget: { username in sip.assumeIsolated { $0.forget(account: username) } }),
            logger: logger.labelled("directory"))
    }

    /// Counts what limits refuse, by kind; each kind is there from the start, at nought.
    static func countRefusals(_ registry: MetricRegistry) -> @Sendable (TollRefusal) -> Void {
        let family = registry.counter(
            "toll_refusals_total", "Calls refused or cut off by a limit of a user or a trunk.", labels: ["kind"])
        for kind in TollRefusal.Kind.allCases { _ = family.with(kind.rawValue) }
        return { family.with($0.kind.rawValue).increment() }
    }

    static func makeAdmin(_ store: SQLStore, _ keeper: DirectoryKeeper, _ sip: SIPEndpoint) -> AdminServices {
        AdminServices(
            store: store, reload: { await keeper.reload() },
            registrations: { username in await sip.contacts(for: username).count },
            trunkStatus: { name in await sip.trunkStatuses().first { $0.name == name }?.json })
    }
}

extension TrunkStatus {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "isRegistered": JSONValue(isRegistered), "isReachable": JSONValue(isReachable),
            "channels": JSONValue(channels), "detail": .string(detail),
        ]
    }
}
