package import Telemetry

/// What an operator sees of the way of spans to the collector.
package struct TraceMetrics: Sendable {
    let dropped: Counter
    let sent: Counter
    /// Requests to the collector by what became of them.
    let exports: Family<Counter>
    let queued: Gauge

    package init(_ registry: MetricRegistry) {
        dropped = registry.counter(
            "otlp_spans_dropped_total", "Spans that did not reach the collector: no room, refused, or given up."
        ).with()
        sent = registry.counter("otlp_spans_sent_total", "Spans that the collector took.").with()
        exports = registry.counter(
            "otlp_exports_total", "Requests to the collector (taken, busy: tried again, refused).", labels: ["result"])
        queued = registry.gauge("otlp_spans_queued", "Spans that wait for their way to the collector.").with()
        exports.prepare(["taken", "busy", "refused"])
    }
}
