/// What can happen to a call, from any adapter: a SIP leg, a page, the REST API, a media worker, the clock.
package enum CallInput: Sendable, Equatable {
    case begin
    case ringing(LegID)
    /// The far end sends audio before it answers (183 with a session description).
    case earlyMedia(LegID)
    case answered(LegID)
    /// A caller who was withheld (`withholdCaller`) can be answered.
    case acceptable(LegID)
    case failed(LegID, LegFailure)
    /// The leg ended from its own end, or its path died.
    case gone(LegID, LegDeparture)
    /// A browser's offer arrived on this leg.
    case offered(LegID)
    /// A user took the call in a page.
    case accepted(userID: Int64?)
    case declined(userID: Int64?)
    case hold(Bool, by: HoldAuthor)
    case transfer(TransferRequest)
    /// An attended transfer: whom the transferor reached in another call comes over to this one.
    case adopt(Adoption)
    /// The other side of it: these legs went over to another call, and this one is over.
    case yielded([LegID])
    /// A party that is already here, by a session of its own, takes the place of a leg (INVITE with Replaces).
    case replaced(LegID, by: Party)
    /// How a transfer goes that the far end of a leg was asked to make by REFER.
    case referProgress(LegID, status: Int)
    /// A page that was away, or another one in its stead, has its signalling again; its media too, if it kept that.
    case rejoined(LegID, keepsMedia: Bool)
    /// A page that talks has offered another media connection in the place of its former one.
    case reconnected(LegID)
    /// What a queue wants of a call that waits in it.
    case queue(String, QueueOrder)
    case hangUp(userID: Int64?)
    /// The two sides share no codec, or a session description made no sense.
    case incompatible(LegID)
    case deadline
    /// What it costs is used up.
    case overspent
    case shutDown
}

/// Who put the call on hold: the far end of a leg by SIP, or a user through page or REST.
package enum HoldAuthor: Sendable, Equatable {
    case leg(LegID)
    case user(Int64?)
}

/// A blind transfer by re-bridging: the transferor stays until the target answers, so that a failure loses nobody.
package struct TransferRequest: Sendable, Equatable {
    package let by: HoldAuthor
    package let target: String
    package let parties: [Party]
    package let targetUserID: Int64?
    package let reason: String?
    /// The target is this queue: the transferor is let go at once, for the queue takes everybody.
    package var queue: QueueTicket?
    /// What the REFER said of its author (RFC 3892), to be passed on to the target.
    package var referredBy: String?
    /// The far end of the one who stays is asked by REFER first; we join the two ourselves should it refuse.
    package var refersFarEnd = false

    package init(
        by: HoldAuthor, target: String, parties: [Party], targetUserID: Int64?, reason: String?,
        referredBy: String? = nil, queue: QueueTicket? = nil
    ) {
        (self.by, self.target, self.parties) = (by, target, parties)
        (self.targetUserID, self.reason, self.referredBy) = (targetUserID, reason, referredBy)
        self.queue = queue
    }
}

/// Who comes over from another call, in an attended transfer.
package struct Adoption: Sendable, Equatable {
    /// What is known of it as of any transfer; its parties are those of the legs.
    package let request: TransferRequest
    package let legs: [AdoptedLeg]

    package init(request: TransferRequest, legs: [AdoptedLeg]) { (self.request, self.legs) = (request, legs) }
}

/// A leg of another call: one that talks (`up`), or those that are being rung.
package struct AdoptedLeg: Sendable, Equatable {
    /// Its name in the other call.
    package let id: LegID
    package let party: Party
    package let state: LegState
    /// It had put the transferor on hold.
    package let isHolding: Bool

    package init(id: LegID, party: Party, state: LegState, isHolding: Bool) {
        (self.id, self.party, self.state, self.isHolding) = (id, party, state, isHolding)
    }

    /// A page is shown the call anew, under its own name; everybody else keeps the session that rings them.
    package var keepsSession: Bool { state == .up || !party.isBrowser }
}

/// Why a leg that was being set up came to nothing.
package enum LegFailure: Sendable, Equatable {
    /// A SIP final response.
    case status(Int)
    /// No answer within the time given.
    case timeout
    /// The other side could not be reached at all.
    case unreachable

    package var status: Int {
        switch self {
        case .status(let status): status
        case .timeout: 408
        case .unreachable: 503
        }
    }
}

/// Why an established or inbound leg went away.
package enum LegDeparture: String, Sendable, Equatable {
    case hungUp
    case cancelled
    /// The signalling connection of a page closed.
    case disconnected
    /// The far end of a SIP session does not answer any more, or knows nothing of it.
    case sessionLost
    /// No media for the time allowed, or consent to send was lost.
    case mediaLost
    case mediaFailed
    /// The far end has closed its media connection, and said nothing else.
    case mediaClosed
}
