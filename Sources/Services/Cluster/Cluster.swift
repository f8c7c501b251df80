import CallModel
package import Calls
package import Reactor
package import Telemetry
package import Wire

/// This node among others, by Redis: a directory of live calls, who is online, and what is told to sockets everywhere.
///
/// Redis is never waited for. While it is away this node goes on alone.
package actor Cluster {
    private nonisolated let loop: any EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// What the others' messages lead to; called on the loop.
    package struct Followers: Sendable {
        /// Something was told at another node.
        package var told: @Sendable (JSONValue) -> Void = { _ in }
        /// Who is online at other nodes.
        package var usersOnline: @Sendable (Set<Int64>) -> Void = { _ in }

        package init() {}
    }

    /// What another node last said of itself.
    private struct Node {
        var users: Set<Int64>
        var heardAt: Instant
    }

    private static let heartbeat = Duration.seconds(5)
    /// A node of which nothing is heard for so long is gone.
    private static let patience = Duration.seconds(15)
    private static let limits = JSONLimits(depth: 34, values: 20_000)
    private static let mostNodes = 256

    private let address: RedisAddress
    private nonisolated let node: String
    private nonisolated let writer: RedisWriter
    private nonisolated let metrics: ClusterMetrics
    private var listener: RedisListener?
    private var followers = Followers()
    private var users: Set<Int64> = []
    private var others: [String: Node] = [:]
    private var isStopped = false

    /// `node` names this run of this one.
    package init(_ address: RedisAddress, node: String, loop: any EventLoop, metrics: ClusterMetrics, logger: Logger) {
        (self.address, self.node, self.loop, self.metrics) = (address, node, loop, metrics)
        writer = RedisWriter(address, node: node, metrics: metrics, logger: logger)
    }

    package nonisolated var isConnected: Bool { metrics.connected.value == 1 }

    package func start(_ followers: Followers) {
        self.followers = followers
        writer.start()
        let listener = RedisListener(address) { [weak self, loop] text in
            loop.execute { [weak self] in self?.assumeIsolated { $0.hear(text) } }
        }
        listener.start()
        self.listener = listener
        beat()
    }

    /// Ends its threads; not from the loop, which may wait for neither.
    package nonisolated func stop() async {
        let listener = await halt()
        listener?.stop()
        writer.stop()
    }

    private func halt() -> RedisListener? {
        isStopped = true
        return listener.take()
    }

    // MARK: - Saying

    /// Tells sockets of the other nodes what those of this one are told.
    package func tell(_ event: JSONValue) { say(["event": event]) }

    /// A user's first page came, or the last one went.
    package func setOnline(_ isOnline: Bool, _ userID: Int64) {
        if isOnline { users.insert(userID) } else { users.remove(userID) }
        writer.setUsers(users)
        sayUsers()
    }

    private func sayUsers() { say(["users": .array(users.sorted().map(JSONValue.integer))]) }

    private func say(_ content: JSONObject) {
        var message: JSONObject = ["node": .string(node)]
        message.fill(from: content)
        writer.publish(JSONValue.object(message).text)
    }

    private func beat() {
        guard !isStopped else { return }
        sayUsers()
        let gone = others.filter { loop.now - $0.value.heardAt > Self.patience }
        if !gone.isEmpty {
            for name in gone.keys { others[name] = nil }
            tellUsers()
        }
        loop.schedule(after: Self.heartbeat) { [weak self] in self?.assumeIsolated { $0.beat() } }
    }

    // MARK: - Hearing

    private func hear(_ text: [UInt8]) {
        guard !isStopped, let message = try? JSONValue(parsing: text, limits: Self.limits),
            let name = message["node"]?.stringValue, name != node
        else { return }
        if let event = message["event"] {
            metrics.received.increment()
            followers.told(event)
        }
        guard let list = message["users"]?.arrayValue, others[name] != nil || others.count < Self.mostNodes else {
            return
        }
        let users = Set(list.compactMap(\.integerValue))
        let isNews = others[name]?.users != users
        others[name] = Node(users: users, heardAt: loop.now)
        if isNews { tellUsers() }
    }

    private func tellUsers() { followers.usersOnline(others.values.reduce(into: []) { $0.formUnion($1.users) }) }
}

extension Cluster: CallObserver {
    nonisolated package func callChanged(_ event: CallEvent) {
        switch event.notice {
        case .filed, .recorded: break
        default: writer.set(event.record)
        }
    }

    nonisolated package func upstreamChanged(registered: Bool, detail: String) {}
    nonisolated package func queueChanged(_ event: QueueEvent) {}
    nonisolated package func qualityChanged(_ report: CallQualityReport) {}
    nonisolated package func conferenceChanged(_ event: ConferenceEvent) {}
}
