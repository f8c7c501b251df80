package import Telemetry

/// What happens between us, the exchange and those we tell of its calls.
package struct MangoMetrics: Sendable {
    package let webhooks: Family<Counter>
    package let broadcasts: Family<Counter>
    package let commands: Family<Counter>
    /// Recordings of the exchange that are stored, and those that were given up; shown among `recordings_total`.
    package let recordingsStored = Counter()
    package let recordingsLost = Counter()

    package init(_ registry: MetricRegistry) {
        webhooks = registry.counter(
            "mango_webhooks_total", "Events of the Mango Office exchange by what became of them.",
            labels: ["kind", "result"])
        broadcasts = registry.counter(
            "realtime_broadcasts_total", "Broadcasts to the realtime service by what became of them.",
            labels: ["event", "result"])
        commands = registry.counter(
            "mango_commands_total", "Commands to the Mango Office exchange by what became of them.",
            labels: ["command", "result"])
        webhooks.prepare(["call", "summary", "record_added", "recording"], ["accepted", "repeated", "refused"])
        broadcasts.prepare(["call-new", "call-updated", "call-ended"], ["sent", "failed", "refused"])
    }
}
