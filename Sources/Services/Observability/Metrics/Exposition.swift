package import Telemetry
import Wire

/// The text exposition format of Prometheus (version 0.0.4).
package struct Exposition: Sendable {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private let service: String
    private var text = ""

    /// `service` becomes a label of every series.
    package init(service: String) { self.service = service }

    package mutating func encode(_ registry: MetricRegistry) -> String {
        text = ""
        for entry in registry.entries {
            switch entry {
            case .counter(let family): write(family, "counter") { [("", "", Double($0.value))] }
            case .gauge(let family): write(family, "gauge") { [("", "", Double($0.value))] }
            case .histogram(let family): write(family, "histogram", Self.samples)
            case .sampled(let sampled): write(sampled)
            }
        }
        return text
    }

    /// A histogram's cumulative buckets, sum and count: suffix of the name, value of `le` and number.
    private static func samples(_ histogram: Histogram) -> [(suffix: String, bound: String, value: Double)] {
        let snapshot = histogram.snapshot
        var samples: [(String, String, Double)] = []
        for (bound, count) in zip(histogram.bounds, snapshot.cumulative) {
            samples.append(("_bucket", number(bound), Double(count)))
        }
        let total = Double(snapshot.cumulative.last ?? 0)
        samples.append(("_bucket", "+Inf", total))
        return samples + [("_sum", "", snapshot.sum), ("_count", "", total)]
    }

    private mutating func write<Metric>(
        _ family: Family<Metric>, _ kind: String,
        _ samples: (Metric) -> [(suffix: String, bound: String, value: Double)]
    ) {
        writeHead(family.name, family.help, kind)
        for (values, metric) in family.all {
            for sample in samples(metric) {
                let bound = sample.bound.isEmpty ? [] : [("le", sample.bound)]
                write(family.name + sample.suffix, Array(zip(family.labelNames, values)) + bound, sample.value)
            }
        }
    }

    private mutating func write(_ sampled: MetricRegistry.Sampled) {
        writeHead(sampled.name, sampled.help, sampled.kind.rawValue)
        for sample in sampled.read() {
            write(sampled.name, Array(zip(sampled.labelNames, sample.values)), sample.value)
        }
    }

    private mutating func writeHead(_ name: String, _ help: String, _ kind: String) {
        text += "# HELP \(name) \(escaped(help, quotes: false))\n# TYPE \(name) \(kind)\n"
    }

    private mutating func write(_ name: String, _ labels: [(String, String)], _ value: Double) {
        let pairs = ([("service", service)] + labels).map { "\($0)=\"\(escaped($1, quotes: true))\"" }
        text += "\(name){\(pairs.joined(separator: ","))} \(Self.number(value))\n"
    }

    private func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.append(character)
            }
        }
        return result
    }

    private static func number(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return "\(value)"
    }
}
