import Wire

/// What a request of a session is for; its response goes to the code of that purpose.
enum SessionRequest: Sendable, Equatable {
    case invite
    case reinvite
    /// With an offer.
    case update
    /// UPDATE without an offer, to keep the session alive (RFC 4028).
    case refresh
    case prack
    case refer
    case bye
    case cancel
    /// BYE for a fork that answered too late.
    case strayBye
    /// NOTIFY: nothing depends on its answer.
    case notification
}

/// What the sessions of a user agent share: the transactions, who owns which, and the events for the user.
///
/// A session is given it for every input, so that it needs no way back to the user agent.
struct SessionContext: Sendable {
    struct Owner: Sendable {
        let session: SessionID
        let purpose: SessionRequest
        /// As it was before its Via, to be sent again with credentials or over another transport; its outline once it
        /// has its final response.
        var request: SIPRequest
        let flow: Flow
        /// Where the request goes when the way over TCP, taken for its size, fails.
        var datagramFlow: Flow?
    }

    var transactions: TransactionLayer
    var entropy: Entropy
    let profile: UserAgentProfile
    var owners: [ClientTransactionID: Boxed<Owner>] = [:]
    /// The INVITE server transactions that a CANCEL still reaches.
    var callees: [ServerTransactionID: SessionID] = [:]
    var events: [(SessionID, SessionEvent)] = []

    /// Bytes past which a request leaves UDP: the safe size where the path's is unknown (RFC 3261 section 18.1.1).
    static let datagramLimit = 1300

    var timers: TimerValues { transactions.timers }

    mutating func emit(_ event: SessionEvent, _ session: SessionID) { events.append((session, event)) }

    /// Sends a request of a session in a transaction of its own; nil when the layer is full.
    mutating func send(
        _ request: SIPRequest, _ purpose: SessionRequest, session: SessionID, peer: SessionPeer, over flow: Flow,
        now: Instant
    ) -> ClientTransactionID? {
        var complete = request
        switch complete.method {
        case .invite, .update, .refer:
            complete.headers.contacts = [peer.contact]
            profile.describe(&complete.headers, isResponse: false, options: peer.options)
        case .notify: complete.headers.contacts = [peer.contact]
        default: break
        }
        var owner = Owner(session: session, purpose: purpose, request: request, flow: flow)
        var flow = flow
        if flow.transport == .udp, peer.allowsTCP, complete.isLonger(than: Self.datagramLimit) {
            owner.datagramFlow = flow
            flow = Flow(transport: .tcp, remote: flow.remote)
        }
        complete.headers.prependVia(makeVia(flow, sentBy: peer.sentBy))
        guard let id = transactions.sendRequest(complete, over: flow, now: now) else { return nil }
        owners[id] = Boxed(owner)
        return id
    }

    /// Takes a session's INVITE or re-INVITE back (section 9.1), in a transaction that belongs to the same session.
    ///
    /// Nil while there is no provisional response, and once there is a final one.
    mutating func cancel(
        _ transaction: ClientTransactionID, reason: SIPReason? = nil, now: Instant
    ) -> ClientTransactionID? {
        guard let owner = owners[transaction]?.value,
            let id = transactions.cancel(transaction, reason: reason, now: now)
        else { return nil }
        owners[id] = Boxed(
            Owner(session: owner.session, purpose: .cancel, request: owner.request, flow: owner.flow))
        return id
    }

    mutating func respond(
        _ status: Int, to request: SIPRequest, toTag: String? = nil, _ id: ServerTransactionID, now: Instant,
        _ complete: (inout SIPResponse) -> Void = { _ in }
    ) {
        var response = SIPResponse(to: request, status: status, toTag: toTag)
        complete(&response)
        transactions.sendResponse(response, to: id, now: now)
    }

    mutating func makeVia(_ flow: Flow, sentBy: SocketAddress) -> Via {
        var via = Via(transport: flow.transport, sentBy: sentBy, branch: Via.magicCookie + entropy.hex(12))
        via.requestResponsePort()
        return via
    }

    mutating func makeTag() -> String { entropy.hex(8) }
}

extension SIPRequest {
    /// The session description; nil without one, or with a body of another type.
    package var sdp: [UInt8]? { !body.isEmpty && headers.saysSDP ? body : nil }

    mutating func setSDP(_ sdp: [UInt8]?) {
        headers.setSDP(sdp != nil)
        body = sdp ?? []
    }
}

extension SIPResponse {
    /// The session description; nil without one, or with a body of another type.
    package var sdp: [UInt8]? { !body.isEmpty && headers.saysSDP ? body : nil }

    mutating func setSDP(_ sdp: [UInt8]?) {
        headers.setSDP(sdp != nil)
        body = sdp ?? []
    }
}

extension SIPHeaders {
    private static let sdpType = Field(.contentType, MediaType.sdp.description)

    fileprivate mutating func setSDP(_ isThere: Bool) {
        if isThere { set(Self.sdpType) } else { remove(.contentType) }
    }
}
