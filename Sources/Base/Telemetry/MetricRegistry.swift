import Wire

/// All metrics of the process, by name; the exposition (Observability) reads it.
package final class MetricRegistry: Sendable {
    package enum Entry: Sendable {
        case counter(Family<Counter>)
        case gauge(Family<Gauge>)
        case histogram(Family<Histogram>)
        /// A value asked for at scrape time, such as memory in use.
        case sampled(Sampled)
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

    private let stored = Locked<[Entry]>([])

    package init() {}

    package var entries: [Entry] { stored.withLock { $0 } }

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
}
