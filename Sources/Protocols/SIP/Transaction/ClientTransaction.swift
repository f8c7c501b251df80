package import Wire

/// One client transaction: its machine, and what the machine's steps need.
struct ClientTransaction: Sendable {
    enum Machine: Sendable {
        case invite(InviteClientTransaction)
        case other(NonInviteClientTransaction)

        var deadline: Instant {
            switch self {
            case .invite(let machine): machine.timers.next
            case .other(let machine): machine.timers.next
            }
        }

        mutating func receive(status: Int, now: Instant) -> TransactionSteps {
            switch self {
            case .invite(var machine):
                defer { self = .invite(machine) }
                return machine.receive(status: status, now: now)
            case .other(var machine):
                defer { self = .other(machine) }
                return machine.receive(status: status, now: now)
            }
        }

        mutating func advance(to now: Instant) -> TransactionSteps {
            switch self {
            case .invite(var machine):
                defer { self = .invite(machine) }
                return machine.advance(to: now)
            case .other(var machine):
                defer { self = .other(machine) }
                return machine.advance(to: now)
            }
        }

        mutating func transportFailed() -> TransactionSteps {
            switch self {
            case .invite(var machine):
                defer { self = .invite(machine) }
                return machine.transportFailed()
            case .other(var machine):
                defer { self = .other(machine) }
                return machine.transportFailed()
            }
        }
    }

    var machine: Machine
    let key: ClientTransactionKey
    /// What is sent, until there is a final response: nothing of it is needed after that.
    var unanswered: (request: SIPRequest, bytes: [UInt8])?
    let flow: Flow
    let sentAt: Instant
    /// The ACK of a failure, made once and repeated.
    var acknowledgement: [UInt8]?
    /// Whether its final response is counted.
    var isAnswered = false
    var scheduled = TransactionLayer.ScheduledDeadline()
}

extension TransactionLayer {
    /// Starts a transaction with a request whose top Via carries a fresh branch (`pushVia`); an ACK is no transaction.
    ///
    /// Nil when the layer is full, or the request has no Via.
    package mutating func sendRequest(_ request: SIPRequest, over flow: Flow, now: Instant) -> ClientTransactionID? {
        guard clients.count < limits.clients, request.method != .ack,
            let branch = request.headers.topBranch
        else {
            counts.refused += 1
            return nil
        }
        let id = ClientTransactionID(rawValue: makeID())
        let isReliable = flow.transport.isReliable
        let machine: ClientTransaction.Machine =
            request.method == .invite
            ? .invite(InviteClientTransaction(values: timers, isReliable: isReliable, now: now))
            : .other(NonInviteClientTransaction(values: timers, isReliable: isReliable, now: now))
        let bytes = request.serialized()
        let transaction = ClientTransaction(
            machine: machine, key: ClientTransactionKey(branch: branch, method: request.method),
            unanswered: (request, bytes), flow: flow, sentAt: now)
        clients[id] = Boxed(transaction)
        clientKeys[transaction.key] = id
        flows.place(.client(id), on: flow)
        outputs.append(.transmit(bytes, flow))
        rescheduleClient(id)
        return id
    }

    /// Gives an INVITE up that has had a provisional response and no final one (RFC 3261 section 9.1).
    ///
    /// The CANCEL is a transaction of its own; nil when there is no such INVITE.
    package mutating func cancel(
        _ id: ClientTransactionID, reason: SIPReason? = nil, now: Instant
    ) -> ClientTransactionID? {
        guard let transaction = clients[id]?.value, case .invite(let machine) = transaction.machine,
            machine.state == .proceeding, let request = transaction.unanswered?.request
        else { return nil }
        return sendRequest(request.cancellation(reason: reason), over: transaction.flow, now: now)
    }

    /// Forgets a client transaction whatever its state; only `clientEnded` follows.
    package mutating func abandon(_ id: ClientTransactionID) {
        if clients[id] != nil { removeClient(id) }
    }

    mutating func receive(_ response: SIPResponse, now: Instant) {
        guard !response.isMisrouted, let branch = response.headers.topBranch,
            let method = response.headers.cseq?.method,
            let id = clientKeys[ClientTransactionKey(branch: branch, method: method)],
            let steps = clients[id]?.value.machine.receive(status: response.status, now: now)
        else {
            counts.strayResponses += 1
            return
        }
        if response.isFinal { noteAnswer(response, id, now) }
        perform(steps, client: id, response: response)
        if response.isFinal { clients[id]?.value.unanswered = nil }
    }

    /// Counts the first final response, and what comes once more.
    private mutating func noteAnswer(_ response: SIPResponse, _ id: ClientTransactionID, _ now: Instant) {
        guard let place = clients.index(forKey: id) else { return }
        guard !clients.values[place].value.isAnswered else {
            counts.responsesRepeated += 1
            return
        }
        clients.values[place].value.isAnswered = true
        count(response)
        count(response, .client, now - clients.values[place].value.sentAt)
    }

    mutating func advanceClient(_ id: ClientTransactionID, _ now: Instant) {
        clients[id]?.value.scheduled = ScheduledDeadline()
        guard let steps = clients[id]?.value.machine.advance(to: now) else { return }
        if steps.contains(.transmit) { counts.requestsRetransmitted += 1 }
        perform(steps, client: id, response: nil)
    }

    mutating func failClient(_ id: ClientTransactionID) {
        guard let steps = clients[id]?.value.machine.transportFailed() else { return }
        perform(steps, client: id, response: nil)
    }

    private mutating func perform(_ steps: TransactionSteps, client id: ClientTransactionID, response: SIPResponse?) {
        if steps.contains(.transmit), let bytes = clients[id]?.value.unanswered?.bytes,
            let flow = clients[id]?.value.flow
        {
            outputs.append(.transmit(bytes, flow))
        }
        if steps.contains(.acknowledge), let response { acknowledge(response, id) }
        if steps.contains(.deliver), let response { outputs.append(.response(response, id)) }
        if steps.contains(.timedOut) {
            counts.timeouts += 1
            outputs.append(.clientFailed(id, .timeout))
        }
        if steps.contains(.transportFailed) { outputs.append(.clientFailed(id, .transport)) }
        if steps.contains(.terminated) { removeClient(id) } else { rescheduleClient(id) }
    }

    private mutating func acknowledge(_ response: SIPResponse, _ id: ClientTransactionID) {
        guard let transaction = clients[id]?.value,
            let bytes = transaction.acknowledgement
                ?? transaction.unanswered?.request.acknowledgement(of: response).serialized()
        else { return }
        clients[id]?.value.acknowledgement = bytes
        outputs.append(.transmit(bytes, transaction.flow))
    }

    private mutating func removeClient(_ id: ClientTransactionID) {
        guard let transaction = clients.removeValue(forKey: id)?.value else { return }
        clientKeys[transaction.key] = nil
        flows.remove(.client(id))
        unschedule(transaction.scheduled)
        outputs.append(.clientEnded(id))
    }

    private mutating func rescheduleClient(_ id: ClientTransactionID) {
        guard let place = clients.index(forKey: id) else { return }
        let deadline = clients.values[place].value.machine.deadline
        var entry = clients.values[place].value.scheduled
        guard schedule(.client(id), at: deadline, replacing: &entry) else { return }
        clients.values[place].value.scheduled = entry
    }
}

extension SIPRequest {
    /// The ACK of a final response that is not 2xx (RFC 3261 section 17.1.1.3): the INVITE's own branch.
    func acknowledgement(of response: SIPResponse) -> SIPRequest {
        var ack = repeated(as: .ack)
        if let to = response.headers.to { ack.headers.to = to }
        return ack
    }

    /// The CANCEL of this INVITE (RFC 3261 section 9.1): one Via, the INVITE's own.
    func cancellation(reason: SIPReason?) -> SIPRequest {
        var cancel = repeated(as: .cancel)
        cancel.headers.reason = reason
        return cancel
    }

    /// A request that takes its way and its identity from this one, and nothing else.
    private func repeated(as method: SIPMethod) -> SIPRequest {
        var request = SIPRequest(method, uri)
        request.headers.vias = headers.topVia.map { [$0] } ?? []
        request.headers.routes = headers.routes
        request.headers.maxForwards = 70
        request.headers.from = headers.from
        request.headers.to = headers.to
        request.headers.callID = headers.callID
        request.headers.cseq = headers.cseq.map { CSeq($0.number, method) }
        return request
    }
}
