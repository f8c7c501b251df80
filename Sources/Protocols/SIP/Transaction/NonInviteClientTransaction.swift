import Wire

/// The non-INVITE client transaction: RFC 3261 figure 6.
struct NonInviteClientTransaction {
    enum State: Equatable {
        /// The request is out, nothing came back. To Proceeding, Completed, Terminated.
        case trying
        /// A provisional response came. To Completed, Terminated.
        case proceeding
        /// A final response came; its retransmissions are absorbed. To Terminated.
        case completed
        case terminated
    }

    private(set) var state = State.trying
    private(set) var timers: TransactionTimers
    private let values: TimerValues
    private let isReliable: Bool

    /// Enters Trying; the caller sends the request.
    init(values: TimerValues, isReliable: Bool, now: Instant) {
        self.values = values
        self.isReliable = isReliable
        timers = TransactionTimers(
            retransmission: isReliable ? .never : now + values.t1, interval: values.t1,
            end: now + values.transactionTimeout)
    }

    mutating func receive(status: Int, now: Instant) -> TransactionSteps {
        switch state {
        case .trying, .proceeding: receiveWhileWaiting(status, now)
        case .completed, .terminated: []
        }
    }

    mutating func advance(to now: Instant) -> TransactionSteps {
        if timers.end <= now { return endState() }
        guard timers.retransmission <= now else { return [] }
        // Timer E: doubles to T2 while Trying, and is T2 in Proceeding.
        timers.interval = state == .trying ? values.doubled(timers.interval, limit: values.t2) : values.t2
        timers.retransmission = now + timers.interval
        return .transmit
    }

    mutating func transportFailed() -> TransactionSteps {
        let wasUnanswered = state == .trying || state == .proceeding
        terminate()
        return wasUnanswered ? [.transportFailed, .terminated] : .terminated
    }

    private mutating func receiveWhileWaiting(_ status: Int, _ now: Instant) -> TransactionSteps {
        if status < 200 {
            state = .proceeding
            return .deliver
        }
        if isReliable {
            terminate()
            return [.deliver, .terminated]
        }
        state = .completed
        // Timer K.
        timers = .ending(at: now + values.t4)
        return .deliver
    }

    /// Timer F in Trying and Proceeding, K in Completed.
    private mutating func endState() -> TransactionSteps {
        let wasUnanswered = state != .completed
        terminate()
        return wasUnanswered ? [.timedOut, .terminated] : .terminated
    }

    private mutating func terminate() {
        state = .terminated
        timers = .none
    }
}
