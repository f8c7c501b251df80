import Wire

/// Names one trace: 16 bytes, not all zero.
package struct TraceID: Hashable, Sendable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    init(using entropy: inout Entropy) { self.init(high: entropy.next(), low: entropy.next() | 1) }

    package var bytes: [UInt8] { bigEndian(high) + bigEndian(low) }
    package var description: String { Hex.encode(bytes) }
}

/// Names one span of a trace: 8 bytes, not all zero.
package struct SpanID: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    init(using entropy: inout Entropy) { self.init(rawValue: entropy.next() | 1) }

    package var bytes: [UInt8] { bigEndian(rawValue) }
    package var description: String { Hex.encode(bytes) }
}

private func bigEndian(_ word: UInt64) -> [UInt8] {
    stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
}

/// What others need of a span to go on with its trace (W3C Trace Context).
package struct SpanContext: Hashable, Sendable {
    package let traceID: TraceID
    package let spanID: SpanID
    package let isSampled: Bool

    package init(traceID: TraceID, spanID: SpanID, isSampled: Bool) {
        (self.traceID, self.spanID, self.isSampled) = (traceID, spanID, isSampled)
    }

    /// Reads a `traceparent`; nil for what cannot be handed on.
    package init?(traceParent text: String) {
        guard TraceContext.isValid(text) else { return nil }
        let parts = text.split(separator: "-")
        guard let high = UInt64(parts[1].prefix(16), radix: 16), let low = UInt64(parts[1].suffix(16), radix: 16),
            let span = UInt64(parts[2], radix: 16), let flags = UInt8(parts[3], radix: 16)
        else { return nil }
        self.init(
            traceID: TraceID(high: high, low: low), spanID: SpanID(rawValue: span), isSampled: flags & 1 != 0)
    }

    package var traceParent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }
}
