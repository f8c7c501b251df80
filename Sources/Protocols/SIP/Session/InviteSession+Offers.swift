import Wire

/// Offers of ours after the first one.
extension InviteSession {
    /// Offers a changed session, or with nil asks the peer for its offer: at once, or when what is under way is over.
    ///
    /// A later offer replaces one that waits. In an early dialog it goes by UPDATE once the first exchange is over, if
    /// the peer takes UPDATE, and else waits for the answer.
    mutating func offer(_ sdp: [UInt8]?, _ method: OfferMethod, _ now: Instant, _ context: inout SessionContext) {
        guard !isOver else { return }
        queuedOffer = QueuedOffer(sdp: sdp, method: method, age: descriptions)
        sendQueuedOffer(now, &context)
    }

    /// Whether an offer can be sent in the confirmed dialog now.
    var canOffer: Bool { isEstablished && isQuiet }

    private var isQuiet: Bool { exchange.isStable && unacknowledged == nil && timers[.glare] == nil }

    /// The tag of the dialog an offer of ours can be sent in now.
    private var tagForOffer: String? {
        guard isQuiet else { return nil }
        switch phase {
        case .established: return dialog?.id.remoteTag
        case .incoming:
            let isSettled = isNegotiated && provisionals?.pending == nil
            return isSettled && allowsUpdate == true ? dialog?.id.remoteTag : nil
        case .calling:
            // With several forks it is not known whom to tell.
            guard allowsUpdate == true, case .none = cancellation, forks.early.count == 1,
                let (tag, fork) = forks.early.first
            else { return nil }
            return fork.isNegotiated ? tag : nil
        case .answering, .accepted, .over: return nil
        }
    }

    mutating func sendQueuedOffer(_ now: Instant, _ context: inout SessionContext) {
        guard let offer = queuedOffer, let tag = tagForOffer, isEstablished || offer.sdp != nil else { return }
        queuedOffer = nil
        // We answered the peer in between, so that this one's version and contents are of yesterday.
        if offer.sdp != nil, offer.age != descriptions { return context.emit(.offerWanted, id) }
        send(offer, in: tag, now, &context)
    }

    mutating func send(
        _ offer: QueuedOffer, in tag: String, isRefresh: Bool = false, _ now: Instant, _ context: inout SessionContext
    ) {
        let wantsUpdate = offer.method == .update && offer.sdp != nil && allowsUpdate != false
        let usesUpdate = !isEstablished || wantsUpdate
        guard var request = changeDialog(tag, { $0.makeRequest(usesUpdate ? .update : .invite) }) else { return }
        request.setSDP(offer.sdp)
        if isEstablished { askForTimer(&request) }
        authorize(&request, over: flow(tag), &context)
        exchange = .sent(OfferExchange.Sent(offer: offer, transaction: nil, tag: tag, isRefresh: isRefresh))
        let purpose: SessionRequest = usesUpdate ? .update : .reinvite
        guard let transaction = send(request, purpose, over: flow(tag), now: now, &context) else {
            exchange = .stable
            return isRefresh ? refreshLater(now) : context.emit(.offerRejected(status: 503), id)
        }
        exchange.replaceTransaction(transaction)
        timers[.offer] = now + context.timers.transactionTimeout
    }

    // MARK: Responses

    mutating func receiveOfferResponse(
        _ response: SIPResponse, to owner: SessionContext.Owner, _ id: ClientTransactionID, _ now: Instant,
        _ context: inout SessionContext
    ) {
        guard response.isFinal else { return }
        if response.isSuccess { return receiveOfferSuccess(response, to: owner, id, now, &context) }
        guard case .sent(let sent) = exchange, sent.transaction == id else { return }
        finishOffer()
        if !isOver { offerRefused(sent, by: response, now, &context) }
    }

    private mutating func offerRefused(
        _ sent: OfferExchange.Sent, by response: SIPResponse, _ now: Instant, _ context: inout SessionContext
    ) {
        switch response.status {
        case 408 where !sent.isCancelled, 481: dialogGone(sent, response.status, now, &context)
        case 422 where takeMinimum(of: response):
            send(sent.offer, in: sent.tag, isRefresh: sent.isRefresh, now, &context)
        case 491: collide(sent, after: glareDelay(&context), now, &context)
        case 500 where response.headers.retryAfter != nil:
            collide(sent, after: .seconds(min(response.headers.retryAfter ?? 0, 10)), now, &context)
        case 405 where sent.offer.method == .update || !isEstablished, 501 where sent.offer.method == .update:
            noteUpdateRefused()
            if queuedOffer == nil { queuedOffer = sent.offer }
            sendQueuedOffer(now, &context)
        default: offerFailed(sent, status: sent.isCancelled ? 408 : response.status, now, &context)
        }
    }

    /// The peer knows the dialog no more (section 12.2.1.2); a fork that goes leaves the others.
    private mutating func dialogGone(
        _ sent: OfferExchange.Sent, _ status: Int, _ now: Instant, _ context: inout SessionContext
    ) {
        guard case .calling = phase else {
            return hangUp(ending: .lost(.peerGone), reason: nil, now, &context)
        }
        forks.early[sent.tag] = nil
        offerFailed(sent, status: status, now, &context)
    }

    private mutating func offerFailed(
        _ sent: OfferExchange.Sent, status: Int, _ now: Instant, _ context: inout SessionContext
    ) {
        if sent.isRefresh { refreshLater(now) } else { context.emit(.offerRejected(status: status), id) }
        sendQueuedOffer(now, &context)
    }

    private mutating func receiveOfferSuccess(
        _ response: SIPResponse, to owner: SessionContext.Owner, _ id: ClientTransactionID, _ now: Instant,
        _ context: inout SessionContext
    ) {
        let isReinvite = owner.purpose == .reinvite
        if isReinvite, isKnownSuccess(response) { return repeatAcknowledgement(of: response, &context) }
        guard case .sent(let sent) = exchange, sent.transaction == id, !isOver else {
            // Given up, but what the peer sent wants its ACK.
            if isReinvite { acknowledge(response, to: owner.request, answer: nil, &context) }
            return
        }
        _ = changeDialog(sent.tag) { $0.refreshTarget(from: response.headers) }
        finishOffer()
        noteAllowed(response.headers)
        if isEstablished { settleTimer(by: response, now) }
        if isReinvite, sent.offer.sdp == nil, let sdp = response.sdp {
            exchange = .owed(OfferExchange.Owed(reinvite: owner.request, response: response, tag: sent.tag))
            timers[.offer] = now + context.timers.transactionTimeout / 2
            return context.emit(.answeredWithOffer(sdp: sdp), self.id)
        }
        if isReinvite { acknowledge(response, to: owner.request, answer: nil, &context) }
        offerTaken(sent, by: response, &context)
        sendQueuedOffer(now, &context)
    }

    /// A 2xx to a re-INVITE that came before, and was acknowledged or waits for our answer.
    private func isKnownSuccess(_ response: SIPResponse) -> Bool {
        let number = response.headers.cseq?.number
        if case .owed(let owed) = exchange, owed.response.headers.cseq?.number == number { return true }
        return lastAcknowledgement?.sequence == number
    }

    private mutating func offerTaken(
        _ sent: OfferExchange.Sent, by response: SIPResponse, _ context: inout SessionContext
    ) {
        localDescription = sent.offer.sdp ?? localDescription
        if let sdp = response.sdp { forks.early[sent.tag]?.description = sdp }
        let before = remoteDescription
        noteRemote(response.sdp)
        dropSettledDescription()
        // A refresh is our own affair, unless the peer took the opportunity to say something else.
        if sent.isRefresh, remoteDescription == before { return }
        context.emit(.offerAnswered(sdp: response.sdp), id)
    }

    /// Our offer could not be sent.
    mutating func offerUnsendable(
        _ transaction: ClientTransactionID, _ now: Instant, _ context: inout SessionContext
    ) {
        guard case .sent(let sent) = exchange, sent.transaction == transaction, !isOver else { return }
        finishOffer()
        offerFailed(sent, status: 503, now, &context)
    }

    private mutating func finishOffer() {
        exchange = .stable
        timers[.offer] = nil
        timers[.cancellation] = nil
    }

    /// Both sides offered at once: ours is tried again later (section 14.1).
    private mutating func collide(
        _ sent: OfferExchange.Sent, after delay: Duration, _ now: Instant, _ context: inout SessionContext
    ) {
        if sent.isRefresh {
            timers[.refresh] = now + delay
            return sendQueuedOffer(now, &context)
        }
        var offer = sent.offer
        offer.collisions += 1
        guard offer.collisions <= QueuedOffer.collisionLimit else {
            return context.emit(.offerRejected(status: 491), id)
        }
        if queuedOffer == nil { queuedOffer = offer }
        timers[.glare] = now + delay
    }

    /// 2.1 to 4 s for the side that made the Call-ID, 0 to 2 s for the other, in units of 10 ms.
    func glareDelay(_ context: inout SessionContext) -> Duration {
        let units = role == .caller ? 210...400 : 0...200
        return .milliseconds(10) * Int.random(in: units, using: &context.entropy)
    }

    // MARK: Time

    /// An offer found no answer in time: ours is taken back, the peer's is refused, a call without its ACK is ended.
    mutating func offerLimitReached(_ now: Instant, _ context: inout SessionContext) {
        if case .answering = phase { return hangUp(ending: .lost(.undecided), reason: nil, now, &context) }
        switch exchange {
        case .stable: break
        case .received: rejectOffer(status: 488, now, &context)
        case .owed: giveUpOwedAnswer(.lost(.undecided), now, &context)
        case .sent(var sent):
            sent.isCancelled = true
            exchange = .sent(sent)
            if let pending = sent.transaction, let cancel = context.cancel(pending, now: now) {
                openTransactions.insert(cancel)
                timers[.cancellation] = now + context.timers.transactionTimeout
            }
        }
    }
}
