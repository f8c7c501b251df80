import Wire

/// The caller's side of reliable provisional responses (RFC 3262 section 4).
extension InviteSession {
    /// A response that wants a PRACK: taken in order only, for one that overtook another comes again.
    mutating func receiveReliable(
        _ response: SIPResponse, _ tag: String, _ now: Instant, _ context: inout SessionContext
    ) {
        guard let fork = forks.early[tag], let sequence = response.headers.rSeq,
            fork.order(of: sequence) == .next
        else { return }
        let bringsOffer = invite?.sdp == nil && response.sdp != nil && !fork.isNegotiated
        // Forks that all want an answer wait for each other: what is not acknowledged is sent again.
        if bringsOffer, !exchange.isStable { return }
        forks.early[tag]?.lastSequence = sequence
        if bringsOffer {
            exchange = .owed(OfferExchange.Owed(reinvite: nil, response: response, tag: tag))
            timers[.offer] = now + context.timers.transactionTimeout / 2
            forks.early[tag]?.description = response.sdp
            context.emit(.progress(status: response.status, sdp: nil, fork: tag), id)
            return context.emit(.offered(sdp: response.sdp), id)
        }
        sendPrack(for: response, tag, answer: nil, now, &context)
        report(response, tag, &context)
        if invite?.sdp != nil, response.sdp != nil { forks.early[tag]?.isNegotiated = true }
        sendQueuedOffer(now, &context)
    }

    /// Our answer to an offer that came in a reliable provisional response.
    mutating func answerInPrack(
        _ owed: OfferExchange.Owed, _ sdp: [UInt8], _ now: Instant, _ context: inout SessionContext
    ) {
        exchange = .stable
        timers[.offer] = nil
        noteLocal(sdp)
        forks.early[owed.tag]?.isNegotiated = true
        sendPrack(for: owed.response, owed.tag, answer: sdp, now, &context)
        sendQueuedOffer(now, &context)
    }

    private mutating func sendPrack(
        for response: SIPResponse, _ tag: String, answer: [UInt8]?, _ now: Instant, _ context: inout SessionContext
    ) {
        guard let sequence = response.headers.rSeq, let answered = response.headers.cseq,
            var prack = changeDialog(tag, { $0.makeRequest(.prack) })
        else { return }
        prack.headers.rAck = ReliableAcknowledgement(sequence: sequence, request: answered)
        prack.setSDP(answer)
        authorize(&prack, over: flow(tag), &context)
        send(prack, .prack, over: flow(tag), now: now, &context)
    }
}
