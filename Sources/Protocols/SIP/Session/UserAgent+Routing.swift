import Wire

/// Where what the transactions put out belongs.
extension UserAgent {
    mutating func route(_ output: TransactionOutput, _ now: Instant) {
        switch output {
        case .transmit(let bytes, let flow): put(.transmit(bytes, flow))
        case .request(let request, let flow): routeRequest(request, flow, now)
        case .acknowledgement(let ack, _):
            guard let id = session(for: ack) else { return }
            touch(id) { $0.receiveAcknowledgement(ack, now, &$1) }
        case .cancelled(let transaction, let cancel):
            guard let id = context.callees[transaction] else { return }
            touch(id) { $0.cancelled(by: cancel, now, &$1) }
        case .response(let response, let transaction): routeResponse(response, transaction, now)
        case .clientFailed(let transaction, let failure): routeFailure(failure, transaction, now)
        case .serverFailed(let transaction, _):
            guard let id = context.callees[transaction] else { return }
            touch(id) { $0.answerFailed(transaction, now, &$1) }
        case .clientEnded(let transaction):
            guard let owner = context.owners.removeValue(forKey: transaction)?.value else { return }
            touch(owner.session) { session, _ in session.transactionEnded(transaction) }
        case .serverEnded(let transaction): context.callees[transaction] = nil
        }
    }

    /// A To tag names a dialog: a request that names none of ours is answered 481 (RFC 3261 section 12.2.2).
    private mutating func routeRequest(_ request: SIPRequest, _ flow: Flow, _ now: Instant) {
        // A call goes on to somebody else, so that its hops count.
        let circumstances = SIPRequestValidator.Circumstances(isForwarded: request.method == .invite)
        if let rejection = validator.rejection(of: request, circumstances) {
            return context.transactions.refuse(request, rejection, over: flow)
        }
        guard request.headers.toTag != nil else { return put(.request(request, flow)) }
        guard let id = session(for: request), owns(id, request) else {
            return context.transactions.answerStatelessly(request, status: 481, over: flow)
        }
        put(.recognized(flow))
        guard let transaction = context.transactions.accept(request, from: flow) else { return }
        touch(id) { $0.receive(request, transaction, from: flow, now: now, &$1) }
    }

    /// Whether a request within a dialog is meant for a session, by the peer's tag.
    private func owns(_ id: SessionID, _ request: SIPRequest) -> Bool {
        guard let session = sessions[id] else { return false }
        let tag = request.headers.fromTag ?? ""
        if session.value.forks.strays[tag] != nil { return true }
        guard let remoteTag = session.value.dialog?.id.remoteTag else {
            return session.value.forks.early[tag] != nil
        }
        return remoteTag == tag
    }

    private mutating func routeResponse(_ response: SIPResponse, _ transaction: ClientTransactionID, _ now: Instant) {
        guard let owner = context.owners[transaction]?.value else { return put(.response(response, transaction)) }
        touch(owner.session) { $0.receive(response, to: owner, transaction, now: now, &$1) }
        if response.isFinal { context.owners[transaction]?.value.request = owner.request.outline }
    }

    private mutating func routeFailure(
        _ failure: TransactionFailure, _ transaction: ClientTransactionID, _ now: Instant
    ) {
        guard let owner = context.owners[transaction]?.value else { return put(.failed(transaction, failure)) }
        if failure == .transport, let flow = owner.datagramFlow {
            touch(owner.session) { $0.resend(owner, asDatagramOver: flow, now: now, &$1) }
        } else {
            touch(owner.session) { $0.requestFailed(owner, transaction, failure, now: now, &$1) }
        }
    }
}
