import Wire

/// One early dialog of our INVITE (RFC 3261 section 12.1.2).
struct Fork: Sendable {
    var dialog: Dialog
    /// The peer's latest session description.
    var description: [UInt8]?
    /// The RSeq of the latest reliable response (RFC 3262 section 4).
    var lastSequence: UInt32?
    /// The first exchange is over: the answer came in a reliable response, or went in a PRACK.
    var isNegotiated = false

    enum Order {
        case next
        case repeated
        /// One before it was lost and will come again.
        case gap
    }

    func order(of sequence: UInt32) -> Order {
        guard let lastSequence else { return .next }
        if sequence <= lastSequence { return .repeated }
        return sequence - lastSequence == 1 ? .next : .gap
    }
}

/// What an INVITE that was forked on its way brought.
struct Forks: Sendable {
    /// Early dialogs by the To tag of their responses.
    var early: [String: Fork] = [:]
    /// Forks that answered after another had won, or after we gave up: the ACK each gets, by To tag.
    var strays: [String: SentAcknowledgement] = [:]

    /// More forks than this are not remembered: they get their responses dropped, and end by their own timers.
    static let limit = 16
}
