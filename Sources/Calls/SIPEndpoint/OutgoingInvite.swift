package import SIP
package import Wire

/// One device of an account, as it registered.
package struct RegisteredContact: Hashable, Sendable {
    /// The account's user name.
    package var account: String
    /// Where the device wants its requests (the Request-URI).
    package var uri: SIPURI
    /// The way the registration came: the only way through a NAT or a firewall back to the device.
    package var flow: Flow
    /// What proxies between us and the device asked to be sent through (RFC 3327).
    package var path: [NameAddress]
    /// 0…1000, the thousandths of the `q` parameter; higher is preferred.
    package var preference: Int
    package var expiresAt: Instant

    package init(
        account: String, uri: SIPURI, flow: Flow, path: [NameAddress], preference: Int, expiresAt: Instant
    ) {
        self.account = account
        self.uri = uri
        self.flow = flow
        self.path = path
        self.preference = preference
        self.expiresAt = expiresAt
    }
}

/// A call to be placed.
package struct OutgoingInvite: Sendable {
    package enum Target: Sendable {
        /// One device of an account.
        case contact(RegisteredContact)
        /// A number behind a trunk; refused with 503 when there is none for it.
        case trunk(TrunkRoute)
        case uri(SIPURI)
    }

    package var target: Target
    package var from: CallerIdentity
    /// The session description offered.
    package var offer: [UInt8]
    /// Asks the device to pick up by itself (`Call-Info: …;answer-after=0`, `Alert-Info: info=alert-autoanswer`).
    package var autoAnswer: Bool
    /// The Call-ID to use; nil for a fresh one.
    package var callID: String?
    /// The dialog elsewhere whose place the call is to take (RFC 3891).
    package var replaces: Replaces?
    /// Who asked for the call (RFC 3892).
    package var referredBy: String?
    /// The trace that the call belongs to (W3C Trace Context).
    package var traceParent: String?
    /// For a call that continues another: one less than that had.
    package var maxForwards: UInt8

    package init(
        target: Target, from: CallerIdentity, offer: [UInt8], autoAnswer: Bool = false, callID: String? = nil,
        maxForwards: UInt8 = 70
    ) {
        self.target = target
        self.from = from
        self.offer = offer
        self.autoAnswer = autoAnswer
        self.callID = callID
        self.maxForwards = maxForwards
    }
}

/// Why a leg is hung up; chooses the status, or the Reason header of CANCEL and BYE (RFC 3326).
package enum HangUpCause: Sendable, Equatable {
    /// The other party hung up, or the call is over: 480 to a caller that still waits.
    case normal
    /// The call goes on without the one who asked for that: a transfer that is still open succeeded.
    case transferred
    /// 486.
    case busy
    /// 603.
    case declined
    /// Another device took the call: `SIP;cause=200;text="Call completed elsewhere"`.
    case answeredElsewhere
    /// Nobody answered in time: 480.
    case noAnswer
    /// No way there: 404.
    case notFound
    /// 488.
    case notAcceptable
    /// A fault of ours: 500.
    case failure
    /// Too much to do: 503 with Retry-After.
    case unavailable
}
