package import Wire

/// One server transaction: its machine, and what the machine's steps need.
struct ServerTransaction: Sendable {
    enum Machine: Sendable {
        case invite(InviteServerTransaction)
        case other(NonInviteServerTransaction)

        var deadline: Instant {
            switch self {
            case .invite(let machine): machine.timers.next
            case .other(let machine): machine.timers.next
            }
        }

        mutating func send(status: Int, now: Instant) -> TransactionSteps {
            switch self {
            case .invite(var machine):
                defer { self = .invite(machine) }
                return machine.send(status: status, now: now)
            case .other(var machine):
                defer { self = .other(machine) }
                return machine.send(status: status, now: now)
            }
        }

        func receiveRetransmission(hasResponse: Bool) -> TransactionSteps {
            switch self {
            case .invite(let machine): machine.receiveRetransmission(hasResponse: hasResponse)
            case .other(let machine): machine.receiveRetransmission()
            }
        }

        mutating func receiveAcknowledgement(now: Instant) -> TransactionSteps {
            guard case .invite(var machine) = self else { return [] }
            defer { self = .invite(machine) }
            return machine.receiveAcknowledgement(now: now)
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

        /// An INVITE with a 2xx.
        var isAccepted: Bool {
            guard case .invite(let machine) = self else { return false }
            return machine.state == .accepted
        }

        /// An INVITE without a final response, which a CANCEL still reaches.
        var canBeCancelled: Bool {
            guard case .invite(let machine) = self else { return false }
            return machine.state == .proceeding
        }
    }

    var machine: Machine
    let key: ServerTransactionKey
    let mergeKey: MergedRequestKey?
    /// The To tag of the request: RFC 2543 matching compares it.
    let requestTag: String?
    let receivedAt: Instant
    /// The To tag of our responses.
    var responseTag: String?
    var flow: Flow
    /// Where responses go when the connection the request came over is no more.
    let fallbackFlow: Flow
    /// What a repeated request is answered by; nil again after a 2xx to an INVITE, which its user repeats.
    var lastResponse: [UInt8]?
    /// Whether its final response is counted.
    var isAnswered = false
    var scheduled = TransactionLayer.ScheduledDeadline()

    /// Lets the machine send a response, and keeps it to be sent again.
    fileprivate mutating func note(_ response: SIPResponse, now: Instant) -> TransactionSteps {
        let steps = machine.send(status: response.status, now: now)
        guard steps.contains(.transmit) else { return steps }
        lastResponse = response.serialized()
        responseTag = response.headers.toTag
        return steps
    }
}

extension TransactionLayer {
    /// Makes a server transaction for the request received last, which was put out by `.request`, and for nothing else.
    ///
    /// Nil when the layer is full: then a 503 has been sent, and the request needs nothing more. Nil, too, when an old
    /// peer's key (RFC 2543) is that of a transaction that lives: it is not taken away from that one.
    package mutating func accept(_ request: SIPRequest, from flow: Flow) -> ServerTransactionID? {
        guard request.method != .ack, let (key, mergeKey) = received.take(), !isTaken(key) else { return nil }
        guard servers.count < limits.servers else {
            counts.refused += 1
            let retryAfter = limits.retryAfter
            answerStatelessly(request, status: 503, over: flow) {
                $0.retryAfter = retryAfter
            }
            return nil
        }
        let id = ServerTransactionID(rawValue: makeID())
        let isReliable = flow.transport.isReliable
        let responseFlow = Self.responseFlow(to: request, from: flow)
        let transaction = ServerTransaction(
            machine: request.method == .invite
                ? .invite(InviteServerTransaction(values: timers, isReliable: isReliable))
                : .other(NonInviteServerTransaction(values: timers, isReliable: isReliable)),
            key: key, mergeKey: mergeKey, requestTag: request.headers.toTag, receivedAt: receivedAt,
            flow: responseFlow, fallbackFlow: Self.fallbackFlow(to: request, from: flow))
        servers[id] = Boxed(transaction)
        serverKeys[key] = id
        flows.place(.server(id), on: responseFlow)
        if let mergeKey { mergeKeys[mergeKey] = id }
        return id
    }

    /// Keys that RFC 3261 knows were looked for when the request came; those of old peers fit several requests.
    private func isTaken(_ key: ServerTransactionKey) -> Bool {
        if case .legacy = key { serverKeys[key] != nil } else { false }
    }

    /// Sends a response through its transaction; one that the state does not let out any more is dropped.
    package mutating func sendResponse(_ response: SIPResponse, to id: ServerTransactionID, now: Instant) {
        guard let steps = servers[id]?.value.note(response, now: now) else { return }
        if steps.contains(.transmit), response.isFinal { noteAnswer(response, id, now) }
        perform(steps, server: id)
        if response.isSuccess, servers[id]?.value.machine.isAccepted == true { servers[id]?.value.lastResponse = nil }
    }

    /// Sends a provisional response once more that its user repeats until it is acknowledged (RFC 3262).
    package mutating func resendResponse(_ response: SIPResponse, to id: ServerTransactionID, now: Instant) {
        counts.responsesRetransmitted += 1
        sendResponse(response, to: id, now: now)
    }

    /// A 2xx, which its user sends again and again until it is acknowledged, is counted once.
    private mutating func noteAnswer(_ response: SIPResponse, _ id: ServerTransactionID, _ now: Instant) {
        guard let place = servers.index(forKey: id) else { return }
        guard !servers.values[place].value.isAnswered else {
            counts.responsesRetransmitted += 1
            return
        }
        servers.values[place].value.isAnswered = true
        count(response)
        count(response, .server, now - servers.values[place].value.receivedAt)
    }

    mutating func receive(_ request: SIPRequest, from flow: Flow, now: Instant) {
        (receivedAt, received) = (now, nil)
        var request = request
        request.noteSource(flow.remote)
        let key = ServerTransactionKey(request)
        if let key, let id = matchingServer(of: request, key) {
            return receiveAgain(request, id, from: flow, now: now)
        }
        if request.method == .ack { return outputs.append(.acknowledgement(request, flow)) }
        let mergeKey = MergedRequestKey(request)
        received = key.map { ($0, mergeKey) }
        if request.method == .cancel { return receiveCancel(request, from: flow, now: now) }
        if let mergeKey, mergeKeys[mergeKey] != nil {
            return answerStatelessly(request, status: 482, over: flow)
        }
        outputs.append(.request(request, flow))
    }

    mutating func advanceServer(_ id: ServerTransactionID, _ now: Instant) {
        servers[id]?.value.scheduled = ScheduledDeadline()
        guard let steps = servers[id]?.value.machine.advance(to: now) else { return }
        if steps.contains(.transmit) { counts.responsesRetransmitted += 1 }
        perform(steps, server: id)
    }

    mutating func failServer(_ id: ServerTransactionID) {
        guard let steps = servers[id]?.value.machine.transportFailed() else { return }
        perform(steps, server: id)
    }

    private func matchingServer(of request: SIPRequest, _ key: ServerTransactionKey) -> ServerTransactionID? {
        guard let id = serverKeys[key] else { return nil }
        guard case .legacy = key, let transaction = servers[id]?.value else { return id }
        let expected = request.method == .ack ? transaction.responseTag : transaction.requestTag
        return request.headers.toTag == expected ? id : nil
    }

    private mutating func receiveAgain(
        _ request: SIPRequest, _ id: ServerTransactionID, from flow: Flow, now: Instant
    ) {
        if request.method == .ack {
            guard let steps = servers[id]?.value.machine.receiveAcknowledgement(now: now) else { return }
            if steps.contains(.deliver) { outputs.append(.acknowledgement(request, flow)) }
            return perform(steps, server: id)
        }
        counts.retransmissionsAbsorbed += 1
        guard let transaction = servers[id]?.value else { return }
        let steps = transaction.machine.receiveRetransmission(hasResponse: transaction.lastResponse != nil)
        if steps.contains(.transmit) { counts.responsesRetransmitted += 1 }
        perform(steps, server: id)
    }

    /// A CANCEL is answered here: 200 when its INVITE is known, whatever its state, and else 481 (section 9.2).
    private mutating func receiveCancel(_ cancel: SIPRequest, from flow: Flow, now: Instant) {
        let target = ServerTransactionKey(cancel, method: .invite).flatMap { serverKeys[$0] }
        guard let target, let invite = servers[target]?.value else {
            return answerStatelessly(cancel, status: 481, over: flow)
        }
        guard let id = accept(cancel, from: flow) else { return }
        let tag = invite.responseTag ?? statelessTag(for: cancel)
        sendResponse(SIPResponse(to: cancel, status: 200, toTag: tag), to: id, now: now)
        if invite.machine.canBeCancelled { outputs.append(.cancelled(target, cancel)) }
    }

    private mutating func perform(_ steps: TransactionSteps, server id: ServerTransactionID) {
        if steps.contains(.transmit), let response = servers[id]?.value.lastResponse,
            let flow = servers[id]?.value.flow
        {
            outputs.append(.transmit(response, flow))
        }
        if steps.contains(.timedOut) {
            counts.timeouts += 1
            outputs.append(.serverFailed(id, .timeout))
        }
        if steps.contains(.transportFailed) { outputs.append(.serverFailed(id, .transport)) }
        if steps.contains(.terminated) { removeServer(id) } else { rescheduleServer(id) }
    }

    private mutating func removeServer(_ id: ServerTransactionID) {
        guard let transaction = servers.removeValue(forKey: id)?.value else { return }
        if serverKeys[transaction.key] == id { serverKeys[transaction.key] = nil }
        flows.remove(.server(id))
        if let mergeKey = transaction.mergeKey, mergeKeys[mergeKey] == id { mergeKeys[mergeKey] = nil }
        unschedule(transaction.scheduled)
        outputs.append(.serverEnded(id))
    }

    private mutating func rescheduleServer(_ id: ServerTransactionID) {
        guard let place = servers.index(forKey: id) else { return }
        let deadline = servers.values[place].value.machine.deadline
        var entry = servers.values[place].value.scheduled
        guard schedule(.server(id), at: deadline, replacing: &entry) else { return }
        servers.values[place].value.scheduled = entry
    }
}
