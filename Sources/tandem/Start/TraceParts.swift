import Observability
import Reactor
import Telemetry
import Web
import Wire

/// What records spans and brings them to the collector.
struct TraceParts {
    let tracer: Tracer
    private let exporter: SpanExporter
    private let isNamed: Bool

    init(_ settings: TraceSettings, client: HTTPClient, _ registry: MetricRegistry, _ logger: Logger) {
        exporter = SpanExporter(settings, client: client, metrics: TraceMetrics(registry), logger: logger)
        var entropy = Entropy.system
        tracer = Tracer(
            settings.sampler, sink: exporter, isOpen: settings.isNamed, entropy: Entropy(seed: entropy.next()),
            clock: { SystemClock.now() })
        isNamed = settings.isNamed
    }

    /// Begins to look for a collector that nobody named; once the loop runs, which finds hosts.
    func start() {
        if !isNamed { exporter.look { [tracer] in tracer.open() } }
    }

    func stop() async { await exporter.stop() }
}
