import Wire

/// All metrics of the process, by name; the exposition (Observability) reads it.
package final class MetricRegistry: Sendable {
    package enum Entry: Sendable {
        case counter(Family<Counter>)
        case gauge(Family<Gauge>)
        case histogram(Family<Histogram>)
        /// A value asked for at scrape time, such as memory in use.
        case sampled(Sampled)
        /// Observations that somebody else counts.
        case sampledHistogram(SampledHistogram)
    }

    package struct Sampled: Sendable {
        package enum Kind: String, Sendable {
            case counter
            case gauge
        }

        package let name: String
        package let help: String
        package let kind: Kind
        package let labelNames: [String]
        package let read: @Sendable () -> [(values: [String], value: Double)]
    }

    package struct SampledHistogram: Sendable {
        package let name: String
        package let help: String
        package let labelNames: [String]
        package let bounds: [Double]
        package let read: @Sendable () -> [(values: [String], counts: Histogram.Snapshot)]
    }

    private let stored = Locked<[Entry]>([])
    private let gatherers = Locked<[@Sendable () -> Void]>([])

    package init() {}

    package var entries: [Entry] { stored.withLock { $0 } }

    /// Figures of parts that live on the control loop: `take` runs there, at `gather` and at once, and what it answered
    /// is read by the `read` of others, anywhere.
    package func gathered<Value: Sendable>(_ take: @escaping @Sendable () -> Value) -> @Sendable () -> Value {
        let kept = Locked(take())
        gatherers.withLock {
            $0.append {
                let value = take()
                kept.withLock { $0 = value }
            }
        }
        return { kept.withLock { $0 } }
    }

    /// Takes the figures of all parts that live on the control loop; on that loop.
    package func gather() {
        for take in gatherers.withLock({ $0 }) { take() }
    }

    package func counter(_ name: String, _ help: String, labels: [String] = []) -> Family<Counter> {
        let family = Family(name, help, labels: labels) { Counter() }
        stored.withLock { $0.append(.counter(family)) }
        return family
    }

    package func gauge(_ name: String, _ help: String, labels: [String] = []) -> Family<Gauge> {
        let family = Family(name, help, labels: labels) { Gauge() }
        stored.withLock { $0.append(.gauge(family)) }
        return family
    }

    package func histogram(_ name: String, _ help: String, labels: [String] = [], bounds: [Double])
        -> Family<Histogram>
    {
        let family = Family(name, help, labels: labels) { Histogram(bounds: bounds) }
        stored.withLock { $0.append(.histogram(family)) }
        return family
    }

    package func sampled(
        _ name: String, _ help: String, kind: Sampled.Kind = .gauge, labels: [String] = [],
        read: @escaping @Sendable () -> [(values: [String], value: Double)]
    ) {
        let sampled = Sampled(name: name, help: help, kind: kind, labelNames: labels, read: read)
        stored.withLock { $0.append(.sampled(sampled)) }
    }

    /// `read` is as `sampled`'s; it counts between `bounds`.
    package func sampledHistogram(
        _ name: String, _ help: String, labels: [String], bounds: [Double],
        read: @escaping @Sendable () -> [(values: [String], counts: Histogram.Snapshot)]
    ) {
        let sampled = SampledHistogram(name: name, help: help, labelNames: labels, bounds: bounds, read: read)
        stored.withLock { $0.append(.sampledHistogram(sampled)) }
    }
}
