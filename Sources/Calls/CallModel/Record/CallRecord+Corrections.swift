import Wire

/// What people correct on the record of a call that is over.
extension CallRecord {
    /// Gives the record another ending, and the times that go with it.
    ///
    /// An answered call has an answer, others have none and lasted no time.
    package mutating func correct(to ending: CallState) {
        guard ending.isTerminal, ending != state else { return }
        state = ending
        if ending == .completed {
            answeredAt = answeredAt ?? startedAt
            duration = duration ?? 0
        } else {
            answeredAt = nil
            duration = 0
        }
    }

    /// Gives an answered call another length; one that nobody measured also ends accordingly.
    package mutating func correct(duration seconds: Int) {
        guard let answeredAt else { return }
        duration = seconds
        if source == .manual { endedAt = answeredAt + .seconds(seconds) }
    }
}
