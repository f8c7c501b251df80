package import CallModel
import Directory
package import Reactor
package import Telemetry
package import Wire

/// Brings what waits in the outbox to where it belongs, again and again until it has arrived.
///
/// Each ordering key has a lane: one item at a time, in their order, and while the first of them rests after a failure
/// those behind it wait. An item is brought at least once: who is told twice knows it by its message's id.
package actor OutboxCourier {
    /// What an attempt came to.
    package enum Result: Sendable, Equatable {
        case arrived
        /// It may go better later.
        case failed(String)
        /// It will never go better.
        case refused(String)
        /// There is nobody any more to bring it to.
        case pointless
        /// Not now; whoever withholds it says `hurry` when it is time.
        case withheld
    }

    /// Who brings the items of one kind, and when again what failed.
    package struct Carrier: Sendable {
        let schedule: RetrySchedule
        let deliver: @Sendable (OutboxItem) async -> Result

        package init(
            _ schedule: RetrySchedule = RetrySchedule(), deliver: @escaping @Sendable (OutboxItem) async -> Result
        ) {
            (self.schedule, self.deliver) = (schedule, deliver)
        }
    }

    private struct Lane {
        var work: Task<Void, Never>?
        /// Something came while it was busy.
        var isWanted = false
        var timer: LoopTimer?
    }

    /// How a lane goes on.
    private enum Rest {
        /// Nothing waits, or what waits is withheld.
        case idle
        case until(Instant)
    }

    /// New items are looked for a moment later, when they have been written in passing.
    private static let gathering = Duration.milliseconds(60)
    private static let storePatience = Duration.seconds(2)
    private static let batch = 20
    private static let inspection = Duration.seconds(10)
    /// Items, and published events, that are kept at most.
    package static let mostItems = 100_000
    package static let mostEvents = 10_000

    nonisolated let loop: any EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private let store: any Outbox & EventHistory
    /// By kind.
    private let carriers: [String: Carrier]
    private let metrics: OutboxMetrics
    private let logger: Logger
    private var lanes: [String: Lane] = [:]
    /// Items of each key whose turn is over, with when it was, until they are seen to be gone from the store.
    private var settled: [String: [Int64: WallTime]] = [:]
    private var inspecting: Task<Void, Never>?
    private var isStopped = false
    private var entropy: Entropy

    package init(
        loop: any EventLoop, store: any Outbox & EventHistory, carriers: [String: Carrier], metrics: OutboxMetrics,
        logger: Logger
    ) {
        (self.loop, self.store, self.carriers) = (loop, store, carriers)
        (self.metrics, self.logger) = (metrics, logger)
        entropy = loop.makeEntropy()
        metrics.prepare(carriers.keys.sorted())
    }

    // MARK: - Life

    /// Takes up what an earlier run left.
    package func start() async {
        inspectLater()
        do throws(StoreError) {
            for kind in carriers.keys.sorted() {
                for key in try await store.pendingKeys(kind: kind) { want(key, after: .zero) }
            }
        } catch {
            logger.warn("the outbox cannot be read", [LogField("reason", "\(error)")])
        }
    }

    /// Begins nothing more.
    package func halt() {
        isStopped = true
        for key in lanes.keys {
            if let timer = lanes[key]?.timer.take() { loop.cancel(timer) }
        }
    }

    /// Returns when nothing is under way; after `halt`.
    package func finish() async {
        for work in lanes.values.compactMap(\.work) { await work.value }
        await inspecting?.value
    }

    // MARK: - Lanes

    /// Something was written, or is about to be, under these keys; from any thread.
    package nonisolated func wake(_ keys: [String]) {
        loop.execute { self.assumeIsolated { for key in keys { $0.want(key, after: Self.gathering) } } }
    }

    /// What rests under a key is to be tried now.
    package func hurry(_ key: String) {
        if let timer = lanes[key]?.timer.take() { loop.cancel(timer) }
        want(key, after: .zero)
    }

    private func want(_ key: String, after delay: Duration) {
        guard !isStopped else { return }
        var lane = lanes[key] ?? Lane()
        defer { lanes[key] = lane }
        if lane.work != nil { return lane.isWanted = true }
        // One that rests does so because of its first item.
        guard lane.timer == nil else { return }
        lane.timer = alarm(key, at: loop.now + delay)
    }

    private func alarm(_ key: String, at moment: Instant) -> LoopTimer {
        loop.schedule(at: moment) { [weak self] in self?.assumeIsolated { $0.begin(key) } }
    }

    private func begin(_ key: String) {
        guard !isStopped else { return }
        lanes[key]?.timer = nil
        lanes[key]?.work = Task { await self.work(key) }
    }

    private func work(_ key: String) async {
        var rest = Rest.idle
        repeat {
            lanes[key]?.isWanted = false
            rest = await bringAll(key)
        } while isIdle(rest) && lanes[key]?.isWanted == true && !isStopped
        guard !isStopped, case .until(let moment) = rest else { return lanes[key] = nil }
        lanes[key] = Lane(timer: alarm(key, at: moment))
    }

    private func isIdle(_ rest: Rest) -> Bool {
        if case .idle = rest { true } else { false }
    }

    /// Brings what is due under a key.
    private func bringAll(_ key: String) async -> Rest {
        while !isStopped {
            let items: [OutboxItem]
            do throws(StoreError) {
                items = try await store.nextItems(key: key, limit: Self.batch)
            } catch {
                return .until(loop.now + Self.storePatience)
            }
            // Bringing them again and again would go on until the disk takes writes.
            if areUnwritten(items, key) { return .until(loop.now + Self.storePatience) }
            guard !items.isEmpty else { return .idle }
            for item in items {
                guard !isStopped, let carrier = carriers[item.kind] else { return .idle }
                let wait = Duration.milliseconds(item.nextAttemptAt.milliseconds - loop.wallTime.milliseconds)
                // The clock may have been set back.
                guard wait <= .zero else { return .until(loop.now + min(wait, carrier.schedule.longest * 2)) }
                if let rest = settle(item, await carrier.deliver(item), carrier.schedule) { return rest }
            }
        }
        return .idle
    }

    /// Whether the store answers what has been settled as if it had not: it cannot write.
    ///
    /// An administrator who has an item tried again gives it another time.
    private func areUnwritten(_ items: [OutboxItem], _ key: String) -> Bool {
        guard let earlier = settled[key] else { return false }
        if items.contains(where: { earlier[$0.id] == $0.nextAttemptAt }) { return true }
        settled[key] = nil
        return false
    }

    /// Writes down what an attempt came to; nil when the next item has its turn.
    private func settle(_ item: OutboxItem, _ result: Result, _ schedule: RetrySchedule) -> Rest? {
        switch result {
        case .withheld: return .idle
        case .arrived:
            count(item, "delivered")
            end(item, .done(item.id))
        case .pointless:
            count(item, "dropped")
            end(item, .done(item.id))
        case .refused(let error): park(item, error)
        case .failed(let error):
            count(item, "failed")
            let attempts = item.attempts + 1
            guard attempts < schedule.attempts else {
                park(item, error)
                return nil
            }
            let delay = schedule.delay(after: attempts, using: &entropy)
            let next = loop.wallTime + delay
            store.settle(.failed(item.id, error: error, attempts: attempts, next: next))
            logger.debug(
                "not delivered", [LogField("key", item.orderingKey), LogField("id", item.id), LogField("error", error)])
            return .until(loop.now + delay)
        }
        return nil
    }

    private func park(_ item: OutboxItem, _ error: String) {
        count(item, "parked")
        end(item, .parked(item.id, error: error, attempts: item.attempts + 1))
        logger.warn(
            "given up until an administrator says otherwise",
            [LogField("key", item.orderingKey), LogField("id", item.id), LogField("error", error)])
    }

    /// The item has no further turn.
    private func end(_ item: OutboxItem, _ settlement: OutboxSettlement) {
        settled[item.orderingKey, default: [:]][item.id] = item.nextAttemptAt
        store.settle(settlement)
    }

    private func count(_ item: OutboxItem, _ result: String) { metrics.deliveries.with(item.kind, result).increment() }

    // MARK: - Bounds and figures

    private func inspectLater() {
        loop.schedule(after: Self.inspection) { [weak self] in
            self?.assumeIsolated { courier in
                guard !courier.isStopped else { return }
                courier.inspecting = Task { await courier.inspect() }
            }
        }
    }

    /// Keeps the tables within their bounds, and shows how full they are.
    private func inspect() async {
        do throws(StoreError) {
            let dropped = try await store.trimOutbox(to: Self.mostItems)
            if dropped > 0 {
                logger.error("the outbox is full: its oldest items are lost", [LogField("items", dropped)])
            }
            try await store.trimEvents(to: Self.mostEvents)
            metrics.show(try await store.figures())
        } catch {
            logger.warn("the outbox cannot be read", [LogField("reason", "\(error)")])
        }
        inspectLater()
    }
}
