import Wire

/// A 2xx to an INVITE, which its user sends again and again until the ACK comes (RFC 3261 section 13.3.1.4).
struct UnacknowledgedSuccess: Sendable {
    let transaction: ServerTransactionID
    let response: SIPResponse
    /// The CSeq number the ACK must carry.
    let sequence: UInt32
    /// The INVITE had no offer, so the response carries ours and the ACK must bring the answer.
    let carriesOffer: Bool
    var interval: Duration
}

extension InviteSession {
    /// The callee's session, for an INVITE that begins a dialog; `welcome` sends the 100.
    ///
    /// Nil when the INVITE lacks what identifies a dialog.
    init?(
        answering request: SIPRequest, _ transaction: ServerTransactionID, peer: SessionPeer, id: SessionID,
        _ context: inout SessionContext
    ) {
        let tag = context.makeTag()
        guard let dialog = Dialog(calledBy: request, localTag: tag) else { return nil }
        self.id = id
        self.peer = peer
        self.dialog = dialog
        role = .callee
        phase = .incoming
        host = peer.flow.remote.ip
        callID = dialog.id.callID
        localTag = tag
        serverInvite = (transaction, request)
        provisionals = Self.reliableProvisionals(for: request, peer.options, &context)
        noteAllowed(request.headers)
        noteRemote(request.sdp)
    }

    mutating func welcome(now: Instant, _ context: inout SessionContext) {
        guard let serverInvite else { return }
        context.callees[serverInvite.id] = id
        context.respond(100, to: serverInvite.request, serverInvite.id, now: now)
        timers[.ring] = now + context.timers.ringLimit
    }

    // MARK: Answers of the user

    /// Sends 180 to 183, with our answer when there shall be early media.
    mutating func ring(status: Int, sdp: [UInt8]?, _ now: Instant, _ context: inout SessionContext) {
        guard case .incoming = phase, let serverInvite, (101..<200).contains(status) else { return }
        timers[.provisionalRefresh] = now + context.timers.provisionalRefresh
        if ringReliably(status: status, sdp: sdp, now, &context) { return }
        // An offer may go in a reliable response only (RFC 3261 section 13.2.1).
        let answer = serverInvite.request.sdp == nil ? nil : sdp
        let response = makeResponse(status, to: serverInvite.request, sdp: answer, context.profile)
        lastProvisional = response
        context.transactions.sendResponse(response, to: serverInvite.id, now: now)
    }

    /// Sends 200 with our answer, or with our offer when the INVITE had none.
    ///
    /// What was settled by reliable responses is not said again; if it is something else now, the user is asked for an
    /// offer once the ACK came.
    mutating func accept(sdp: [UInt8]?, _ now: Instant, _ context: inout SessionContext) {
        guard case .incoming = phase, let serverInvite else { return }
        timers[.ring] = nil
        timers[.provisionalRefresh] = nil
        if mustHoldSuccess {
            provisionals?.waiting = []
            provisionals?.acceptance = ReliableProvisionals.Waiting(status: 200, sdp: sdp)
            return
        }
        phase = .accepted
        timers[.reliableRetransmission] = nil
        timers[.reliableLimit] = nil
        dialog?.confirm()
        lastProvisional = nil
        finishServerInvite(&context)
        owesOffer = isNegotiated && sdp != nil && sdp != localDescription
        if !isNegotiated, let sdp { noteLocal(sdp) }
        var response = makeResponse(
            200, to: serverInvite.request, sdp: isNegotiated ? nil : sdp, context.profile)
        grantTimer(serverInvite.request, &response, now)
        send(success: response, to: serverInvite.request, serverInvite.id, now, &context)
    }

    /// Sends a final failure.
    mutating func reject(
        status: Int, reason: String?, ending: SessionEnding = .local, _ now: Instant, _ context: inout SessionContext,
        _ complete: (inout SIPResponse) -> Void = { _ in }
    ) {
        guard case .incoming = phase, let serverInvite, (300..<700).contains(status) else { return }
        var response = SIPResponse(to: serverInvite.request, status: status, reason: reason, toTag: localTag)
        complete(&response)
        finishServerInvite(&context)
        context.transactions.sendResponse(response, to: serverInvite.id, now: now)
        end(ending, now, &context)
    }

    // MARK: What the caller does

    /// The peer took its INVITE or re-INVITE back; an offer in the latter need not be decided about any more.
    mutating func cancelled(by cancel: SIPRequest, _ now: Instant, _ context: inout SessionContext) {
        if case .received(let received) = exchange, received.request.method == .invite {
            exchange = .stable
            timers[.offer] = nil
            context.callees[received.transaction] = nil
            return context.respond(487, to: received.request, received.transaction, now: now)
        }
        reject(status: 487, reason: nil, ending: .cancelled(cancel.headers.reason), now, &context)
    }

    /// Our answer to the INVITE could not be sent at all.
    mutating func answerFailed(_ transaction: ServerTransactionID, _ now: Instant, _ context: inout SessionContext) {
        guard serverInvite?.id == transaction else { return }
        finishServerInvite(&context)
        end(.lost(.transport), now, &context)
    }

    /// The ACK of a 2xx.
    mutating func receiveAcknowledgement(_ ack: SIPRequest, _ now: Instant, _ context: inout SessionContext) {
        guard let success = unacknowledged, ack.headers.cseq?.number == success.sequence else { return }
        forgetSuccess()
        if owedBye.isOwed { return sendBye(reason: owedBye.reason, now, &context) }
        let isFirst: Bool
        if case .accepted = phase { isFirst = true } else { isFirst = false }
        if isFirst { phase = .established }
        provisionals = nil
        if success.carriesOffer { noteRemote(ack.sdp) }
        if success.carriesOffer {
            context.emit(isFirst ? .answered(sdp: ack.sdp) : .offerAnswered(sdp: ack.sdp), id)
        }
        if isFirst { context.emit(.established, id) }
        if isFirst, owesOffer, queuedOffer == nil { context.emit(.offerWanted, id) }
        owesOffer = false
        dropSettledDescription()
        sendQueuedOffer(now, &context)
    }

    // MARK: 2xx and its ACK

    /// Sends a 2xx to an INVITE or re-INVITE and keeps sending it.
    mutating func send(
        success response: SIPResponse, to request: SIPRequest, _ transaction: ServerTransactionID, _ now: Instant,
        _ context: inout SessionContext
    ) {
        unacknowledged = UnacknowledgedSuccess(
            transaction: transaction, response: response, sequence: request.headers.cseq?.number ?? 0,
            carriesOffer: request.sdp == nil && response.sdp != nil, interval: context.timers.t1)
        context.transactions.sendResponse(response, to: transaction, now: now)
        timers[.successRetransmission] = now + context.timers.t1
        timers[.acknowledgement] = now + context.timers.transactionTimeout
    }

    mutating func retransmitSuccess(_ now: Instant, _ context: inout SessionContext) {
        guard var success = unacknowledged else { return }
        success.interval = context.timers.doubled(success.interval, limit: context.timers.t2)
        unacknowledged = success
        context.transactions.sendResponse(success.response, to: success.transaction, now: now)
        timers[.successRetransmission] = now + success.interval
    }

    /// 64·T1 without an ACK: the dialog is there, but the session is not worth keeping.
    mutating func acknowledgementMissing(_ now: Instant, _ context: inout SessionContext) {
        guard unacknowledged != nil else { return }
        forgetSuccess()
        if owedBye.isOwed { return sendBye(reason: owedBye.reason, now, &context) }
        hangUp(ending: .lost(.acknowledgementMissing), reason: nil, now, &context)
    }

    private mutating func forgetSuccess() {
        unacknowledged = nil
        timers[.successRetransmission] = nil
        timers[.acknowledgement] = nil
    }

    // MARK: Waiting

    /// Nobody decided in time; as a caller we give up, as a callee we refuse.
    mutating func ringLimitReached(_ now: Instant, _ context: inout SessionContext) {
        if case .incoming = phase {
            return reject(status: 480, reason: nil, ending: .lost(.undecided), now, &context)
        }
        cancelInvite(reason: nil, now, &context)
        end(.unanswered(408), now, &context)
    }

    /// Tells proxies on the way that somebody still rings.
    mutating func refreshProvisional(_ now: Instant, _ context: inout SessionContext) {
        guard case .incoming = phase, let serverInvite, let lastProvisional else { return }
        timers[.provisionalRefresh] = now + context.timers.provisionalRefresh
        if provisionals != nil, ringReliably(status: lastProvisional.status, sdp: nil, now, &context) { return }
        context.transactions.sendResponse(lastProvisional, to: serverInvite.id, now: now)
    }

    private mutating func finishServerInvite(_ context: inout SessionContext) {
        if let serverInvite { context.callees[serverInvite.id] = nil }
        serverInvite = nil
    }

    /// A response that makes or changes a dialog (section 12.1.1): tag, Contact and the route as it was recorded.
    func makeResponse(
        _ status: Int, to request: SIPRequest, sdp: [UInt8]?, _ profile: UserAgentProfile
    ) -> SIPResponse {
        // The dialog has our side with its tag.
        let own = request.headers.toTag == nil ? dialog?.localField.named(.to) : nil
        var response = SIPResponse(
            status, headers: own.map(request.headers.answer) ?? request.headers.answer(toTag: localTag))
        response.headers.copy(.recordRoute, from: request.headers)
        response.headers.contacts = [peer.contact]
        profile.describe(&response.headers, isResponse: true, options: peer.options)
        response.setSDP(sdp)
        return response
    }
}
