import Wire

/// How a session ends, from any phase.
extension InviteSession {
    /// Hangs up in the way the phase allows: CANCEL, a final failure, BYE now, or BYE once the ACK came.
    ///
    /// A caller that still waits is refused with `status`. Ignored when the session is over.
    mutating func hangUp(
        ending: SessionEnding = .local, status: Int = 480, reason: SIPReason?, _ now: Instant,
        _ context: inout SessionContext
    ) {
        switch phase {
        case .calling:
            cancelInvite(reason: reason, now, &context)
        case .incoming:
            return reject(status: status, reason: nil, ending: ending, now, &context) { $0.headers.reason = reason }
        case .answering(let response):
            acknowledge(response, to: invite, answer: nil, &context)
            sendBye(reason: reason, now, &context)
        case .accepted, .established:
            releaseOwedAcknowledgement(&context)
            // Who asked for a transfer and is let go without having been told of its success has not got it.
            notifyTransfer(status: 487, now, &context)
            // Before the ACK the callee must not send BYE, unless it gave the ACK up (section 15).
            if unacknowledged != nil { owedBye = (true, reason) } else { sendBye(reason: reason, now, &context) }
        case .over: return
        }
        end(ending, now, &context)
    }

    mutating func sendBye(reason: SIPReason?, _ now: Instant, _ context: inout SessionContext) {
        owedBye = (false, nil)
        guard var bye = dialog?.makeRequest(.bye) else { return }
        bye.headers.reason = reason
        authorize(&bye, over: dialogFlow, &context)
        send(bye, .bye, now: now, &context)
    }

    /// Reports the ending, once, and keeps only what must still be finished.
    mutating func end(_ ending: SessionEnding, _ now: Instant, _ context: inout SessionContext) {
        guard !isOver else { return }
        settleReferral(&context)
        // An answered one is an outline already.
        if !isEstablished { invite = invite?.outline }
        phase = .over
        queuedOffer = nil
        releaseOwedAcknowledgement(&context)
        if case .received(let received) = exchange {
            finishReceivedOffer(received, &context)
            context.respond(487, to: received.request, received.transaction, now: now)
        }
        if let serverInvite { context.callees[serverInvite.id] = nil }
        serverInvite = nil
        lastProvisional = nil
        provisionals = nil
        localDescription = nil
        refresh = nil
        for timer in Self.timersOfLife { timers[timer] = nil }
        if unacknowledged == nil {
            timers[.successRetransmission] = nil
            timers[.acknowledgement] = nil
        }
        timers[.leftovers] = now + context.timers.transactionTimeout * 4
        context.emit(.ended(ending), id)
    }

    /// What has no meaning after the end.
    private static let timersOfLife: [SessionTimer] = [
        .ring, .provisionalRefresh, .reliableRetransmission, .reliableLimit, .glare, .offer, .refresh, .expiry,
        .transfer,
    ]

    /// The ACK of a 2xx to a re-INVITE that still waits for our answer goes without one.
    private mutating func releaseOwedAcknowledgement(_ context: inout SessionContext) {
        guard case .owed(let owed) = exchange else { return }
        exchange = .stable
        if let reinvite = owed.reinvite { acknowledge(owed.response, to: reinvite, answer: nil, &context) }
    }
}
