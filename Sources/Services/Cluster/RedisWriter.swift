import CallModel
import Reactor
import Telemetry
import Wire

/// Keeps Redis saying what lives on this node, and brings this node's messages to the others; on a thread of its own.
///
/// Whoever gives it something never waits. A lost connection is made again every second, and then everything is written
/// anew: the other side may have lost it.
actor RedisWriter {
    /// What waits to be written; filled from any thread.
    private struct Work: Sendable {
        var calls: LiveCalls
        var messages = Outgoing()
        var users: Set<Int64> = []
        var usersChanged = false
        var isScheduled = false
    }

    private static let channel = "gateway:events"
    private static let gathering = Duration.milliseconds(5)
    private static let heartbeat = Duration.seconds(1)
    /// Seconds that a node is believed to live without another word of it.
    private static let lifetime = 15
    private static let beatsBetweenSweeps = 10
    private static let batch = 500

    private nonisolated let thread = BlockingThread(name: "redis")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private nonisolated let work: Locked<Work>
    private let address: RedisAddress
    private let node: String
    private let metrics: ClusterMetrics
    private let logger: Logger
    private var connection: RedisConnection?
    private var wasLost = false
    private var isStopped = false
    private var beats = 0

    init(_ address: RedisAddress, node: String, metrics: ClusterMetrics, logger: Logger) {
        (self.address, self.node, self.metrics, self.logger) = (address, node, metrics, logger)
        work = Locked(Work(calls: LiveCalls(node: node)))
    }

    // MARK: - From any thread

    nonisolated func start() { thread.execute { self.assumeIsolated { $0.beat() } } }

    /// Takes this node's calls and users out of the directory, and ends the thread.
    nonisolated func stop() {
        thread.execute { self.assumeIsolated { $0.leave() } }
        thread.stop()
    }

    nonisolated func set(_ record: CallRecord) { add { $0.calls.set(record) } }

    nonisolated func publish(_ message: String) { add { $0.messages.add(message) } }

    nonisolated func setUsers(_ users: Set<Int64>) { add { ($0.users, $0.usersChanged) = (users, true) } }

    private nonisolated func add(_ change: (inout Work) -> Void) {
        let isFirst = work.withLock { work in
            change(&work)
            defer { work.isScheduled = true }
            return !work.isScheduled
        }
        if isFirst { thread.execute(after: Self.gathering) { self.assumeIsolated { $0.drain() } } }
    }

    // MARK: - On the thread

    /// Finds out whether Redis is there, and comes back.
    private func beat() {
        guard !isStopped else { return }
        attempt { connection throws(RedisFailure) in
            try connection.demand(["SET", "node:\(node):alive", "1", "EX", String(Self.lifetime)])
            try connection.demand(["SADD", "nodes", node])
            try refreshUsers(connection)
            if beats % Self.beatsBetweenSweeps == 0 { try sweep(connection) }
        }
        beats += 1
        drain()
        thread.execute(after: Self.heartbeat) { self.assumeIsolated { $0.beat() } }
    }

    private func drain() {
        work.withLock { $0.isScheduled = false }
        metrics.dropped.increment(by: UInt64(work.withLock { $0.messages.takeDropped() }))
        // Between beats a lost connection is left alone.
        guard connection != nil else { return }
        attempt { connection throws(RedisFailure) in
            if work.withLock({ $0.usersChanged }) { try refreshUsers(connection) }
            while true {
                let (calls, messages) = work.withLock { work in
                    (work.calls.takeChanges(Self.batch), work.messages.take(Self.batch))
                }
                guard !calls.isEmpty || !messages.isEmpty else { return }
                do throws(RedisFailure) {
                    _ = try connection.run(calls + messages.map { ["PUBLISH", Self.channel, $0] })
                } catch {
                    metrics.dropped.increment(by: UInt64(messages.count))
                    throw error
                }
                metrics.sent.increment(by: UInt64(messages.count))
            }
        }
    }

    private func refreshUsers(_ connection: RedisConnection) throws(RedisFailure) {
        let users = work.withLock { work in
            work.usersChanged = false
            return work.users.sorted().map(String.init)
        }
        let key = "users:online:\(node)"
        var commands = [["MULTI"], ["DEL", key]]
        if !users.isEmpty { commands += [["SADD", key] + users, ["EXPIRE", key, String(Self.lifetime)]] }
        _ = try connection.run(commands + [["EXEC"]])
    }

    /// Does something with Redis, connecting first where need be; what is lost is lost until the next beat.
    private func attempt(_ body: (RedisConnection) throws(RedisFailure) -> Void) {
        do throws(RedisFailure) {
            let connection = if let connection { connection } else { try connect() }
            try body(connection)
        } catch {
            connection = nil
            metrics.connected.set(0)
            work.withLock { $0.calls.lose() }
            guard !wasLost else { return }
            wasLost = true
            logger.warn("Redis cannot be reached; calls go on without it", [LogField("reason", error.words)])
        }
    }

    private func connect() throws(RedisFailure) -> RedisConnection {
        let made = try RedisConnection(address)
        let inquiry = work.withLock { work in
            work.calls.suspect()
            return work.calls.inquiry
        }
        let left = Self.texts(try made.demand(inquiry)).compactMap { UUID($0) }
        _ = try made.run(work.withLock { $0.calls.clearing(left) })
        connection = made
        metrics.connected.set(1)
        if wasLost { logger.info("Redis is there again") }
        wasLost = false
        return made
    }

    /// Takes away what nodes left that have not said for a while that they live.
    private func sweep(_ connection: RedisConnection) throws(RedisFailure) {
        for name in Self.texts(try connection.demand(["SMEMBERS", "nodes"])) where name != node {
            guard try connection.demand(["EXISTS", "node:\(name):alive"]) == .integer(0) else { continue }
            let calls = Self.texts(try connection.demand(["SMEMBERS", LiveCalls.set(ofNode: name)]))
            _ = try connection.run(
                LiveCalls.clearing(calls.compactMap { UUID($0) }, ofNode: name) + [["SREM", "nodes", name]])
        }
    }

    private static func texts(_ reply: RedisReply) -> [String] {
        guard case .list(let elements) = reply else { return [] }
        return elements.compactMap { element in
            if case .text(let text) = element { String(decoding: text, as: UTF8.self) } else { nil }
        }
    }

    private func leave() {
        isStopped = true
        drain()
        guard let connection else { return }
        _ = try? connection.run([
            ["DEL", "users:online:\(node)", "node:\(node):alive"], ["SREM", "nodes", node],
        ])
        self.connection = nil
    }
}
