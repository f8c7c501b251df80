import Wire

/// Requests of the peer within the dialog.
extension InviteSession {
    mutating func receive(
        _ request: SIPRequest, _ transaction: ServerTransactionID, from flow: Flow, now: Instant,
        _ context: inout SessionContext
    ) {
        let tag = request.headers.fromTag ?? ""
        guard let order = changeDialog(tag, { $0.receive(request) }) else {
            return receiveInStray(request, transaction, now, &context)
        }
        guard order == .inOrder else { return context.respond(500, to: request, transaction, now: now) }
        followFlow(flow)
        noteAllowed(request.headers)
        switch request.method {
        case .bye where dialog == nil: receiveByeOfFork(request, transaction, tag, now, &context)
        case .bye: receiveBye(request, transaction, now, &context)
        case _ where isOver: context.respond(481, to: request, transaction, now: now)
        case .invite: receiveReinvite(request, transaction, now, &context)
        case .update: receiveUpdate(request, transaction, now, &context)
        case .prack: receivePrack(request, transaction, now, &context)
        case .info: receiveInfo(request, transaction, now, &context)
        case .refer: receiveRefer(request, transaction, now, &context)
        case .notify: receiveNotify(request, transaction, now, &context)
        case .options: answerPlainly(200, request, transaction, now, &context)
        default: answerPlainly(405, request, transaction, now, &context)
        }
    }

    /// A peer behind a NAT, or on a connection that was opened anew, is answered where it speaks from now.
    private mutating func followFlow(_ flow: Flow) {
        guard peer.isSymmetric || flow.transport.isReliable, flow.transport == peer.flow.transport else { return }
        peer.flow = flow
    }

    /// Forks that lost take nothing any more.
    private func receiveInStray(
        _ request: SIPRequest, _ transaction: ServerTransactionID, _ now: Instant, _ context: inout SessionContext
    ) {
        context.respond(request.method == .bye ? 200 : 481, to: request, transaction, now: now)
    }

    /// The callee of a fork gave up waiting for an ACK to a 2xx that never arrived; when it was the last, so do we.
    private mutating func receiveByeOfFork(
        _ request: SIPRequest, _ transaction: ServerTransactionID, _ tag: String, _ now: Instant,
        _ context: inout SessionContext
    ) {
        context.respond(200, to: request, transaction, now: now)
        guard forks.early.removeValue(forKey: tag) != nil, case .calling = phase, forks.early.isEmpty else { return }
        cancelInvite(reason: nil, now, &context)
        end(.remote(request.headers.reason), now, &context)
    }

    private mutating func receiveBye(
        _ request: SIPRequest, _ transaction: ServerTransactionID, _ now: Instant, _ context: inout SessionContext
    ) {
        context.respond(200, to: request, transaction, now: now)
        unacknowledged = nil
        owedBye = (false, nil)
        if let serverInvite {
            context.respond(487, to: serverInvite.request, toTag: localTag, serverInvite.id, now: now)
        }
        if case .received(let received) = exchange {
            finishReceivedOffer(received, &context)
            context.respond(487, to: received.request, received.transaction, now: now)
        }
        end(.remote(request.headers.reason), now, &context)
    }

    private mutating func receiveReinvite(
        _ request: SIPRequest, _ transaction: ServerTransactionID, _ now: Instant, _ context: inout SessionContext
    ) {
        guard request.hasAcceptableBody else { return refuseBody(request, transaction, now, &context) }
        if peer.options.reliable == .off, request.headers.requiresOption(OptionTag.reliable) {
            return context.respond(420, to: request, transaction, now: now) {
                $0.headers.unsupported = [OptionTag.reliable]
            }
        }
        receiveOffer(request, transaction, now, &context)
    }

    private mutating func receiveUpdate(
        _ request: SIPRequest, _ transaction: ServerTransactionID, _ now: Instant, _ context: inout SessionContext
    ) {
        guard request.hasAcceptableBody else { return refuseBody(request, transaction, now, &context) }
        // Who sends one takes one.
        allowsUpdate = allowsUpdate ?? true
        if request.sdp != nil { return receiveOffer(request, transaction, now, &context) }
        if let refusal = SessionRefusal(timerOf: request) {
            return context.respond(refusal.status, to: request, transaction, now: now, refusal.complete)
        }
        _ = changeDialog(request.headers.fromTag ?? "") { $0.refreshTarget(from: request.headers) }
        var response = makeResponse(200, to: request, sdp: nil, context.profile)
        if isEstablished { grantTimer(request, &response, now) }
        context.transactions.sendResponse(response, to: transaction, now: now)
    }

    /// We asked for no package, so that only what came before packages is taken (RFC 6086 section 4.2.2).
    private mutating func receiveInfo(
        _ request: SIPRequest, _ transaction: ServerTransactionID, _ now: Instant, _ context: inout SessionContext
    ) {
        guard !request.headers.contains(.infoPackage) else {
            return context.respond(469, to: request, transaction, now: now) { $0.headers[.recvInfo] = "" }
        }
        context.respond(200, to: request, transaction, now: now)
        context.emit(.info(contentType: request.headers.contentType?.description, body: request.body), id)
    }

    func answerPlainly(
        _ status: Int, _ request: SIPRequest, _ transaction: ServerTransactionID, _ now: Instant,
        _ context: inout SessionContext
    ) {
        let (profile, options) = (context.profile, peer.options)
        context.respond(status, to: request, transaction, now: now) {
            profile.describe(&$0.headers, isResponse: true, options: options)
        }
    }

    func refuseBody(
        _ request: SIPRequest, _ transaction: ServerTransactionID, _ now: Instant, _ context: inout SessionContext
    ) {
        context.respond(415, to: request, transaction, now: now) {
            $0.headers[.accept] = MediaType.sdp.description
        }
    }
}

extension SIPRequest {
    /// Whether an INVITE or UPDATE has no body, or a session description.
    package var hasAcceptableBody: Bool { body.isEmpty || headers.saysSDP }
}
