import Wire

/// The reliable provisional responses of a callee (RFC 3262 section 3): one at a time, the others wait.
struct ReliableProvisionals: Sendable {
    struct Pending: Sendable {
        let response: SIPResponse
        let sequence: UInt32
        /// It carries our answer, or our offer when the INVITE had none.
        let carriesDescription: Bool
        var interval: Duration
    }

    struct Waiting: Sendable {
        let status: Int
        let sdp: [UInt8]?
    }

    /// The caller takes no others (section 3).
    let isRequired: Bool
    /// The CSeq number of the INVITE.
    let inviteSequence: UInt32
    var lastSequence: UInt32
    var pending: Pending?
    var waiting: [Waiting] = []
    /// A description was handed over to be sent.
    var hasDescription = false
    /// The user accepted while the 2xx had to wait.
    var acceptance: Waiting?

    /// More than this at once are of no interest to a caller.
    static let limit = 8
}

extension InviteSession {
    /// Whether our 18x to this INVITE are to be reliable.
    static func reliableProvisionals(
        for invite: SIPRequest, _ options: SessionOptions, _ context: inout SessionContext
    ) -> ReliableProvisionals? {
        guard options.reliable != .off, invite.headers.offersOption(OptionTag.reliable) else { return nil }
        return ReliableProvisionals(
            isRequired: invite.headers.requiresOption(OptionTag.reliable),
            inviteSequence: invite.headers.cseq?.number ?? 0,
            lastSequence: UInt32.random(in: 1...1 << 30, using: &context.entropy))
    }

    /// Queues an 18x; false when it must go unreliably.
    mutating func ringReliably(
        status: Int, sdp: [UInt8]?, _ now: Instant, _ context: inout SessionContext
    ) -> Bool {
        guard var state = provisionals, let invite = serverInvite?.request else { return false }
        // It is said already.
        guard state.acceptance == nil, state.waiting.count < ReliableProvisionals.limit else { return true }
        let sdp = state.hasDescription ? nil : sdp
        // The first reliable response to an INVITE without an offer brings ours (section 5): without one it cannot be.
        if invite.sdp == nil, sdp == nil, !state.hasDescription { return state.isRequired }
        if sdp == nil, (state.waiting.last?.status ?? state.pending?.response.status) == status { return true }
        state.hasDescription = state.hasDescription || sdp != nil
        state.waiting.append(ReliableProvisionals.Waiting(status: status, sdp: sdp))
        provisionals = state
        sendNextProvisional(now, &context)
        return true
    }

    private mutating func sendNextProvisional(_ now: Instant, _ context: inout SessionContext) {
        guard case .incoming = phase, var state = provisionals, state.pending == nil, let serverInvite,
            !state.waiting.isEmpty
        else { return }
        let next = state.waiting.removeFirst()
        state.lastSequence &+= 1
        var response = makeResponse(next.status, to: serverInvite.request, sdp: next.sdp, context.profile)
        response.headers.append(.require, OptionTag.reliable)
        response.headers.rSeq = state.lastSequence
        state.pending = ReliableProvisionals.Pending(
            response: response, sequence: state.lastSequence, carriesDescription: next.sdp != nil,
            interval: context.timers.t1)
        provisionals = state
        if let sdp = next.sdp { noteLocal(sdp) }
        lastProvisional = response
        context.transactions.sendResponse(response, to: serverInvite.id, now: now)
        timers[.reliableRetransmission] = now + context.timers.t1
        timers[.reliableLimit] = now + context.timers.transactionTimeout
    }

    mutating func retransmitProvisional(_ now: Instant, _ context: inout SessionContext) {
        guard case .incoming = phase, var pending = provisionals?.pending, let serverInvite else { return }
        pending.interval = context.timers.doubled(pending.interval)
        provisionals?.pending = pending
        context.transactions.resendResponse(pending.response, to: serverInvite.id, now: now)
        timers[.reliableRetransmission] = now + pending.interval
    }

    /// 64·T1 without a PRACK: the INVITE is refused (section 3).
    mutating func prackMissing(_ now: Instant, _ context: inout SessionContext) {
        reject(status: 504, reason: nil, ending: .lost(.acknowledgementMissing), now, &context)
    }

    /// A PRACK stops the response it names, brings the answer to our offer, or another offer.
    mutating func receivePrack(
        _ request: SIPRequest, _ transaction: ServerTransactionID, _ now: Instant, _ context: inout SessionContext
    ) {
        guard let state = provisionals, let pending = state.pending, let named = request.headers.rAck,
            named
                == ReliableAcknowledgement(
                    sequence: pending.sequence, request: CSeq(state.inviteSequence, .invite))
        else { return context.respond(481, to: request, transaction, now: now) }
        guard request.hasAcceptableBody else { return refuseBody(request, transaction, now, &context) }
        provisionals?.pending = nil
        timers[.reliableRetransmission] = nil
        timers[.reliableLimit] = nil
        let answersOffer = pending.carriesDescription && serverInvite?.request.sdp == nil
        if pending.carriesDescription { isNegotiated = true }
        if request.sdp != nil, !answersOffer {
            receiveOffer(request, transaction, now, &context)
        } else {
            context.respond(200, to: request, transaction, now: now)
            if answersOffer { noteRemote(request.sdp) }
            if answersOffer { context.emit(.answered(sdp: request.sdp), id) }
        }
        continueSetup(wasWaiting: pending.carriesDescription, now, &context)
    }

    /// Whether the 2xx must wait: for the PRACK of a description (section 3), or for our answer to an offer that came
    /// since.
    var mustHoldSuccess: Bool {
        provisionals?.pending?.carriesDescription == true || (isNegotiated && exchange.isReceived)
    }

    /// Whether a user that accepts now has to wait for its 2xx.
    var mustWaitToAccept: Bool { if case .incoming = phase { mustHoldSuccess } else { false } }

    /// What waited for a PRACK, or for our answer to an early offer, goes on; `wasWaiting` when a 2xx would have, too.
    mutating func continueSetup(wasWaiting: Bool, _ now: Instant, _ context: inout SessionContext) {
        if case .incoming = phase, let acceptance = provisionals?.acceptance {
            guard !mustHoldSuccess else { return }
            return accept(sdp: acceptance.sdp, now, &context)
        }
        sendNextProvisional(now, &context)
        sendQueuedOffer(now, &context)
        if wasWaiting, case .incoming = phase, !mustHoldSuccess { context.emit(.acceptable, id) }
    }
}
