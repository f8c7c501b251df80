package import Wire

/// All transactions of one SIP element (RFC 3261 section 17): messages, sends and the time go in, outputs come out.
///
/// Rule of use: one call, then `takeOutputs()`, then a timer at `nextDeadline`. A `.request` output must be accepted
/// or answered before the next message is put in.
package struct TransactionLayer: Sendable {
    enum Owner: SerialID {
        case client(ClientTransactionID)
        case server(ServerTransactionID)

        /// Both are numbered in one row.
        var rawValue: UInt64 {
            switch self {
            case .client(let id): id.rawValue
            case .server(let id): id.rawValue
            }
        }
    }

    package let timers: TimerValues
    package let limits: TransactionLimits
    package internal(set) var counts = TransactionCounts()

    var clients: [ClientTransactionID: Boxed<ClientTransaction>] = [:]
    var clientKeys: [ClientTransactionKey: ClientTransactionID] = [:]
    var servers: [ServerTransactionID: Boxed<ServerTransaction>] = [:]
    var serverKeys: [ServerTransactionKey: ServerTransactionID] = [:]
    var mergeKeys: [MergedRequestKey: ServerTransactionID] = [:]
    var flows = FlowIndex<Owner>()
    var outputs = Outbox<TransactionOutput>()
    var entropy: Entropy
    /// When the request came that may be accepted now.
    var receivedAt = Instant.zero
    /// What it will be known by.
    var received: (key: ServerTransactionKey, mergeKey: MergedRequestKey?)?
    /// Makes the To tags of answers given without state repeat for a repeated request.
    let statelessSecret: String
    private var deadlines = TimerQueue<Owner>()
    private var lastID: UInt64 = 0

    package init(
        timers: TimerValues = TimerValues(), limits: TransactionLimits = TransactionLimits(), entropy: Entropy
    ) {
        self.timers = timers
        self.limits = limits
        self.entropy = entropy
        statelessSecret = self.entropy.hex(16)
    }

    package var transactionCount: Int { clients.count + servers.count }
    package var clientCount: Int { clients.count }
    package var serverCount: Int { servers.count }

    /// When `advance` is wanted next.
    package func nextDeadline() -> Instant? { deadlines.nextDeadline() }

    /// Everything that is to be done since the last call.
    package mutating func takeOutputs() -> [TransactionOutput] { outputs.take() }

    /// Gives back what `takeOutputs` answered, once it is empty, for the memory it has.
    package mutating func reuse(_ emptied: consuming [TransactionOutput]) { outputs.reuse(emptied) }

    package mutating func receive(_ message: SIPMessage, from flow: Flow, now: Instant) {
        switch message {
        case .request(let request): receive(request, from: flow, now: now)
        case .response(let response): receive(response, now: now)
        }
    }

    /// Lets every timer that is due fire.
    package mutating func advance(to now: Instant) {
        while let owner = deadlines.popExpired(now) {
            switch owner {
            case .client(let id): advanceClient(id, now)
            case .server(let id): advanceServer(id, now)
            }
        }
    }

    /// A flow could not be opened, or broke.
    ///
    /// Requests sent over it have failed. Answers to requests that came over it may still go to the address in the
    /// Via (RFC 3261 section 18.2.2); they have failed when that flow fails too.
    package mutating func transportFailed(_ flow: Flow, now: Instant) {
        for owner in flows.members(on: flow) {
            switch owner {
            case .client(let id): failClient(id)
            case .server(let id) where flow.connection == 0: failServer(id)
            case .server(let id):
                guard let fallback = servers[id]?.value.fallbackFlow else { continue }
                servers[id]?.value.flow = fallback
                flows.place(owner, on: fallback)
            }
        }
    }

    mutating func makeID() -> UInt64 {
        lastID += 1
        return lastID
    }

    /// Moves a transaction's entry in the timer queue to where its machine wants it; false when it is there.
    mutating func schedule(_ owner: Owner, at deadline: Instant, replacing entry: inout ScheduledDeadline) -> Bool {
        guard deadline != entry.deadline || (entry.token == nil && deadline != .never) else { return false }
        if let token = entry.token { deadlines.cancel(token) }
        entry.deadline = deadline
        entry.token = deadline == .never ? nil : deadlines.schedule(at: deadline, owner)
        return true
    }

    mutating func unschedule(_ entry: ScheduledDeadline) {
        if let token = entry.token { deadlines.cancel(token) }
    }

    /// A transaction's place in the timer queue.
    struct ScheduledDeadline: Sendable {
        var deadline = Instant.never
        var token: TimerQueue<Owner>.Token?
    }
}

extension TransactionLayer {
    /// Counts the final answer to a request; the caller sees to it that each is counted once.
    mutating func count(_ response: SIPResponse) {
        guard let method = response.headers.cseq?.method else { return }
        counts.answered[AnsweredRequest(method, response.status), default: 0] += 1
    }

    /// Counts how long it took to answer a request.
    mutating func count(_ response: SIPResponse, _ side: TimedRequest.Side, _ time: Duration) {
        guard let method = response.headers.cseq?.method else { return }
        counts.times[TimedRequest(method, side), default: AnswerTimes()].note(time)
    }

    /// Puts bytes out that no transaction looks after: the ACK of a 2xx.
    mutating func transmit(_ bytes: [UInt8], over flow: Flow) { outputs.append(.transmit(bytes, flow)) }
}
