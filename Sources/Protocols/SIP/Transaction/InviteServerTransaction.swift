import Wire

/// The INVITE server transaction: RFC 3261 figure 7, with the Accepted state of RFC 6026 figure 2.
struct InviteServerTransaction {
    enum State: Equatable {
        /// Provisional responses are sent; a repeated INVITE is answered by the last. To Completed, Accepted, Terminated.
        case proceeding
        /// A failure is retransmitted until its ACK. To Confirmed, Terminated.
        case completed
        /// The ACK came; more of them are absorbed. To Terminated.
        case confirmed
        /// A 2xx was sent; its user retransmits it, and repeated INVITEs are absorbed. To Terminated.
        case accepted
        case terminated
    }

    private(set) var state = State.proceeding
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
        case .proceeding: sendInProceeding(status, now)
        case .accepted: (200..<300).contains(status) ? .transmit : []
        case .completed, .confirmed, .terminated: []
        }
    }

    /// The same INVITE came again; `hasResponse` when there is one to repeat.
    func receiveRetransmission(hasResponse: Bool) -> TransactionSteps {
        switch state {
        case .proceeding, .completed: hasResponse ? .transmit : []
        case .confirmed, .accepted, .terminated: []
        }
    }

    /// An ACK with this transaction's branch.
    mutating func receiveAcknowledgement(now: Instant) -> TransactionSteps {
        switch state {
        case .completed: acknowledgeFailure(now)
        case .accepted: .deliver
        case .proceeding, .confirmed, .terminated: []
        }
    }

    mutating func advance(to now: Instant) -> TransactionSteps {
        if timers.end <= now { return endState() }
        guard timers.retransmission <= now else { return [] }
        // Timer G.
        timers.interval = values.doubled(timers.interval, limit: values.t2)
        timers.retransmission = now + timers.interval
        return .transmit
    }

    mutating func transportFailed() -> TransactionSteps {
        // In Accepted the user, who retransmits the 2xx, decides (RFC 6026 section 7.1).
        guard state != .accepted else { return .transportFailed }
        terminate()
        return [.transportFailed, .terminated]
    }

    private mutating func sendInProceeding(_ status: Int, _ now: Instant) -> TransactionSteps {
        guard status >= 200 else { return .transmit }
        if status < 300 {
            state = .accepted
            // Timer L.
            timers = .ending(at: now + values.transactionTimeout)
            return .transmit
        }
        state = .completed
        // Timers G and H.
        timers = TransactionTimers(
            retransmission: isReliable ? .never : now + values.t1, interval: values.t1,
            end: now + values.transactionTimeout)
        return .transmit
    }

    private mutating func acknowledgeFailure(_ now: Instant) -> TransactionSteps {
        if isReliable {
            terminate()
            return .terminated
        }
        state = .confirmed
        // Timer I.
        timers = .ending(at: now + values.t4)
        return []
    }

    /// Timer H in Completed, I in Confirmed, L in Accepted.
    private mutating func endState() -> TransactionSteps {
        let ackIsMissing = state == .completed
        terminate()
        return ackIsMissing ? [.timedOut, .terminated] : .terminated
    }

    private mutating func terminate() {
        state = .terminated
        timers = .none
    }
}
