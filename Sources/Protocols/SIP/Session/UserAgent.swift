package import Wire

/// What a user agent wants done or known, in the order it happened.
package enum UserAgentOutput: Sendable {
    case transmit([UInt8], Flow)
    /// A request outside every dialog: take it (`beginSession`, `accept`) or `answerStatelessly`, before the next input.
    case request(SIPRequest, Flow)
    /// A request named a dialog of ours by its tags, which only its parties know.
    case recognized(Flow)
    case session(SessionID, SessionEvent)
    /// For requests sent by `sendRequest`.
    case response(SIPResponse, ClientTransactionID)
    case failed(ClientTransactionID, TransactionFailure)
}

/// A SIP user agent without a socket: transactions, dialogs and INVITE sessions (RFC 3261 section 8).
///
/// Requests are judged by the validator before anything else looks at them. Messages, commands and the time go in; after each, `takeOutputs` and a timer at `nextDeadline`.
package struct UserAgent: Sendable {
    var context: SessionContext
    let validator: SIPRequestValidator
    var sessions: [SessionID: Boxed<InviteSession>] = [:]
    /// Sessions by what the To tag of an in-dialog request must name: Call-ID and our tag.
    private var sessionIDs: [SessionKey: SessionID] = [:]
    /// Sessions whose peer is reached over one certain connection.
    private(set) var flows = FlowIndex<SessionID>()
    /// Sessions with devices whose connection is gone.
    private(set) var adrift: Set<SessionID> = []
    private var deadlines = TimerQueue<SessionID>()
    private var outputs = Outbox<UserAgentOutput>()
    private var lastSession: UInt64 = 0
    /// Each once; never more than a few.
    private var touched: [SessionID] = []

    private struct SessionKey: Hashable {
        let callID: String
        let localTag: String
    }

    package init(
        profile: UserAgentProfile, validator: SIPRequestValidator, timers: TimerValues = TimerValues(),
        limits: TransactionLimits = TransactionLimits(), entropy: Entropy
    ) {
        var validator = validator
        validator.extensions += OptionTag.all.filter { !validator.extensions.contains($0) }
        self.validator = validator
        // The layer draws one secret and no name from it, so that both may go on from the same place.
        let layer = TransactionLayer(timers: timers, limits: limits, entropy: entropy)
        context = SessionContext(transactions: layer, entropy: entropy, profile: profile)
    }

    package var counts: TransactionCounts { context.transactions.counts }
    package var transactionCount: Int { context.transactions.transactionCount }
    /// Sessions with all their leftovers.
    package var sessionCount: Int { sessions.count }
    package var profile: UserAgentProfile { context.profile }

    /// Mutating, as with others of its kind, so that a class that has it asks it in its place: a copy would be made to be
    /// asked, and all tables counted.
    package mutating func nextDeadline() -> Instant? {
        switch (context.transactions.nextDeadline(), deadlines.nextDeadline()) {
        case (let first?, let second?): min(first, second)
        case (let first, let second): first ?? second
        }
    }

    package mutating func takeOutputs() -> [UserAgentOutput] { outputs.take() }

    /// Gives back what `takeOutputs` answered, once it is empty, for the memory it has.
    package mutating func reuse(_ emptied: consuming [UserAgentOutput]) { outputs.reuse(emptied) }

    // MARK: Inputs

    package mutating func receive(_ message: SIPMessage, from flow: Flow, now: Instant) {
        context.transactions.receive(message, from: flow, now: now)
        settle(now)
    }

    package mutating func advance(to now: Instant) {
        context.transactions.advance(to: now)
        settle(now)
        while let id = deadlines.popExpired(now) {
            sessions[id]?.value.wakening = nil
            withSession(id, now) { $0.advance(to: now, &$1) }
        }
    }

    /// A flow could not be opened, or broke.
    package mutating func transportFailed(_ flow: Flow, now: Instant) {
        for id in flows.members(on: flow) {
            touch(id) { session, _ in session.connectionLost() }
        }
        context.transactions.transportFailed(flow, now: now)
        settle(now)
    }

    // MARK: Requests outside sessions

    /// Sends a request in a transaction of its own; its outcome comes as `.response` or `.failed`.
    package mutating func sendRequest(
        _ request: SIPRequest, over flow: Flow, sentBy: SocketAddress, now: Instant
    ) -> ClientTransactionID? {
        var complete = request
        complete.headers.prependVia(context.makeVia(flow, sentBy: sentBy))
        complete.headers[.userAgent] = context.profile.name
        defer { settle(now) }
        return context.transactions.sendRequest(complete, over: flow, now: now)
    }

    /// Answers a request just put out in a transaction; `complete` adds what the answer carries.
    package mutating func answer(
        _ request: SIPRequest, status: Int, reason: String? = nil, over flow: Flow, now: Instant,
        _ complete: (inout SIPResponse) -> Void = { _ in }
    ) {
        guard let id = context.transactions.accept(request, from: flow) else { return settle(now) }
        var response = SIPResponse(to: request, status: status, reason: reason, toTag: context.makeTag())
        response.headers[.server] = context.profile.name
        complete(&response)
        context.transactions.sendResponse(response, to: id, now: now)
        settle(now)
    }

    /// Answers a request just put out without remembering anything.
    package mutating func answerStatelessly(
        _ request: SIPRequest, status: Int, reason: String? = nil, over flow: Flow, now: Instant,
        _ complete: (inout SIPHeaders) -> Void = { _ in }
    ) {
        let name = context.profile.name
        context.transactions.answerStatelessly(request, status: status, reason: reason, over: flow) {
            $0[.server] = name
            complete(&$0)
        }
        settle(now)
    }

    // MARK: Sessions

    /// Places a call.
    package mutating func call(_ call: OutgoingSession, now: Instant) -> SessionID {
        let id = makeSessionID()
        insert(Boxed(InviteSession(calling: call, id: id, &context)))
        withSession(id, now) { $0.start(now: now, &$1) }
        return id
    }

    /// Takes an INVITE just put out, with 100 at once.
    ///
    /// Nil when there is no room, when it identifies no dialog, or when it does not go together with the options of the
    /// peer (420, 421, 422): then it has been answered.
    package mutating func beginSession(
        _ invite: SIPRequest, from flow: Flow, peer: SessionPeer, now: Instant
    ) -> SessionID? {
        guard let transaction = context.transactions.accept(invite, from: flow) else {
            settle(now)
            return nil
        }
        if let refusal = SessionRefusal(of: invite, peer.options) {
            context.respond(
                refusal.status, to: invite, toTag: context.makeTag(), transaction, now: now, refusal.complete)
            settle(now)
            return nil
        }
        let id = makeSessionID()
        guard let session = InviteSession(answering: invite, transaction, peer: peer, id: id, &context) else {
            context.respond(400, to: invite, toTag: context.makeTag(), transaction, now: now)
            settle(now)
            return nil
        }
        insert(Boxed(session))
        withSession(id, now) { $0.welcome(now: now, &$1) }
        return id
    }

    package mutating func ring(_ id: SessionID, status: Int, sdp: [UInt8]?, now: Instant) {
        withSession(id, now) { $0.ring(status: status, sdp: sdp, now, &$1) }
    }

    package mutating func accept(_ id: SessionID, sdp: [UInt8]?, now: Instant) {
        withSession(id, now) { $0.accept(sdp: sdp, now, &$1) }
    }

    /// Whether a 2xx would have to wait: for the PRACK of a description of ours (RFC 3262 section 3), or for our answer to
    /// an offer that came before it.
    ///
    /// The session that is accepted nevertheless sends it later by itself; `acceptable` is for those who wait.
    package mutating func mustWaitToAccept(_ id: SessionID) -> Bool { sessions[id]?.value.mustWaitToAccept ?? false }

    package mutating func reject(
        _ id: SessionID, status: Int, reason: String? = nil, now: Instant,
        _ complete: (inout SIPResponse) -> Void = { _ in }
    ) {
        withSession(id, now) { $0.reject(status: status, reason: reason, now, &$1, complete) }
    }

    /// Hangs up in the way the session's phase allows; `status` refuses a caller that still waits.
    package mutating func hangUp(_ id: SessionID, status: Int = 480, reason: SIPReason? = nil, now: Instant) {
        withSession(id, now) { $0.hangUp(status: status, reason: reason, now, &$1) }
    }

    /// Offers a changed session at once, or when what is under way is over; in an early dialog by UPDATE if the peer
    /// takes it, else once the call is answered.
    package mutating func offer(_ id: SessionID, sdp: [UInt8], by method: OfferMethod = .reinvite, now: Instant) {
        withSession(id, now) { $0.offer(sdp, method, now, &$1) }
    }

    /// Asks the peer for an offer by a re-INVITE without one; it comes as `answeredWithOffer`.
    package mutating func requestOffer(_ id: SessionID, now: Instant) {
        withSession(id, now) { $0.offer(nil, .reinvite, now, &$1) }
    }

    package mutating func answerOffer(_ id: SessionID, sdp: [UInt8], now: Instant) {
        withSession(id, now) { $0.answerOffer(sdp, now, &$1) }
    }

    package mutating func rejectOffer(_ id: SessionID, status: Int, now: Instant) {
        withSession(id, now) { $0.rejectOffer(status: status, now, &$1) }
    }

    package mutating func notifyTransfer(_ id: SessionID, status: Int, now: Instant) {
        withSession(id, now) { $0.notifyTransfer(status: status, now, &$1) }
    }

    /// Asks the peer of a session that is set up to call somebody else in our place (RFC 3515).
    ///
    /// How it goes comes as `transferProgress`; false when it cannot be asked now. `replaces` names the dialog its call
    /// shall take the place of, as `replaces(naming:)` makes it.
    package mutating func refer(
        _ id: SessionID, to target: SIPURI, replaces: Replaces? = nil, referredBy: NameAddress? = nil, now: Instant
    ) -> Bool {
        var isAsked = false
        withSession(id, now) { isAsked = $0.refer(to: target, replaces, referredBy, now, &$1) }
        return isAsked
    }

    /// Whether the peer of a session takes INFO (RFC 6086).
    ///
    /// Mutating like the other questions that come with every call, so that whoever owns the agent lends it: asking
    /// would else take a copy of all of it.
    package mutating func takesInfo(_ id: SessionID) -> Bool { sessions[id]?.value.allowsInfo ?? false }

    /// Sends the peer an INFO; what it answers changes nothing.
    package mutating func sendInfo(_ id: SessionID, _ type: MediaType, _ body: [UInt8], now: Instant) {
        withSession(id, now) { $0.sendInfo(type, body, now, &$1) }
    }

    // MARK: Bookkeeping

    private mutating func makeSessionID() -> SessionID {
        lastSession += 1
        return SessionID(rawValue: lastSession)
    }

    private mutating func insert(_ session: Boxed<InviteSession>) {
        let id = session.value.id
        sessionIDs[SessionKey(callID: session.value.callID, localTag: session.value.localTag)] = id
        sessions[id] = session
    }

    /// Changes one session, then carries out what that caused.
    private mutating func withSession(_ id: SessionID, _ now: Instant, _ change: InviteSession.Change) {
        touch(id, change)
        settle(now)
    }

    /// Leads sessions over another flow from now on.
    mutating func move(_ ids: [SessionID], to flow: Flow, now: Instant) {
        for id in ids { touch(id) { session, _ in session.peer.flow = flow } }
        settle(now)
    }

    mutating func touch(_ id: SessionID, _ change: InviteSession.Change) {
        if !touched.contains(id) { touched.append(id) }
        sessions[id]?.value.apply(change, &context)
    }

    /// Routes what the transactions put out until they have no more to say, and hands the rest to the user.
    private mutating func settle(_ now: Instant) {
        while true {
            var batch = context.transactions.takeOutputs()
            if batch.isEmpty { break }
            batch.reverse()
            while let output = batch.popLast() { route(output, now) }
            context.transactions.reuse(batch)
        }
        if !context.events.isEmpty {
            for (id, event) in context.events { put(.session(id, event)) }
            context.events = []
        }
        for id in touched {
            guard let place = sessions.index(forKey: id) else { continue }
            follow(id, at: place)
            reschedule(id, at: place)
        }
        touched.removeAll(keepingCapacity: true)
    }

    private typealias Place = Dictionary<SessionID, Boxed<InviteSession>>.Index

    private mutating func follow(_ id: SessionID, at place: Place) {
        if sessions.values[place].value.peer.isAdrift { adrift.insert(id) } else { adrift.remove(id) }
        if sessions.values[place].value.peer.flow.connection == 0 { return flows.remove(id) }
        flows.place(id, on: sessions.values[place].value.peer.flow)
    }

    private mutating func reschedule(_ id: SessionID, at place: Place) {
        let deadline = sessions.values[place].value.timers.next
        let isFinished = sessions.values[place].value.isFinished
        if let current = sessions.values[place].value.wakening {
            if current.deadline == deadline, !isFinished { return }
            deadlines.cancel(current.token)
            sessions.values[place].value.wakening = nil
        }
        if isFinished {
            let session = sessions.remove(at: place).value
            sessionIDs[SessionKey(callID: session.value.callID, localTag: session.value.localTag)] = nil
            flows.remove(id)
            adrift.remove(id)
        } else if deadline != .never {
            sessions.values[place].value.wakening = (deadline, deadlines.schedule(at: deadline, id))
        }
    }

    /// The session an in-dialog request names by Call-ID and our tag.
    func session(for request: SIPRequest) -> SessionID? {
        guard let callID = request.headers.callID, let tag = request.headers.toTag else { return nil }
        return session(callID: callID, localTag: tag)
    }

    func session(callID: String, localTag: String) -> SessionID? {
        sessionIDs[SessionKey(callID: callID, localTag: localTag)]
    }

    mutating func put(_ output: UserAgentOutput) { outputs.append(output) }
}
