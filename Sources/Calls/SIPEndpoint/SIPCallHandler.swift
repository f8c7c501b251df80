package import Directory
package import SIP
package import Wire

/// Names one INVITE session from its first to its last event; never used twice within a process.
package struct SIPLegID: SerialID, CustomStringConvertible {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package var description: String { "sip-\(rawValue)" }
}

/// Who calls: what a From header says, and nothing that was not checked before.
package struct CallerIdentity: Hashable, Sendable {
    package var displayName: String?
    /// The user part of the address: a number, an extension or a name.
    package var user: String
    /// Not to be shown to anybody but those who carry the call (RFC 3323, RFC 3325).
    package var isPrivate: Bool
    /// The extension of ours that calls, whatever is shown: it picks the trunk's account; nil: nobody of ours.
    package var account: String?

    package init(displayName: String? = nil, user: String, isPrivate: Bool = false, account: String? = nil) {
        self.displayName = displayName
        self.user = user
        self.isPrivate = isPrivate
        self.account = account
    }
}

/// An INVITE that was admitted: from an account whose digest was right, or from the trunk's address.
package struct IncomingInvite: Sendable {
    /// Who vouches for the caller.
    package enum Source: Sendable {
        case account(SIPAccount)
        case trunk(name: String)

        package var trunkName: String? { if case .trunk(let name) = self { name } else { nil } }
    }

    /// For an account, its own user name and display name whatever the From header claims.
    package var from: CallerIdentity
    /// The user part of the Request-URI: what was dialled.
    package var to: String
    package var source: Source
    /// The session description of the INVITE; nil when the caller wants our offer.
    package var offer: [UInt8]?
    package var sipCallID: String
    /// How many more hops the call may take; what it becomes gets one less, so that a circle of exchanges ends.
    package var maxForwards: UInt8
    package var receivedAt: Instant
    /// Where the request really came from, whatever its Contact and session description say.
    package var origin: IPAddress
    /// The leg of ours whose place the caller wants (RFC 3891).
    package var replaces: SIPLegID?
    /// Who asked the caller to call (RFC 3892), as it came.
    package var referredBy: String?
    /// The user part of whom the call was diverted by last, as the trunk says (RFC 5806, RFC 7044).
    package var divertedFrom: String?
    /// The trace that the trunk's call belongs to (W3C Trace Context), where that is told.
    package var traceParent: String?

    package init(
        from: CallerIdentity, to: String, source: Source, offer: [UInt8]?, sipCallID: String, maxForwards: UInt8 = 70,
        receivedAt: Instant, origin: IPAddress, replaces: SIPLegID? = nil, referredBy: String? = nil
    ) {
        self.origin = origin
        (self.replaces, self.referredBy) = (replaces, referredBy)
        self.from = from
        self.to = to
        self.source = source
        self.offer = offer
        self.sipCallID = sipCallID
        self.maxForwards = maxForwards
        self.receivedAt = receivedAt
    }
}

/// What happens on one leg.
///
/// Exactly one of `rejected`, `cancelled` and `ended` comes for every leg, and nothing comes after it; `hangUp` and
/// `reject` are answered by it too.
package enum SIPLegEvent: Sendable, Equatable {
    /// 180 or 183 to our INVITE, with the answer when it brings early media.
    case ringing(sdp: [UInt8]?)
    /// 2xx to our INVITE, already acknowledged; or, on a leg we accepted without having had an offer, the answer in
    /// the ACK, followed by `established`.
    case answered(sdp: [UInt8]?)
    /// The 200 need not wait any more, which `mustWaitToAccept` said it must.
    case acceptable
    /// The ACK for our 2xx came.
    case established
    /// Final failure of our INVITE: the peer's status, 408 for no answer, 503 for no way there.
    case rejected(status: Int, reason: String, origin: RejectionOrigin = .peer)
    /// The caller gave up before we answered; why, where it said so.
    case cancelled(reason: LegReason?)
    /// BYE came, we hung up, or the session died; why, where it is known.
    case ended(reason: LegReason?)
    /// A re-INVITE or UPDATE waits for `answerOffer` or `rejectOffer`; nil asks for our offer.
    case offered(sdp: [UInt8]?)
    /// Our `offer` was answered.
    case offerAnswered(sdp: [UInt8]?)
    /// Our `offer` was refused; the session goes on as it was.
    case offerRejected(status: Int)
    /// A digit by INFO.
    case digit(Character, milliseconds: Int)
    /// The latest offer of ours was not sent, or is not known to the peer: `offer` again if there is one to make.
    case offerWanted
    /// REFER: the peer wants the call moved.
    case transferRequested(TransferOrder)
    /// How the transfer goes that `refer` asked for: provisional statuses, then one that is final.
    case transferProgress(status: Int)
}

/// Whose word it is that an INVITE of ours failed.
package enum RejectionOrigin: Sendable, Equatable {
    /// The far end's, by a response.
    case peer
    /// Ours, for nothing came back.
    case silence
    /// Ours, for there is no way there.
    case noWay(Obstacle)
}

/// Why there is no way to somebody.
package enum Obstacle: Sendable, Hashable {
    /// No trunk that is enabled takes the number.
    case noTrunk
    /// All channels of the trunks that take it are taken.
    case noChannel
    /// The name of the host leads to no server.
    case unknownName
    /// The trunk's rules leave nothing to be dialled, or the caller no name to call by.
    case noNumber
    /// TLS could not be spoken, in words.
    case secureConnection(String)
    /// The connection could not be had, or was lost: in words, where something is known.
    case connection(String?)
}

/// What a REFER asks for (RFC 3515).
package struct TransferOrder: Hashable, Sendable {
    /// The user part of the address to be called.
    package var target: String
    package var uri: SIPURI
    /// The leg of ours that the call to the target is to take the place of (RFC 3891): an attended transfer.
    package var replaces: SIPLegID?
    /// Whether the order names a dialog at all; of ours it may be none.
    package var isAttended: Bool
    /// Who it comes from (RFC 3892), as it came.
    package var referredBy: String?

    package init(
        target: String, uri: SIPURI, replaces: SIPLegID? = nil, isAttended: Bool = false, referredBy: String? = nil
    ) {
        (self.target, self.uri, self.replaces) = (target, uri, replaces)
        (self.isAttended, self.referredBy) = (isAttended, referredBy)
    }
}

/// Why a leg ended: what its far end said (RFC 3326), or what its session died of.
package struct LegReason: Hashable, Sendable {
    /// The telephone network's own word for it (ITU-T Q.850), 1…127.
    package var networkCause: Int?
    package var text: String?
    /// Nobody said anything: the far end does not answer, or knows nothing of the session any more.
    package var loss: SessionLoss?

    package var isLoss: Bool { loss != nil }

    package init(networkCause: Int? = nil, text: String?, loss: SessionLoss? = nil) {
        (self.networkCause, self.text, self.loss) = (networkCause, text, loss)
    }
}

/// Told what happens on the SIP side: the call manager.
///
/// Every method is called on the loop, in a turn of its own.
package protocol SIPCallHandler: Actor {
    func inviteArrived(_ leg: SIPLegID, _ invite: IncomingInvite)
    func sipEvent(_ leg: SIPLegID, _ event: SIPLegEvent)
    /// An account gained its first live contact, or lost its last.
    func registrationChanged(account: String, registered: Bool)
    /// The first of our own registrations with any trunk came up, or the last went down with what was said.
    func upstreamChanged(registered: Bool, detail: String)
    /// A trunk's registrations or servers came up or went down.
    func trunkChanged(_ status: TrunkStatus)
}
