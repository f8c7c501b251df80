import Wire

/// The INVITE client transaction: RFC 3261 figure 5, with the Accepted state of RFC 6026 figure 1.
struct InviteClientTransaction {
    enum State: Equatable {
        /// The INVITE is out, nothing came back. To Proceeding, Completed, Accepted, Terminated.
        case calling
        /// A provisional response came. To Completed, Accepted, Terminated.
        case proceeding
        /// A failure came and is acknowledged each time it comes again. To Terminated.
        case completed
        /// A 2xx came; more of them, from other forks too, go up. To Terminated.
        case accepted
        case terminated
    }

    private(set) var state = State.calling
    private(set) var timers: TransactionTimers
    private let values: TimerValues
    private let isReliable: Bool

    /// Enters Calling; the caller sends the INVITE.
    init(values: TimerValues, isReliable: Bool, now: Instant) {
        self.values = values
        self.isReliable = isReliable
        timers = TransactionTimers(
            retransmission: isReliable ? .never : now + values.t1, interval: values.t1,
            end: now + values.transactionTimeout)
    }

    mutating func receive(status: Int, now: Instant) -> TransactionSteps {
        switch state {
        case .calling: receiveInCalling(status, now)
        case .proceeding: receiveInProceeding(status, now)
        case .completed: receiveInCompleted(status)
        case .accepted: receiveInAccepted(status)
        case .terminated: []
        }
    }

    mutating func advance(to now: Instant) -> TransactionSteps {
        if timers.end <= now { return endState() }
        guard timers.retransmission <= now else { return [] }
        // Timer A.
        timers.interval = values.doubled(timers.interval)
        timers.retransmission = now + timers.interval
        return .transmit
    }

    mutating func transportFailed() -> TransactionSteps {
        let wasUnanswered = state == .calling || state == .proceeding
        terminate()
        return wasUnanswered ? [.transportFailed, .terminated] : .terminated
    }

    private mutating func receiveInCalling(_ status: Int, _ now: Instant) -> TransactionSteps {
        guard status < 200 else { return receiveFinal(status, now) }
        state = .proceeding
        timers = .none
        return .deliver
    }

    private mutating func receiveInProceeding(_ status: Int, _ now: Instant) -> TransactionSteps {
        status < 200 ? .deliver : receiveFinal(status, now)
    }

    private mutating func receiveInCompleted(_ status: Int) -> TransactionSteps {
        status >= 300 ? .acknowledge : []
    }

    private mutating func receiveInAccepted(_ status: Int) -> TransactionSteps {
        (200..<300).contains(status) ? .deliver : []
    }

    private mutating func receiveFinal(_ status: Int, _ now: Instant) -> TransactionSteps {
        if status < 300 {
            state = .accepted
            // Timer M.
            timers = .ending(at: now + values.transactionTimeout)
            return .deliver
        }
        if isReliable {
            terminate()
            return [.acknowledge, .deliver, .terminated]
        }
        state = .completed
        // Timer D.
        timers = .ending(at: now + values.responseAbsorption)
        return [.acknowledge, .deliver]
    }

    /// Timer B in Calling, D in Completed, M in Accepted.
    private mutating func endState() -> TransactionSteps {
        let wasCalling = state == .calling
        terminate()
        return wasCalling ? [.timedOut, .terminated] : .terminated
    }

    private mutating func terminate() {
        state = .terminated
        timers = .none
    }
}
