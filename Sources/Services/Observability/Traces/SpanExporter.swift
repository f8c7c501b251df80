import Reactor
package import Telemetry
package import Web
import Wire

/// Takes spans that have ended, from any thread and without ever waiting, and brings them to the collector.
///
/// Putting them in words and compressing them is done on a thread of its own; what the collector does not take in time is
/// dropped and counted.
package actor SpanExporter: SpanSink {
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private nonisolated let thread = BlockingThread(name: "traces")
    private nonisolated let queue: SpanQueue
    private nonisolated let metrics: TraceMetrics
    private let encoder: SpanEncoder
    private let link: CollectorLink
    private let logger: Logger
    private var plan: ExportPlan
    private var clock = CivilClock()
    /// Nil while nothing is under way.
    private var work: Task<Void, Never>?
    /// What the collector was too busy for.
    private var pending: (spans: Int, message: [UInt8])?
    /// It is told once that spans are lost, until they arrive again.
    private var hasComplained = false
    private var isClosing = false
    /// When the next look at the queue is due.
    private var alarm = Instant.never

    /// How often a collector that nobody named is looked for.
    private static let lookingInterval = Duration.seconds(60)
    /// How long the last spans may take when the program ends.
    private static let farewell = Duration.seconds(2)

    package init(
        _ settings: TraceSettings, client: HTTPClient, metrics: TraceMetrics, logger: Logger
    ) {
        encoder = SpanEncoder(resource: settings.resource, version: settings.version)
        link = CollectorLink(client: client, settings)
        (self.metrics, self.logger) = (metrics, logger)
        plan = ExportPlan(settings.plan, entropy: .system)
        queue = SpanQueue(
            capacity: settings.plan.capacity, batch: settings.plan.batch, dropped: metrics.dropped)
    }

    package nonisolated func record(_ spans: [Span]) {
        guard queue.add(spans) else { return }
        thread.execute { self.assumeIsolated { $0.goOn() } }
    }

    /// Asks whether a collector is there, again and again until it is; then `found` is told.
    package nonisolated func look(found: @escaping @Sendable () -> Void) {
        thread.execute { self.assumeIsolated { exporter in _ = Task { await exporter.lookOnce(found) } } }
    }

    private func lookOnce(_ found: @escaping @Sendable () -> Void) async {
        guard !isClosing else { return }
        if case .taken = await link.send(encoder.encode([], epoch: 0)) {
            logger.info("a trace collector was found")
            return found()
        }
        thread.execute(after: Self.lookingInterval) {
            self.assumeIsolated { exporter in _ = Task { await exporter.lookOnce(found) } }
        }
    }

    /// Sends what there is, for a moment at most, and ends the thread.
    package nonisolated func stop() async {
        await close()
        thread.stop()
    }

    private func close() async {
        isClosing = true
        plan.close()
        let client = link.client
        thread.execute(after: Self.farewell) { client.stop() }
        goOn()
        while let work { await work.value }
        client.stop()
        metrics.dropped.increment(by: UInt64(queue.count))
    }

    private func goOn() {
        guard work == nil else { return }
        work = Task { await self.run() }
    }

    /// Does what is due; what is due later comes back by itself.
    private func run() async {
        while true {
            metrics.queued.set(Int64(queue.count + (pending?.spans ?? 0)))
            switch plan.step(waiting: queue.count, now: SystemClock.now()) {
            case .idle:
                work = nil
                return
            case .wait(let delay):
                work = nil
                return wake(after: delay)
            case .send: await send()
            case .giveUp: drop(pending?.spans ?? 0, "given up")
            }
        }
    }

    /// An alarm that is set already for an earlier moment stands.
    private func wake(after delay: Duration) {
        let moment = SystemClock.now() + delay
        guard moment < alarm else { return }
        alarm = moment
        thread.execute(after: delay) {
            self.assumeIsolated { exporter in
                exporter.alarm = .never
                exporter.goOn()
            }
        }
    }

    private func send() async {
        let batch = pending ?? nextBatch()
        pending = batch
        let verdict = await link.send(batch.message)
        plan.settle(verdict, at: SystemClock.now())
        switch verdict {
        case .taken(let rejected):
            metrics.exports.with("taken").increment()
            metrics.sent.increment(by: UInt64(max(batch.spans - rejected, 0)))
            pending = nil
            hasComplained = hasComplained && rejected > 0
            if rejected > 0 { drop(rejected, "the collector rejected some") }
        case .busy(let why, _):
            metrics.exports.with("busy").increment()
            logger.debug("the trace collector is busy", [LogField("reason", why)])
        case .refused(let why):
            metrics.exports.with("refused").increment()
            drop(batch.spans, why)
        }
    }

    private func nextBatch() -> (spans: Int, message: [UInt8]) {
        let spans = queue.take()
        return (spans.count, encoder.encode(spans, epoch: clock.epoch))
    }

    private func drop(_ count: Int, _ why: String) {
        pending = nil
        metrics.dropped.increment(by: UInt64(count))
        guard !hasComplained, !isClosing else { return }
        hasComplained = true
        logger.warn("spans do not reach the trace collector", [LogField("reason", why)])
    }
}

/// The civil time at which the monotonic clock was zero.
///
/// It is looked at again and again, and believed anew only when the civil clock was set: what belongs together keeps its
/// order to the nanosecond.
private struct CivilClock {
    private var known: Int64?

    private static let tolerance: Int64 = 20_000_000

    var epoch: Int64 {
        mutating get {
            let current = SystemClock.civilNanoseconds() - Int64(clamping: SystemClock.now().nanoseconds)
            if let known, (current - known).magnitude < UInt64(Self.tolerance) { return known }
            known = current
            return current
        }
    }
}
