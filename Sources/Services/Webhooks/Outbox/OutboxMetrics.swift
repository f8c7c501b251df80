import CallModel
package import Telemetry
package import Wire

/// What an operator sees of what must reach servers of others.
package struct OutboxMetrics: Sendable {
    let deliveries: Family<Counter>
    private let items: Family<Gauge>
    /// When the oldest pending item was written, in milliseconds; 0 when none is pending.
    private let oldest = Locked<Int64>(0)

    /// `now` is the civil time at a scrape.
    package init(_ registry: MetricRegistry, now: @escaping @Sendable () -> WallTime) {
        deliveries = registry.counter(
            "outbox_deliveries_total", "Attempts to bring something to a server of others.", labels: ["kind", "result"])
        items = registry.gauge("outbox_items", "What waits to be brought, or for an administrator.", labels: ["state"])
        for state in OutboxItem.State.allCases { items.with(state.rawValue).set(0) }
        let oldest = oldest
        registry.sampled("outbox_oldest_seconds", "How long the oldest of what is pending has waited.") {
            let written = oldest.withLock { $0 }
            return [([], written == 0 ? 0 : max(0, Double(now().milliseconds - written) / 1000))]
        }
    }

    /// The kinds of what is brought are there from the start.
    func prepare(_ kinds: [String]) { deliveries.prepare(kinds, ["delivered", "failed", "parked", "dropped"]) }

    func show(_ figures: OutboxFigures) {
        items.with(OutboxItem.State.pending.rawValue).set(Int64(figures.pending))
        items.with(OutboxItem.State.parked.rawValue).set(Int64(figures.parked))
        oldest.withLock { $0 = figures.oldest?.milliseconds ?? 0 }
    }
}
