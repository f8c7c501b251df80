/// What the reducer wants done.
///
/// The `Call` actor performs effects in order and feeds their results back as inputs.
package enum CallEffect: Sendable, Equatable {
    /// Start reaching the party of a leg: send an INVITE, or show the call in the user's pages.
    case reach(LegID, autoAnswer: Bool)
    /// Let a party know that the far end rings: by 180, or by the ring-back tone once it has been answered.
    case ring(LegID)
    /// Let a party that was answered hear a tone that says why nobody else is there.
    case signal(LegID, CallSignal)
    /// Let `caller` hear what `callee` sends before it answers.
    case bridgeEarly(caller: LegID, callee: LegID)
    /// Answer both sides as far as they are not yet answered, with one codec, and join their media.
    case bridge(LegID, LegID)
    /// Stop reaching a leg or end it, in the way that fits its state; of one that ended by itself, let go of the rest.
    case release(LegID, ReleaseCause)
    /// Take a party out of the conversation: it hears music (or nothing) and is told so by re-INVITE when it is SIP.
    case park(LegID, music: Bool)
    /// Ask the far end of a leg by REFER to call the target itself.
    case refer(LegID, target: String)
    /// Tell whoever asked for the transfer by REFER how it goes: 180 while the target rings, then 200 or the failure.
    case reportTransfer(status: Int)
    /// Answer a caller who waits for somebody, and let it hear music.
    case entertain(LegID)
    /// Keep nothing of a leg that was only tried; it has been released.
    case forget(LegID)
    /// Tell a queue what became of its caller or of those it rang.
    case tellQueue(String, QueueReport)
    case record
    case notify(CallNotice)
    /// The call is over; nothing follows.
    case finish

    /// What it tells.
    package var notice: CallNotice? {
        if case .notify(let notice) = self { notice } else { nil }
    }
}

/// What the tone before an end says.
package enum CallSignal: Sendable, Equatable {
    /// The far end does not take the call.
    case busy
    /// The far end could not be reached.
    case congestion
}

/// How a leg is told why it ends: the SIP status of an unanswered leg, or the text of a `Reason` header.
package enum ReleaseCause: Sendable, Equatable {
    case normal
    case answeredElsewhere
    case callerGaveUp
    case rejected(status: Int)
    case mediaTimeout
    case transferred
    case shutDown

    /// The final response for an inbound leg that was never answered.
    package var status: Int {
        switch self {
        case .normal, .callerGaveUp, .transferred: 487
        case .answeredElsewhere: 487
        case .rejected(let status): status
        case .mediaTimeout: 408
        case .shutDown: 503
        }
    }
}

/// What the rest of the world is told about a call; the record it goes with is the call's at that moment.
package enum CallNotice: Sendable, Equatable {
    case created
    /// The call is shown in this user's pages.
    case offered(userID: Int64)
    case ringing
    case answered
    case rejected(userID: Int64?)
    case held(Bool, userID: Int64?)
    case transferRequested(fromUserID: Int64?, toUserID: Int64?, target: String, reason: String?)
    case transferred(fromUserID: Int64?, toUserID: Int64?)
    case transferFailed(fromUserID: Int64?)
    /// A user's pages stop showing the call, because of what happened elsewhere.
    case withdrawn(userID: Int64)
    case ended
}
