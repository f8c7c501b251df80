package import Telemetry

/// What an operator sees of the store's health.
package struct StoreMetrics: Sendable {
    let pending: Gauge
    let failures: Counter
    let refused: Counter
    let dropped: Counter
    let commits: Histogram
    let outbox: Gauge
    let postponedEvents: Gauge
    let parkedEvents: Gauge
    let isUp: Gauge
    let reads: Histogram
    /// Reads that the readers have been given and have not answered.
    let openReads: Gauge
    /// Connections that read.
    let readers: Gauge

    package init(_ registry: MetricRegistry) {
        pending = registry.gauge("store_pending_writes", "Changes of calls that wait to be written.").with()
        failures = registry.counter("store_write_failures_total", "Batches that could not be written and wait.").with()
        refused = registry.counter("store_rows_refused_total", "Rows the database refused for their content.").with()
        dropped = registry.counter("store_rows_dropped_total", "Rows dropped because too many were waiting.").with()
        outbox = registry.gauge("store_outbox_batches", "Batches kept until the database server is back.").with()
        postponedEvents = registry.gauge(
            "store_outbox_mango_events", "Events of the exchange kept until the database server is back."
        ).with()
        parkedEvents = registry.gauge(
            "store_outbox_mango_events_parked",
            "Events of the exchange that the database refused; they are tried again at the next start."
        ).with()
        isUp = registry.gauge("store_up", "Whether the database takes writes.").with()
        let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]
        commits = registry.histogram("store_commit_seconds", "Time to write one batch.", bounds: bounds).with()
        reads = registry.histogram(
            "store_read_seconds", "Time to answer one question, from its turn in the store.", bounds: bounds
        ).with()
        openReads = registry.gauge(
            "store_reads_open", "Questions that the readers of the database have not answered yet."
        ).with()
        readers = registry.gauge("store_readers", "Connections to the database that answer questions.").with()
    }
}
