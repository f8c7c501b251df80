package import Telemetry

/// What an operator sees of the way to the other nodes.
package struct ClusterMetrics: Sendable {
    let connected: Gauge
    let sent: Counter
    let received: Counter
    let dropped: Counter

    package init(_ registry: MetricRegistry) {
        connected = registry.gauge("redis_connected", "Whether Redis answers.").with()
        let events = registry.counter(
            "redis_events_total", "Events from and to the other nodes.", labels: ["direction"])
        (sent, received) = (events.with("sent"), events.with("received"))
        dropped = registry.counter(
            "redis_events_dropped_total",
            "Events the other nodes were not told: too many were waiting, or Redis broke off."
        ).with()
    }
}
