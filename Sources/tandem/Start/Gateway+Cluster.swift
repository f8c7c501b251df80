import Calls
import Cluster
import Observability
import Reactor
import Signalling
import Telemetry
import Wire

/// This node and the others.
extension Gateway {
    static func makeCluster(
        _ configuration: Configuration, _ loop: ControlLoop, _ registry: MetricRegistry, _ logger: Logger
    ) -> Cluster? {
        guard let address = configuration.service.redis else { return nil }
        var entropy = loop.makeEntropy()
        return Cluster(
            address, node: entropy.hex(8), loop: loop, metrics: ClusterMetrics(registry),
            logger: logger.labelled(.cluster))
    }

    /// Lets the parts hear of the other nodes, and the other nodes of them.
    func joinOthers() async {
        guard let cluster else { return }
        let hub = signalling.hub
        var followers = Cluster.Followers()
        followers.told = { event in hub.assumeIsolated { $0.hear(event) } }
        followers.usersOnline = { users in hub.assumeIsolated { $0.setUsersElsewhere(users) } }
        await calls.addObserver(cluster)
        await hub.join(
            OtherNodes(
                tell: { event in cluster.assumeIsolated { $0.tell(event) } },
                setOnline: { isOnline, userID in cluster.assumeIsolated { $0.setOnline(isOnline, userID) } }))
        await cluster.start(followers)
    }
}
