package import Telemetry
import Wire

/// The text exposition format of Prometheus (version 0.0.4).
package struct Exposition: Sendable {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// `service="…"`, which every series has.
    private let service: [UInt8]
    private var text: [UInt8] = []

    /// `service` becomes a label of every series.
    package init(service: String) {
        var label = Array("service=".utf8)
        Self.append(quoted: service, to: &label)
        self.service = label
    }

    package mutating func encode(_ registry: MetricRegistry) -> [UInt8] {
        text.removeAll(keepingCapacity: true)
        for entry in registry.entries {
            switch entry {
            case .counter(let family): write(family, "counter") { Int64(clamping: $0.value) }
            case .gauge(let family): write(family, "gauge") { $0.value }
            case .histogram(let family): write(family)
            case .sampled(let sampled): write(sampled)
            case .sampledHistogram(let sampled): write(sampled)
            }
        }
        return text
    }

    private mutating func write<Metric>(
        _ family: Family<Metric>, _ kind: String, _ value: (Metric) -> Int64
    ) {
        writeHead(family.name, family.help, kind)
        for (values, metric) in family.all {
            write(family.name, labels(family.labelNames, values)) { $0.append(decimal: value(metric)) }
        }
    }

    private mutating func write(_ family: Family<Histogram>) {
        writeHead(family.name, family.help, "histogram")
        for (values, histogram) in family.all {
            write(family.name, labels(family.labelNames, values), histogram.bounds, histogram.snapshot)
        }
    }

    private mutating func write(_ sampled: MetricRegistry.Sampled) {
        writeHead(sampled.name, sampled.help, sampled.kind.rawValue)
        for (values, value) in sampled.read() {
            write(sampled.name, labels(sampled.labelNames, values)) { Self.append(value, to: &$0) }
        }
    }

    private mutating func write(_ sampled: MetricRegistry.SampledHistogram) {
        writeHead(sampled.name, sampled.help, "histogram")
        for (values, counts) in sampled.read() {
            write(sampled.name, labels(sampled.labelNames, values), sampled.bounds, counts)
        }
    }

    /// A histogram's cumulative buckets, sum and count.
    private mutating func write(
        _ name: String, _ labels: [UInt8], _ bounds: [Double], _ counts: Histogram.Snapshot
    ) {
        let total = counts.cumulative.last ?? 0
        for (bound, count) in zip(bounds, counts.cumulative) { write(name, labels, bucket: bound, count) }
        write(name, labels, bucket: nil, total)
        write(name + "_sum", labels) { Self.append(counts.sum, to: &$0) }
        write(name + "_count", labels) { $0.append(decimal: Int64(clamping: total)) }
    }

    private mutating func write(_ name: String, _ labels: [UInt8], bucket bound: Double?, _ count: UInt64) {
        var labels = labels
        labels.append(",le=\"")
        if let bound { Self.append(bound, to: &labels) } else { labels.append("+Inf") }
        labels.append(UInt8(ascii: "\""))
        write(name + "_bucket", labels) { $0.append(decimal: Int64(clamping: count)) }
    }

    private mutating func writeHead(_ name: String, _ help: String, _ kind: String) {
        text.append("# HELP \(name) ")
        Self.append(escaped: help, quotes: false, to: &text)
        text.append("\n# TYPE \(name) \(kind)\n")
    }

    private mutating func write(_ name: String, _ labels: [UInt8], _ value: (inout [UInt8]) -> Void) {
        text.append(name)
        text.append(UInt8(ascii: "{"))
        text += labels
        text.append("} ")
        value(&text)
        text.append(ASCII.lineFeed)
    }

    /// What stands between the braces.
    private func labels(_ names: [String], _ values: [String]) -> [UInt8] {
        var labels = service
        for (name, value) in zip(names, values) {
            labels.append(",\(name)=")
            Self.append(quoted: value, to: &labels)
        }
        return labels
    }

    private static func append(quoted text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        append(escaped: text, quotes: true, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private static func append(escaped text: String, quotes: Bool, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append("\\\\")
            case ASCII.lineFeed: bytes.append("\\n")
            case UInt8(ascii: "\"") where quotes: bytes.append("\\\"")
            default: bytes.append(byte)
            }
        }
    }

    private static func append(_ value: Double, to bytes: inout [UInt8]) {
        if value == value.rounded(), abs(value) < 1e15 {
            bytes.append(decimal: Int64(value))
        } else {
            bytes.append("\(value)")
        }
    }
}
