import Reactor
import Telemetry
import Wire

/// Hears what the other nodes say, on a thread of its own.
actor RedisListener {
    private static let channel = "gateway:events"
    private static let pause = Duration.seconds(1)
    /// How long one look takes at most; the thread can be stopped in between.
    private static let look: Int32 = 250
    /// Looks without a word after which Redis is asked whether it is there, and after which it is not.
    private static let silence = 8
    private static let death = 20

    private nonisolated let thread = BlockingThread(name: "redis-events")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let address: RedisAddress
    private let hear: @Sendable ([UInt8]) -> Void
    private nonisolated let isStopped = Locked(false)
    private var connection: RedisConnection?
    private var silentLooks = 0

    init(_ address: RedisAddress, hear: @escaping @Sendable ([UInt8]) -> Void) {
        (self.address, self.hear) = (address, hear)
    }

    nonisolated func start() { thread.execute { self.assumeIsolated { $0.listen() } } }

    nonisolated func stop() {
        isStopped.withLock { $0 = true }
        thread.stop()
    }

    private func listen() {
        guard !isStopped.withLock({ $0 }) else { return }
        do throws(RedisFailure) {
            let connection = if let connection { connection } else { try subscribe() }
            try lookOnce(connection)
            thread.execute { self.assumeIsolated { $0.listen() } }
        } catch {
            connection = nil
            thread.execute(after: Self.pause) { self.assumeIsolated { $0.listen() } }
        }
    }

    private func subscribe() throws(RedisFailure) -> RedisConnection {
        let made = try RedisConnection(address)
        try made.demand(["SUBSCRIBE", Self.channel])
        (connection, silentLooks) = (made, 0)
        return made
    }

    private func lookOnce(_ connection: RedisConnection) throws(RedisFailure) {
        let messages = try connection.messages(within: Self.look)
        silentLooks = messages.isEmpty ? silentLooks + 1 : 0
        if silentLooks == Self.silence { try connection.send(["PING"]) }
        guard silentLooks < Self.death else { throw RedisFailure(words: "silent") }
        for case .list(let parts) in messages {
            guard parts.count == 3, parts[0] == .text(Array("message".utf8)), case .text(let text) = parts[2] else {
                continue
            }
            hear(text)
        }
    }
}
