import SIP
import Wire

/// Commands of the call side, and what becomes of them. A leg that is over ignores every command.
extension SIPEndpoint {
    /// Places a call; a target that cannot be reached is told as `rejected`.
    package func invite(_ request: OutgoingInvite) -> SIPLegID {
        defer { settle() }
        switch request.target {
        case .contact(let contact): return hunt(request, [HuntAttempt(flow: contact.flow, uri: contact.uri)])
        case .trunk(let route):
            let attempts = trunks.attempts(route, now: now)
            let isRefused = attempts.isEmpty && !trunks.isEmpty && !trunks.accepts(route)
            return hunt(request, attempts, otherwise: isRefused ? 404 : 503)
        case .uri(let uri):
            guard let target = SIPTarget(uri) else { return hunt(request, []) }
            return huntByName(request, uri, target)
        }
    }

    /// The Call-ID of a leg that is not over.
    package func callID(of leg: SIPLegID) -> String? { legs.callID(leg) }

    /// 180, or 183 with our answer.
    package func ring(_ leg: SIPLegID, answer: [UInt8]?) {
        command(leg) { $0.ring($1, status: answer == nil ? 180 : 183, sdp: answer, now: $2) }
    }

    /// 200 with our answer, or with our offer when the INVITE had none.
    package func accept(_ leg: SIPLegID, answer: [UInt8]) {
        command(leg) { $0.accept($1, sdp: answer, now: $2) }
    }

    /// Whether the caller has still to acknowledge what it was told early (RFC 3262 section 3), or to be answered an offer
    /// of its own, before it can have a 200: as far as it knows the call is not answered.
    package func mustWaitToAccept(_ leg: SIPLegID) -> Bool {
        guard let session = legs.session(leg) else { return false }
        return agent.mustWaitToAccept(session)
    }

    /// A final failure to an INVITE that is not answered yet.
    package func reject(_ leg: SIPLegID, status: Int, reason: String?) {
        let retryAfter = configuration.retryAfter
        command(leg) {
            $0.reject($1, status: status, reason: reason, now: $2) { response in
                if status == 503 { response.headers.retryAfter = retryAfter }
            }
        }
    }

    /// Whatever fits: CANCEL, BYE, or a final failure.
    ///
    /// `networkCause` passes on what the telephone network said on another leg (ITU-T Q.850).
    package func hangUp(_ leg: SIPLegID, cause: HangUpCause, networkCause: Int? = nil) {
        if legs.contains(leg), legs.session(leg) == nil { return drop(leg) }
        if cause == .unavailable { reject(leg, status: 503, reason: nil) }
        // Before BYE, which ends the subscription by which the phone hears of it.
        if cause == .transferred { reportTransfer(leg, status: 200) }
        let reason = cause.reason ?? networkCause.map { SIPReason(namespace: "Q.850", cause: $0, text: nil) }
        command(leg) { $0.hangUp($1, status: cause.status, reason: reason, now: $2) }
    }

    /// Ends a leg whose servers are still looked for.
    private func drop(_ leg: SIPLegID) {
        finish(leg)
        tell { $0.sipEvent(leg, .ended(reason: nil)) }
    }

    /// Offers a changed session; collisions are settled inside.
    package func offer(_ leg: SIPLegID, sdp: [UInt8]) {
        command(leg) { $0.offer($1, sdp: sdp, now: $2) }
    }

    package func answerOffer(_ leg: SIPLegID, sdp: [UInt8]) {
        command(leg) { $0.answerOffer($1, sdp: sdp, now: $2) }
    }

    package func rejectOffer(_ leg: SIPLegID, status: Int) {
        command(leg) { $0.rejectOffer($1, status: status, now: $2) }
    }

    /// Tells a phone that asked for a transfer how it went: 180 while it rings, then 200 or the failure.
    package func reportTransfer(_ leg: SIPLegID, status: Int) {
        command(leg) { $0.notifyTransfer($1, status: status, now: $2) }
    }

    /// The devices of an account that are registered now, the preferred first.
    package func contacts(for username: String) -> [RegisteredContact] {
        bindings.bindings(of: username, now: now).map { binding in
            RegisteredContact(
                account: username, uri: binding.uri, flow: binding.flow, path: binding.path,
                preference: binding.preference, expiresAt: binding.expiresAt)
        }
    }

    private func command(_ leg: SIPLegID, _ change: (inout UserAgent, SessionID, Instant) -> Void) {
        guard let session = legs.session(leg) else { return }
        change(&agent, session, now)
        settle()
    }

    // MARK: Events

    func tell(_ event: SessionEvent, of session: SessionID) {
        guard let leg = legs.leg(session), follow(event, leg), let event = legEvent(event, of: leg) else { return }
        if event.isLast { finish(leg) }
        tell { $0.sipEvent(leg, event) }
    }

    private func legEvent(_ event: SessionEvent, of leg: SIPLegID) -> SIPLegEvent? {
        if case .ended(.rejected(let status, let reason, _, _, let isOwn)) = event {
            let origin = isOwn ? originOfOwn(status, leg) : .peer
            return .rejected(status: status, reason: reason, origin: origin)
        }
        return SIPLegEvent(event) { replaces in agent.session(replacing: replaces).flatMap(legs.leg) }
    }
}

extension SIPLegEvent {
    /// Nil for what the call side need not know, such as an INFO that is no digit.
    fileprivate init?(_ event: SessionEvent, legReplacedBy: (Replaces) -> SIPLegID?) {
        switch event {
        case .progress(_, let sdp, _): self = .ringing(sdp: sdp)
        case .answered(let sdp): self = .answered(sdp: sdp)
        case .answeredWithOffer(let sdp): self = .offered(sdp: sdp)
        case .acceptable: self = .acceptable
        case .established: self = .established
        case .offered(let sdp): self = .offered(sdp: sdp)
        case .offerAnswered(let sdp): self = .offerAnswered(sdp: sdp)
        case .offerRejected(let status): self = .offerRejected(status: status)
        case .info(let contentType, let body):
            guard let digit = InfoDigit(contentType: contentType, body: body) else { return nil }
            self = .digit(digit.character, milliseconds: digit.milliseconds)
        case .offerWanted: self = .offerWanted
        case .transferRequested(let target, let replaces, let referredBy):
            self = .transferRequested(
                TransferOrder(
                    target: target.user ?? target.host, uri: target, replaces: replaces.flatMap(legReplacedBy),
                    isAttended: replaces != nil, referredBy: referredBy?.description))
        case .transferProgress(let status): self = .transferProgress(status: status)
        case .ended(let ending): self.init(ending)
        }
    }

    private init(_ ending: SessionEnding) {
        switch ending {
        case .rejected(let status, let reason, _, _, _): self = .rejected(status: status, reason: reason)
        case .cancelled(let reason): self = .cancelled(reason: reason.map(LegReason.init))
        case .remote(let reason): self = .ended(reason: reason.map(LegReason.init))
        case .local: self = .ended(reason: nil)
        case .lost(let loss): self = .ended(reason: LegReason(text: loss.rawValue, loss: loss))
        }
    }

    /// Nothing comes after it.
    fileprivate var isLast: Bool {
        switch self {
        case .rejected, .cancelled, .ended: true
        default: false
        }
    }
}

extension LegReason {
    fileprivate init(_ reason: SIPReason) {
        let isNetwork = reason.namespace.lowercased() == "q.850"
        let cause = reason.cause.flatMap { (1...127).contains($0) ? $0 : nil }
        self.init(networkCause: isNetwork ? cause : nil, text: reason.text)
    }
}

extension HangUpCause {
    /// What a caller that still waits is told.
    fileprivate var status: Int {
        switch self {
        case .normal, .transferred, .noAnswer, .answeredElsewhere: 480
        case .busy: 486
        case .declined: 603
        case .notFound: 404
        case .notAcceptable: 488
        case .failure: 500
        case .unavailable: 503
        }
    }

    /// What CANCEL and BYE say; a plain end needs no words.
    fileprivate var reason: SIPReason? {
        switch self {
        case .normal, .transferred: nil
        case .answeredElsewhere: SIPReason(cause: 200, text: "Call completed elsewhere")
        default: SIPReason(cause: status, text: SIPStatus.phrase(status))
        }
    }
}
