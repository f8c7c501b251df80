import Wire

/// How an offer of ours is sent in a session that is set up.
package enum OfferMethod: Sendable {
    case reinvite
    /// UPDATE, unless the peer is known not to take it.
    case update
}

/// An offer of ours that waits for its turn.
struct QueuedOffer: Sendable {
    /// Nil asks the peer for its offer.
    let sdp: [UInt8]?
    let method: OfferMethod
    /// How many descriptions the user had made when it made this one: with more, this one is out of date.
    let age: UInt32
    /// How often it was refused because the peer's own was under way.
    var collisions = 0

    /// More collisions than this are no accident.
    static let collisionLimit = 6
}

/// The offer/answer exchange that is under way after the first one, or in an early dialog (RFC 3261 section 14,
/// RFC 3262, RFC 3311, RFC 6337): one at a time.
indirect enum OfferExchange: Sendable {
    struct Sent: Sendable {
        var offer: QueuedOffer
        var transaction: ClientTransactionID?
        /// The peer's tag: which dialog it goes on in.
        let tag: String
        /// It says nothing that was not said before (RFC 4028 section 7.4).
        var isRefresh = false
        /// CANCEL went out, because no final response came.
        var isCancelled = false
    }

    struct Received: Sendable {
        let request: SIPRequest
        let transaction: ServerTransactionID
        let tag: String
    }

    /// A response that brought the peer's offer, because our INVITE had none.
    struct Owed: Sendable {
        /// The re-INVITE, whose ACK is to bring our answer; nil when a PRACK is to.
        let reinvite: SIPRequest?
        let response: SIPResponse
        let tag: String
    }

    case stable
    /// Ours waits for its answer.
    case sent(Sent)
    /// The peer's waits for ours.
    case received(Received)
    case owed(Owed)

    var isStable: Bool {
        if case .stable = self { true } else { false }
    }

    var isReceived: Bool {
        if case .received = self { true } else { false }
    }

    /// The peer's tag.
    var tag: String? {
        switch self {
        case .stable: nil
        case .sent(let sent): sent.tag
        case .received(let received): received.tag
        case .owed(let owed): owed.tag
        }
    }

    /// The transaction of our offer.
    var transaction: ClientTransactionID? {
        if case .sent(let sent) = self { sent.transaction } else { nil }
    }

    mutating func replaceTransaction(_ transaction: ClientTransactionID?) {
        guard case .sent(var sent) = self else { return }
        sent.transaction = transaction
        self = .sent(sent)
    }
}
