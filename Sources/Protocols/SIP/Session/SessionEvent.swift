import Wire

/// Names one INVITE session of a user agent; never used twice.
package struct SessionID: SerialID {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// What happens in an INVITE session.
///
/// `ended` comes exactly once for every session, and nothing comes after it.
package enum SessionEvent: Sendable, Equatable {
    /// A provisional response past 100 to our INVITE, with the answer if it brings early media; `fork` tells those who
    /// answer apart, where the INVITE was forked on its way.
    case progress(status: Int, sdp: [UInt8]?, fork: String)
    /// Our INVITE was answered and acknowledged; or the ACK of a 2xx, or the PRACK, that answers our offer came.
    case answered(sdp: [UInt8]?)
    /// Our INVITE or re-INVITE, which had no offer, was answered with one: `answerOffer` sends the ACK.
    case answeredWithOffer(sdp: [UInt8])
    /// What a 2xx had to wait for (`mustWaitToAccept`) is here.
    case acceptable
    /// The ACK for our 2xx came.
    case established
    /// A re-INVITE, UPDATE, PRACK or reliable provisional response waits for `answerOffer` or `rejectOffer`; nil wants
    /// our offer.
    case offered(sdp: [UInt8]?)
    case offerAnswered(sdp: [UInt8]?)
    case offerRejected(status: Int)
    /// An offer that had to wait is not sent, because the session description has changed meanwhile; or the peer does
    /// not know our latest. `offer` again if there is still something to say.
    case offerWanted
    /// The body of an INFO, already answered.
    case info(contentType: String?, body: [UInt8])
    /// A REFER, already accepted with 202; `notifyTransfer` tells how it went.
    ///
    /// `replaces` names the dialog the call that is asked for shall take the place of.
    case transferRequested(to: SIPURI, replaces: Replaces?, referredBy: NameAddress?)
    /// How the transfer goes that `refer` asked for: provisional statuses, then exactly one final one.
    ///
    /// 202 is a success the peer did not report on: it ended the subscription, or left with BYE, without a result.
    case transferProgress(status: Int)
    case ended(SessionEnding)
}

/// Why a session is over: a closed list.
package enum SessionEnding: Sendable, Equatable {
    /// Our INVITE came to nothing: the peer's status, 408 when nobody answered, 503 when there was no way.
    ///
    /// `contacts` of a 3xx are where to try next, the preferred first; `retryAfter` is in seconds; `isOwn`: no response
    /// said so, we concluded it.
    case rejected(
        status: Int, reason: String, contacts: [SIPURI] = [], retryAfter: UInt32? = nil, isOwn: Bool = false)
    /// The caller gave up.
    case cancelled(SIPReason?)
    /// The peer sent BYE.
    case remote(SIPReason?)
    /// We hung up or refused.
    case local
    /// The session died.
    case lost(SessionLoss)
}

/// What a session died of.
package enum SessionLoss: String, Sendable {
    /// 64·T1 went by without the ACK of our 2xx (RFC 3261 section 13.3.1.4), or without the PRACK of a reliable
    /// provisional response (RFC 3262 section 3).
    case acknowledgementMissing
    /// The peer knows no such dialog any more, or does not answer (section 12.2.1.2).
    case peerGone
    /// Nobody decided about an INVITE within the ring limit, or about an offer of ours in time.
    case undecided
    /// The answer could not be sent.
    case transport
    /// Nobody refreshed the session in time (RFC 4028 section 10).
    case expired
}

extension SessionEnding {
    /// A failure response to our INVITE.
    init(_ response: SIPResponse) {
        let isRedirection = response.status / 100 == 3
        let preferences = response.headers.contacts.prefix(SIPLimits.redirections).map { contact in
            (uri: contact.uri, value: Self.preference(contact))
        }
        // Swift's sort is stable: those of one preference stay in their order.
        let contacts = isRedirection ? preferences.sorted { $0.value > $1.value }.map(\.uri) : []
        self = .rejected(
            status: response.status, reason: response.reason, contacts: contacts,
            retryAfter: response.headers.retryAfter)
    }

    /// The `q` of a Contact; 1 where there is none that can be read.
    private static func preference(_ contact: NameAddress) -> Double {
        guard let value = contact.parameters["q"].flatMap(Double.init), (0...1).contains(value) else { return 1 }
        return value
    }

    /// An INVITE that got no response at all, or none in time.
    static func unanswered(_ status: Int) -> SessionEnding {
        .rejected(status: status, reason: SIPStatus.phrase(status), isOwn: true)
    }
}
