import Wire

/// A call to be placed.
package struct OutgoingSession: Sendable {
    /// The Request-URI.
    package var uri: SIPURI
    /// Ours, without a tag.
    package var from: NameAddress
    package var to: NameAddress
    package var routes: [NameAddress]
    /// Nil asks the callee for its offer.
    package var offer: [UInt8]?
    /// Nil for a fresh one.
    package var callID: String?
    package var maxForwards: UInt8 = 70
    /// Headers beyond those every INVITE has.
    package var headers: [(name: String, value: String)]
    package var peer: SessionPeer

    package init(
        uri: SIPURI, from: NameAddress, to: NameAddress, routes: [NameAddress] = [], offer: [UInt8]?,
        callID: String? = nil, headers: [(name: String, value: String)] = [], peer: SessionPeer
    ) {
        self.uri = uri
        self.from = from
        self.to = to
        self.routes = routes
        self.offer = offer
        self.callID = callID
        self.headers = headers
        self.peer = peer
    }
}

extension InviteSession {
    /// The caller's session; `start` sends its INVITE.
    init(calling call: OutgoingSession, id: SessionID, _ context: inout SessionContext) {
        self.id = id
        role = .caller
        phase = .calling
        peer = call.peer
        host = call.peer.flow.remote.ip
        callID = call.callID ?? context.entropy.hex(16)
        localTag = context.makeTag()
        localDescription = call.offer
        var request = SIPRequest(.invite, call.uri, headers: SIPHeaders(capacity: 16))
        request.headers.routes = call.routes
        request.headers.maxForwards = call.maxForwards
        var from = call.from
        from.tag = localTag
        request.headers.append(SIPHeaders.Field(.from, addresses: [from]))
        request.headers.append(SIPHeaders.Field(.to, addresses: [call.to]))
        request.headers.append(SIPHeaders.Field(callID: callID))
        request.headers.append(SIPHeaders.Field(cseq: CSeq(1, .invite)))
        for header in call.headers { request.headers.append(header.name, header.value) }
        if peer.options.reliable == .required { request.headers.append(.require, OptionTag.reliable) }
        request.setSDP(call.offer)
        invite = request
    }

    mutating func start(now: Instant, _ context: inout SessionContext) {
        guard let invite else { return }
        timers[.ring] = now + context.timers.ringLimit
        sendInvite(invite, now, &context)
    }

    /// Sends the INVITE, for the first time or with another session interval.
    private mutating func sendInvite(_ request: SIPRequest, _ now: Instant, _ context: inout SessionContext) {
        var request = request
        askForTimer(&request)
        invite = request
        inviteTransaction = send(request, .invite, now: now, &context)
        if inviteTransaction == nil { end(.unanswered(503), now, &context) }
    }

    mutating func receiveInviteResponse(
        _ response: SIPResponse, _ transaction: ClientTransactionID, _ now: Instant, _ context: inout SessionContext
    ) {
        switch response.status {
        case ..<200: receiveProvisional(response, now, &context)
        case 200..<300: receiveSuccess(response, now, &context)
        case 422 where transaction == inviteTransaction && !isOver && takeMinimum(of: response):
            guard var request = invite, case .none = cancellation else { fallthrough }
            forks.early = [:]
            request.headers.cseq = CSeq((request.headers.cseq?.number ?? 0) &+ 1, .invite)
            sendInvite(request, now, &context)
        default: end(SessionEnding(response), now, &context)
        }
    }

    /// Sends the ACK, with our answer, of a 2xx that carried an offer.
    mutating func answerDelayedOffer(_ sdp: [UInt8], _ now: Instant, _ context: inout SessionContext) {
        guard case .answering(let response) = phase else { return }
        noteLocal(sdp)
        acknowledge(response, to: invite, answer: sdp, &context)
        establish(now, &context)
    }

    // MARK: Responses

    private mutating func receiveProvisional(_ response: SIPResponse, _ now: Instant, _ context: inout SessionContext) {
        if case .wanted(let reason) = cancellation { return sendCancel(reason, now, &context) }
        guard response.status > 100, case .calling = phase, case .none = cancellation, let invite else { return }
        let tag = response.headers.toTag ?? ""
        if forks.early[tag] == nil, forks.early.count < Forks.limit {
            forks.early[tag] = Dialog(calling: invite, answeredBy: response).map { Fork(dialog: $0) }
        }
        noteAllowed(response.headers)
        if response.headers.rSeq != nil, response.headers.requiresOption(OptionTag.reliable) {
            return receiveReliable(response, tag, now, &context)
        }
        report(response, tag, &context)
    }

    /// Tells of a provisional response; a description is news until the first exchange is over.
    mutating func report(_ response: SIPResponse, _ tag: String, _ context: inout SessionContext) {
        // This one is over, others may go on (RFC 6228).
        if response.status == 199 {
            forks.early[tag]?.description = nil
            return
        }
        let isNews = forks.early[tag]?.isNegotiated != true
        let sdp = isNews ? response.sdp : nil
        if let sdp { forks.early[tag]?.description = sdp }
        context.emit(.progress(status: response.status, sdp: sdp, fork: tag), id)
    }

    private mutating func receiveSuccess(_ response: SIPResponse, _ now: Instant, _ context: inout SessionContext) {
        let tag = response.headers.toTag ?? ""
        if let stray = forks.strays[tag] { return context.acknowledgeAgain(stray, peer: peer, over: stray.flow) }
        if let dialog, dialog.id.remoteTag == tag { return repeatAcknowledgement(of: response, &context) }
        guard case .calling = phase, dialog == nil else { return endStray(response, tag, now, &context) }
        let fork = forks.early[tag]
        guard let invite, let confirmed = fork?.dialog ?? Dialog(calling: invite, answeredBy: response) else {
            return end(.rejected(status: 500, reason: "Malformed answer"), now, &context)
        }
        dialog = confirmed
        dialog?.confirm(by: response)
        timers[.ring] = nil
        leaveOtherForks(than: tag)
        noteAllowed(response.headers)
        settleTimer(by: response, now)
        // What was answered reliably is settled, whatever a 2xx repeats (RFC 3261 section 13.2.1).
        let isNegotiated = fork?.isNegotiated == true
        let sdp = isNegotiated ? nil : response.sdp
        if !isNegotiated, invite.sdp == nil, let sdp {
            phase = .answering(response)
            // Well before the callee gives the ACK up.
            timers[.offer] = now + context.timers.transactionTimeout / 2
            return context.emit(.answeredWithOffer(sdp: sdp), id)
        }
        acknowledge(response, to: invite, answer: nil, &context)
        let answer = sdp ?? fork?.description
        noteRemote(answer)
        // Another fork was told something else in the meantime.
        let isOutdated = !isNegotiated && localDescription != invite.sdp
        context.emit(.answered(sdp: answer), id)
        if isOutdated, queuedOffer == nil { context.emit(.offerWanted, id) }
        establish(now, &context)
    }

    /// What was under way with a fork that lost is of no use, but our own offer may be to the winner.
    private mutating func leaveOtherForks(than tag: String) {
        // Those that lost stay known while the INVITE lasts: should one answer late, its count of requests goes on.
        forks.early[tag] = nil
        // An empty table keeps its memory.
        if forks.early.isEmpty { forks.early = [:] }
        switch exchange {
        case .sent(let sent) where sent.tag != tag:
            if queuedOffer == nil { queuedOffer = sent.offer }
        case .received(let received) where received.tag != tag: break
        case .owed: break
        default: return
        }
        exchange = .stable
        timers[.offer] = nil
    }

    private mutating func establish(_ now: Instant, _ context: inout SessionContext) {
        phase = .established
        invite = invite?.outline
        if exchange.isStable { timers[.offer] = nil }
        dropSettledDescription()
        sendQueuedOffer(now, &context)
    }

    /// The 2xx of our INVITE or re-INVITE came again: its ACK was lost.
    mutating func repeatAcknowledgement(of response: SIPResponse, _ context: inout SessionContext) {
        guard let ack = lastAcknowledgement, ack.sequence == response.headers.cseq?.number else { return }
        context.acknowledgeAgain(ack, peer: peer, over: dialogFlow)
    }

    mutating func acknowledge(
        _ response: SIPResponse, to request: SIPRequest?, answer: [UInt8]?, _ context: inout SessionContext
    ) {
        guard let dialog, let number = response.headers.cseq?.number else { return }
        var ack = dialog.makeAcknowledgement(sequence: number)
        if mayAuthenticate(over: dialogFlow) { ack.copyCredentials(from: request) }
        ack.setSDP(answer)
        lastAcknowledgement = context.acknowledge(ack, peer: peer, over: dialogFlow)
    }

    /// A fork that answered after the call was decided is acknowledged and told BYE (section 13.2.2.4).
    private mutating func endStray(
        _ response: SIPResponse, _ tag: String, _ now: Instant, _ context: inout SessionContext
    ) {
        guard let invite, forks.strays.count < Forks.limit,
            var stray = forks.early[tag]?.dialog ?? Dialog(calling: invite, answeredBy: response),
            let number = response.headers.cseq?.number
        else { return }
        stray.confirm(by: response)
        var ack = stray.makeAcknowledgement(sequence: number)
        let flow = peer.flow(to: stray.nextHop)
        if mayAuthenticate(over: flow) { ack.copyCredentials(from: invite) }
        forks.strays[tag] = context.acknowledge(ack, peer: peer, over: flow)
        send(stray.makeRequest(.bye), .strayBye, over: flow, now: now, &context)
    }

    // MARK: Giving up

    /// Takes the INVITE back, at once or when its first provisional response allows it.
    mutating func cancelInvite(reason: SIPReason?, _ now: Instant, _ context: inout SessionContext) {
        guard inviteTransaction != nil, case .none = cancellation else { return }
        cancellation = .wanted(reason)
        sendCancel(reason, now, &context)
    }

    private mutating func sendCancel(_ reason: SIPReason?, _ now: Instant, _ context: inout SessionContext) {
        guard let inviteTransaction,
            let transaction = context.cancel(inviteTransaction, reason: reason, now: now)
        else { return }
        cancellation = .sent
        openTransactions.insert(transaction)
        timers[.cancellation] = now + context.timers.transactionTimeout
    }

    /// 64·T1 after the CANCEL an INVITE without a final response is given up (section 9.1).
    mutating func abandonCancelledRequest(_ context: inout SessionContext) {
        let pending = exchange.transaction ?? inviteTransaction
        if let pending { context.transactions.abandon(pending) }
    }
}
