import Wire

/// Times from a request to its final response, as Prometheus counts them.
package struct AnswerTimes: Sendable, Equatable {
    /// In seconds.
    package static let bounds: [Double] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    /// One count per bound and a last one for everything above; not cumulative.
    package private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    /// In seconds.
    package private(set) var sum = 0.0

    package init() {}

    mutating func note(_ time: Duration) {
        let seconds = time.inSeconds
        counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
        sum += seconds
    }
}

/// The requests of one method that one side answered.
package struct TimedRequest: Hashable, Sendable {
    package enum Side: String, Sendable, CaseIterable {
        /// We asked.
        case client
        /// We were asked.
        case server
    }

    /// `OTHER` for methods this module has no name for.
    package let method: String
    package let side: Side

    package init(_ method: SIPMethod, _ side: Side) { (self.method, self.side) = (method.word, side) }
}

extension SIPMethod {
    /// A name from a closed list, for figures: peers may call their methods as they like.
    var word: String { if case .other = self { "OTHER" } else { rawValue } }
}
