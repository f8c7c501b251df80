import Wire

/// The non-INVITE server transaction: RFC 3261 figure 8.
struct NonInviteServerTransaction {
    enum State: Equatable {
        /// The request went up, nothing was answered. To Proceeding, Completed, Terminated.
        case trying
        /// A provisional response was sent. To Completed, Terminated.
        case proceeding
        /// The final response is repeated for each repeated request. To Terminated.
        case completed
        case terminated
    }

    private(set) var state = State.trying
    private(set) var timers = TransactionTimers.none
    private let values: TimerValues
    private let isReliable: Bool

    init(values: TimerValues, isReliable: Bool) {
        self.values = values
        self.isReliable = isReliable
    }

    /// The user answers; `transmit` in the result means that this state lets the response out.
    mutating func send(status: Int, now: Instant) -> TransactionSteps {
        switch state {
        case .trying, .proceeding: sendWhileOpen(status, now)
        case .completed, .terminated: []
        }
    }

    /// The same request came again.
    func receiveRetransmission() -> TransactionSteps {
        switch state {
        case .proceeding, .completed: .transmit
        case .trying, .terminated: []
        }
    }

    mutating func advance(to now: Instant) -> TransactionSteps {
        guard timers.end <= now else { return [] }
        // Timer J.
        terminate()
        return .terminated
    }

    mutating func transportFailed() -> TransactionSteps {
        terminate()
        return [.transportFailed, .terminated]
    }

    private mutating func sendWhileOpen(_ status: Int, _ now: Instant) -> TransactionSteps {
        if status < 200 {
            state = .proceeding
            return .transmit
        }
        if isReliable {
            terminate()
            return [.transmit, .terminated]
        }
        state = .completed
        timers = .ending(at: now + values.transactionTimeout)
        return .transmit
    }

    private mutating func terminate() {
        state = .terminated
        timers = .none
    }
}
