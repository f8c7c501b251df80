/// What a queue has done since its day began.
package struct QueueFigures: Sendable, Equatable {
    package internal(set) var entered = 0
    package internal(set) var answered = 0
    package internal(set) var abandoned = 0
    package internal(set) var overflowed = 0
    /// Answered within `QueueTiming.soon`.
    package internal(set) var answeredSoon = 0
    /// Of the answered only.
    package internal(set) var waited: Duration = .zero
    package internal(set) var longestWait: Duration = .zero

    package init() {}

    /// The share answered soon among all whose wait is over, 0 … 1; nil before the first.
    package var serviceLevel: Double? {
        let ended = answered + abandoned + overflowed
        return ended == 0 ? nil : Double(answeredSoon) / Double(ended)
    }

    package var averageWait: Duration? { answered == 0 ? nil : waited / answered }

    mutating func count(_ outcome: QueueOutcome, waited wait: Duration, soon: Duration) {
        longestWait = max(longestWait, wait)
        switch outcome {
        case .abandoned: abandoned += 1
        case .overflowed: overflowed += 1
        case .answered:
            answered += 1
            waited += wait
            if wait <= soon { answeredSoon += 1 }
        }
    }
}
