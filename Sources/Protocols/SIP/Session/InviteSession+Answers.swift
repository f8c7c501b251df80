import Wire

/// Offers of the peer after the first one: re-INVITE, UPDATE, PRACK, and a reliable provisional response.
extension InviteSession {
    /// A request with an offer, or a re-INVITE that wants ours.
    mutating func receiveOffer(
        _ request: SIPRequest, _ transaction: ServerTransactionID, _ now: Instant, _ context: inout SessionContext
    ) {
        let tag = request.headers.fromTag ?? ""
        if let status = reasonToRefuseOffer(request.method, tag) {
            let wait = UInt32.random(in: 0...10, using: &context.entropy)
            return context.respond(status, to: request, transaction, now: now) {
                if status == 500 { $0.headers.retryAfter = wait }
            }
        }
        if let refusal = SessionRefusal(timerOf: request) {
            return context.respond(refusal.status, to: request, transaction, now: now, refusal.complete)
        }
        let isInvite = request.method == .invite
        if isInvite {
            context.respond(100, to: request, transaction, now: now)
            context.callees[transaction] = id
        }
        exchange = .received(OfferExchange.Received(request: request, transaction: transaction, tag: tag))
        // Anything but an INVITE is given up by its sender after 64·T1.
        timers[.offer] = now + (isInvite ? context.timers.transactionTimeout : context.timers.transactionTimeout / 2)
        context.emit(.offered(sdp: request.sdp), id)
    }

    /// 491 while an offer of ours is open, 500 while one of the peer's is (RFC 3261 section 14.2, RFC 3311 section
    /// 5.2); the offer of an INVITE is open until its answer came reliably (RFC 6337).
    private func reasonToRefuseOffer(_ method: SIPMethod, _ tag: String) -> Int? {
        switch phase {
        case .incoming where method == .invite: return 500
        case .incoming where !isNegotiated:
            let isOurs = serverInvite?.request.sdp == nil && provisionals?.hasDescription == true
            return isOurs ? 491 : 500
        case .calling where method == .invite || forks.early[tag]?.isNegotiated != true: return 491
        case .answering, .accepted: return 491
        case .incoming, .calling, .established, .over: break
        }
        switch exchange {
        case .stable: return unacknowledged == nil ? nil : 491
        case .sent, .owed: return 491
        case .received: return 500
        }
    }

    /// Our answer to the peer's offer, or our offer when it wanted one.
    mutating func answerOffer(_ sdp: [UInt8], _ now: Instant, _ context: inout SessionContext) {
        if case .answering = phase { return answerDelayedOffer(sdp, now, &context) }
        switch exchange {
        case .received(let received): accept(received, sdp, now, &context)
        case .owed(let owed):
            guard let reinvite = owed.reinvite else { return answerInPrack(owed, sdp, now, &context) }
            exchange = .stable
            timers[.offer] = nil
            noteLocal(sdp)
            noteRemote(owed.response.sdp)
            acknowledge(owed.response, to: reinvite, answer: sdp, &context)
            dropSettledDescription()
            sendQueuedOffer(now, &context)
        case .stable, .sent: break
        }
    }

    private mutating func accept(
        _ received: OfferExchange.Received, _ sdp: [UInt8], _ now: Instant, _ context: inout SessionContext
    ) {
        let request = received.request
        finishReceivedOffer(received, &context)
        _ = changeDialog(received.tag) { $0.refreshTarget(from: request.headers) }
        noteLocal(sdp)
        noteRemote(request.sdp)
        if let offer = request.sdp { forks.early[received.tag]?.description = offer }
        var response = makeResponse(200, to: request, sdp: sdp, context.profile)
        if isEstablished, request.method != .prack { grantTimer(request, &response, now) }
        dropSettledDescription()
        if request.method == .invite {
            return send(success: response, to: request, received.transaction, now, &context)
        }
        context.transactions.sendResponse(response, to: received.transaction, now: now)
        continueSetup(wasWaiting: true, now, &context)
    }

    /// Refuses the peer's offer; one that came in a response cannot be refused, so that the call is given up.
    mutating func rejectOffer(status: Int, _ now: Instant, _ context: inout SessionContext) {
        if case .owed = exchange { return giveUpOwedAnswer(.local, now, &context) }
        guard case .received(let received) = exchange else { return }
        finishReceivedOffer(received, &context)
        let status = (300..<700).contains(status) ? status : 488
        context.respond(status, to: received.request, received.transaction, now: now)
        continueSetup(wasWaiting: true, now, &context)
    }

    mutating func giveUpOwedAnswer(_ ending: SessionEnding, _ now: Instant, _ context: inout SessionContext) {
        hangUp(ending: ending, reason: SIPReason(cause: 488, text: SIPStatus.phrase(488)), now, &context)
    }

    mutating func finishReceivedOffer(_ received: OfferExchange.Received, _ context: inout SessionContext) {
        exchange = .stable
        timers[.offer] = nil
        context.callees[received.transaction] = nil
    }
}
