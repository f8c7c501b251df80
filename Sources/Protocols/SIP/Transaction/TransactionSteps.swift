import Wire

/// What a transaction machine wants done after one input; the layer does it in the order written here.
struct TransactionSteps: OptionSet {
    let rawValue: UInt16

    /// Send the request, or the last response, (again).
    static let transmit = TransactionSteps(rawValue: 1 << 0)
    /// Send the ACK for a final response that is not 2xx.
    static let acknowledge = TransactionSteps(rawValue: 1 << 1)
    /// Hand the message that came in to the user of the transaction.
    static let deliver = TransactionSteps(rawValue: 1 << 2)
    /// Nobody answered: timer B or F, or timer H.
    static let timedOut = TransactionSteps(rawValue: 1 << 3)
    /// The transport could not send.
    static let transportFailed = TransactionSteps(rawValue: 1 << 4)
    /// The transaction is over; forget it.
    static let terminated = TransactionSteps(rawValue: 1 << 5)
}

/// The timers of one transaction: one that repeats and one that ends its state.
struct TransactionTimers: Equatable {
    /// Timer A, E or G: when to send again.
    var retransmission = Instant.never
    /// What the next retransmission interval grows from.
    var interval = Duration.zero
    /// Timer B, D, F, H, I, J, K, L or M: when the state ends.
    var end = Instant.never

    static let none = TransactionTimers()

    var next: Instant { min(retransmission, end) }

    /// Arms only the end of a state.
    static func ending(at end: Instant) -> TransactionTimers { TransactionTimers(end: end) }
}
