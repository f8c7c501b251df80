import Wire

/// One INVITE session from INVITE to the last leftover, on either side: RFC 3261 sections 13 to 15, with RFC 3262, 3311,
/// 3515, 4028 and 6337.
///
/// Made of a dialog, the transactions in the context and the retransmission of 2xx that is the user's own. Its ending
/// is reported exactly once; what is left after it (a cancelled INVITE, a BYE, an ACK that is awaited) is finished
/// silently, within `leftovers`.
struct InviteSession: Sendable {
    enum Role: Sendable {
        case caller
        case callee
    }

    indirect enum Phase: Sendable {
        /// Caller: the INVITE is out. To answering, established, over.
        case calling
        /// Caller: the 2xx brought an offer, its ACK waits for our answer. To established, over.
        case answering(SIPResponse)
        /// Callee: no final response yet. To accepted, over.
        case incoming
        /// Callee: 2xx sent, its ACK is awaited. To established, over.
        case accepted
        /// To over.
        case established
        /// The ending is reported.
        case over
    }

    /// What became of the wish to give up an INVITE.
    indirect enum Cancellation: Sendable {
        case none
        /// Waits for a provisional response, without which no CANCEL may go (section 9.1).
        case wanted(SIPReason?)
        case sent
    }

    let id: SessionID
    let role: Role
    let callID: String
    let localTag: String
    var peer: SessionPeer
    /// Where the session began.
    let host: IPAddress
    var phase: Phase
    /// The dialog that was confirmed, or for a callee the early one.
    var dialog: Dialog?
    var timers = SessionTimers()
    /// When the user agent has it look at its timers.
    var wakening: (deadline: Instant, token: TimerQueue<SessionID>.Token)?
    /// Client transactions of this session that have not ended.
    var openTransactions: Set<ClientTransactionID> = []
    var authentication = RequestAuthentication()
    /// The latest ACK of a 2xx.
    @Sparse var lastAcknowledgement: SentAcknowledgement?

    /// Caller: the INVITE as sent last, without its Via, while its transaction lasts; its outline once it is
    /// answered or given up.
    @Sparse var invite: SIPRequest?
    var inviteTransaction: ClientTransactionID?
    var cancellation = Cancellation.none
    var forks = Forks()

    /// Callee: the INVITE not yet finally answered.
    @Sparse var serverInvite: (id: ServerTransactionID, request: SIPRequest)?
    /// The provisional response that is repeated while nobody answers.
    @Sparse var lastProvisional: SIPResponse?
    /// Callee: its provisional responses are reliable.
    @Sparse var provisionals: ReliableProvisionals?
    /// Callee: the first exchange was over before the answer to the INVITE.
    var isNegotiated = false
    /// Callee: the user accepted with something else than what had been settled before.
    var owesOffer = false

    /// Our 2xx to an INVITE or re-INVITE, without its ACK so far.
    @Sparse var unacknowledged: UnacknowledgedSuccess?
    /// The BYE to send once the ACK came, or is given up (section 15).
    var owedBye: (isOwed: Bool, reason: SIPReason?) = (false, nil)
    var exchange = OfferExchange.stable
    /// An offer that waits until another exchange is over.
    @Sparse var queuedOffer: QueuedOffer?
    /// Ours as the peer knows it, while it may have to be said again.
    var localDescription: [UInt8]?
    /// A hash of the peer's.
    var remoteDescription = 0
    /// How many of ours the peer was sent as answers.
    var descriptions: UInt32 = 0
    /// Whether the peer takes UPDATE; nil while it has not said.
    var allowsUpdate: Bool?
    /// Whether it said that it takes INFO.
    var allowsInfo = false
    var refusesUpdate = false

    var refresh: SessionRefresh?
    /// The least session interval that servers on the way accept.
    var minimumInterval = SessionRefresh.shortest
    /// The transfer the peer asked us for.
    var transfer = IncomingTransfer()
    /// The transfer we asked the peer for.
    @Sparse var referral: Referral?

    var isOver: Bool {
        if case .over = phase { true } else { false }
    }

    var isEstablished: Bool {
        if case .established = phase { true } else { false }
    }

    /// Whether nothing is left to do, so that the session can be forgotten.
    var isFinished: Bool { isOver && openTransactions.isEmpty && unacknowledged == nil }

    // MARK: Inputs

    typealias Change = (inout InviteSession, inout SessionContext) -> Void

    mutating func apply(_ change: Change, _ context: inout SessionContext) { change(&self, &context) }

    mutating func advance(to now: Instant, _ context: inout SessionContext) {
        while let timer = timers.popDue(now) { fire(timer, now, &context) }
    }

    /// A response to one of the session's requests.
    mutating func receive(
        _ response: SIPResponse, to owner: SessionContext.Owner, _ id: ClientTransactionID, now: Instant,
        _ context: inout SessionContext
    ) {
        if response.status == 401 || response.status == 407,
            retryWithCredentials(owner, challengedBy: response, now, &context)
        {
            return
        }
        if response.isSuccess { authentication.succeeded() }
        switch owner.purpose {
        case .invite: receiveInviteResponse(response, id, now, &context)
        case .reinvite, .update: receiveOfferResponse(response, to: owner, id, now, &context)
        case .refresh: receiveRefreshResponse(response, now, &context)
        case .refer: receiveReferResponse(response, now, &context)
        case .prack, .bye, .cancel, .strayBye, .notification: break
        }
    }

    /// One of the session's requests will have no final response.
    mutating func requestFailed(
        _ owner: SessionContext.Owner, _ id: ClientTransactionID, _ failure: TransactionFailure, now: Instant,
        _ context: inout SessionContext
    ) {
        switch owner.purpose {
        case .invite: end(.unanswered(failure == .timeout ? 408 : 503), now, &context)
        // A connection that broke says nothing about the peer; silence does (section 12.2.1.2).
        case .reinvite where failure == .transport, .update where failure == .transport:
            offerUnsendable(id, now, &context)
        case .refresh where failure == .transport: refreshLater(now)
        case .reinvite, .update, .refresh: hangUp(ending: .lost(.peerGone), reason: nil, now, &context)
        case .refer: referralEnded(status: failure == .timeout ? 408 : 503, &context)
        case .bye where failure == .transport && owner.flow != dialogFlow:
            send(owner.request, .bye, now: now, &context)
        case .prack, .bye, .cancel, .strayBye, .notification: break
        }
    }

    mutating func transactionEnded(_ id: ClientTransactionID) {
        openTransactions.remove(id)
        if inviteTransaction == id {
            // No 2xx comes any more, so that nothing needs the INVITE and its forks.
            inviteTransaction = nil
            invite = nil
            forks = Forks()
        }
        if openTransactions.isEmpty {
            openTransactions = []
            lastAcknowledgement = nil
        }
        if isFinished { timers = SessionTimers() }
    }

    private mutating func fire(_ timer: SessionTimer, _ now: Instant, _ context: inout SessionContext) {
        switch timer {
        case .successRetransmission: retransmitSuccess(now, &context)
        case .acknowledgement: acknowledgementMissing(now, &context)
        case .ring: ringLimitReached(now, &context)
        case .provisionalRefresh: refreshProvisional(now, &context)
        case .cancellation: abandonCancelledRequest(&context)
        case .reliableRetransmission: retransmitProvisional(now, &context)
        case .reliableLimit: prackMissing(now, &context)
        case .glare: sendQueuedOffer(now, &context)
        case .offer: offerLimitReached(now, &context)
        case .refresh: refreshSession(now, &context)
        case .expiry: sessionExpired(now, &context)
        case .transfer: referralTimedOut(now, &context)
        case .leftovers:
            unacknowledged = nil
            for id in openTransactions { context.transactions.abandon(id) }
        }
    }
}

extension InviteSession {
    /// Sends a request within the dialog or another one, or the INVITE that begins one.
    @discardableResult
    mutating func send(
        _ request: SIPRequest, _ purpose: SessionRequest, over other: Flow? = nil, now: Instant,
        _ context: inout SessionContext
    ) -> ClientTransactionID? {
        let flow = other ?? dialogFlow
        guard
            let transaction = context.send(request, purpose, session: id, peer: peer, over: flow, now: now)
        else { return nil }
        openTransactions.insert(transaction)
        return transaction
    }

    /// The connection to the peer is no more: from now on it is connected to where its Contact says, if that is where
    /// it was, and else to where it spoke from.
    mutating func connectionLost() {
        let target = dialog?.remoteTarget
        let isReachable = target?.address == peer.flow.remote.ip
        let port = isReachable ? target?.port ?? peer.flow.transport.defaultPort : peer.flow.remote.port
        let remote = SocketAddress(ip: peer.flow.remote.ip, port: port)
        peer.flow = Flow(transport: peer.flow.transport, remote: remote, domain: peer.flow.domain)
    }

    /// The connection a request was to take for its size cannot be had: it goes as a datagram after all.
    mutating func resend(
        _ owner: SessionContext.Owner, asDatagramOver flow: Flow, now: Instant, _ context: inout SessionContext
    ) {
        peer.allowsTCP = false
        let transaction = context.send(owner.request, owner.purpose, session: id, peer: peer, over: flow, now: now)
        if let transaction { openTransactions.insert(transaction) }
        replaceTransaction(of: owner.purpose, by: transaction)
    }

    private mutating func replaceTransaction(of purpose: SessionRequest, by transaction: ClientTransactionID?) {
        switch purpose {
        case .invite: inviteTransaction = transaction
        case .reinvite, .update: exchange.replaceTransaction(transaction)
        case .refresh, .prack, .refer, .bye, .cancel, .strayBye, .notification: break
        }
    }

    /// Answers a challenge once for each nonce; false when there is nothing (more) to answer it with.
    private mutating func retryWithCredentials(
        _ owner: SessionContext.Owner, challengedBy response: SIPResponse, _ now: Instant,
        _ context: inout SessionContext
    ) -> Bool {
        if owner.purpose == .invite, isOver { return false }
        // A CANCEL cannot be sent again (section 22.1), and its owner's request is the INVITE it takes back.
        if owner.purpose == .cancel { return false }
        guard mayAuthenticate(over: owner.flow),
            var request = authentication.answer(
                response, to: owner.request, credentials: peer.credentials, entropy: &context.entropy)
        else { return false }
        let following = (owner.request.headers.cseq?.number ?? 0) &+ 1
        let tag = request.headers.toTag ?? ""
        let number = changeDialog(tag) { $0.makeSequence() } ?? following
        request.headers.cseq = CSeq(number, request.method)
        let transaction = send(request, owner.purpose, over: owner.flow, now: now, &context)
        if owner.purpose == .invite { invite = request }
        replaceTransaction(of: owner.purpose, by: transaction)
        return transaction != nil
    }
}
