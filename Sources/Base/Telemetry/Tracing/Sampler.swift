/// Decides which traces are recorded (`OTEL_TRACES_SAMPLER`).
package struct Sampler: Sendable, Equatable {
    private enum Rule: Sendable, Equatable {
        case always
        case never
        /// Traces whose number is below this, of 63 bits.
        case below(UInt64)
    }

    private let rule: Rule
    /// Whether a trace that others began is recorded if they record it, whatever the rule.
    private let followsParent: Bool

    package static let names = [
        "always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off",
        "parentbased_traceidratio",
    ]

    /// What a trace is recorded by unless somebody chooses: all, but for those that others do not record.
    package static let standard = Sampler(rule: .always, followsParent: true)

    private init(rule: Rule, followsParent: Bool) { (self.rule, self.followsParent) = (rule, followsParent) }

    /// Nil for an unknown name; `ratio` is 0 to 1.
    package init?(named name: String, ratio: Double) {
        let prefix = "parentbased_"
        followsParent = name.hasPrefix(prefix)
        switch followsParent ? String(name.dropFirst(prefix.count)) : name {
        case "always_on": rule = .always
        case "always_off": rule = .never
        case "traceidratio": rule = ratio >= 1 ? .always : .below(UInt64(max(ratio, 0) * Double(1 << 63 as UInt64)))
        default: return nil
        }
    }

    /// The same for every part of a trace, wherever it is asked: a ratio looks at the trace's number alone.
    func records(_ trace: TraceID, parent: SpanContext?) -> Bool {
        if followsParent, let parent { return parent.isSampled }
        switch rule {
        case .always: return true
        case .never: return false
        case .below(let bound): return trace.low >> 1 < bound
        }
    }
}
