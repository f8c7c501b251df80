/// Names a dialog within its user agent (RFC 3261 section 12).
package struct DialogID: Hashable, Sendable {
    package let callID: String
    package let localTag: String
    /// Empty for an RFC 2543 peer that sends none.
    package let remoteTag: String

    package init(callID: String, localTag: String, remoteTag: String) {
        (self.callID, self.localTag, self.remoteTag) = (callID, localTag, remoteTag)
    }
}

/// The state two user agents share after an INVITE: RFC 3261 section 12, from one side.
package struct Dialog: Sendable {
    package enum State: Sendable {
        case early
        case confirmed
    }

    /// What an arriving request's CSeq says (section 12.2.2).
    package enum Order: Sendable, Equatable {
        case inOrder
        /// Lower than one seen before: 500, nothing changes.
        case outOfOrder
    }

    package let id: DialogID
    package private(set) var state: State
    /// Ours, with our tag, as every request of ours says it.
    let localField: SIPHeaders.Field
    /// The peer's, with its tag.
    private let remoteField: SIPHeaders.Field
    package private(set) var remoteTarget: SIPURI
    package private(set) var routeSet: [NameAddress]
    package private(set) var localSequence: UInt32
    /// Nil until the peer sends a request.
    package private(set) var remoteSequence: UInt32?

    /// The caller's side, from a response with more than 100 to its INVITE (section 12.1.2).
    ///
    /// A response without a Contact keeps the Request-URI as the target. Nil when an identity is missing.
    package init?(calling request: SIPRequest, answeredBy response: SIPResponse) {
        guard let local = request.headers.first(.from), let remote = response.headers.first(.to),
            !remote.addresses.isEmpty,
            let callID = request.headers.callID, let sequence = request.headers.cseq?.number, response.status > 100
        else { return nil }
        id = DialogID(callID: callID, localTag: request.headers.fromTag ?? "", remoteTag: response.headers.toTag ?? "")
        state = (200..<300).contains(response.status) ? .confirmed : .early
        localField = local
        remoteField = SIPHeaders.Field(.to, copying: remote)
        remoteTarget = response.headers.contacts.first?.uri ?? request.uri
        routeSet = response.headers.recordRoutes.reversed()
        localSequence = sequence
    }

    /// The callee's side, from the INVITE and the tag we gave it (section 12.1.1).
    ///
    /// Nil when an identity is missing.
    package init?(calledBy request: SIPRequest, localTag: String) {
        guard var local = request.headers.to, let remote = request.headers.first(.from),
            let caller = remote.addresses.first, let callID = request.headers.callID,
            let sequence = request.headers.cseq?.number
        else { return nil }
        local.tag = localTag
        id = DialogID(callID: callID, localTag: localTag, remoteTag: caller.tag ?? "")
        state = .early
        localField = SIPHeaders.Field(.from, addresses: [local])
        remoteField = SIPHeaders.Field(.to, copying: remote)
        remoteTarget = request.headers.contacts.first?.uri ?? caller.uri
        routeSet = request.headers.recordRoutes
        // Any start below 2^31 will do; the peer's own number keeps traces readable.
        localSequence = 0
        remoteSequence = sequence
    }

    /// The INVITE got its 2xx; the caller's route set is the one of that response (section 13.2.2.4).
    package mutating func confirm(by response: SIPResponse? = nil) {
        state = .confirmed
        guard let response else { return }
        routeSet = response.headers.recordRoutes.reversed()
        if let target = response.headers.contacts.first?.uri { remoteTarget = target }
    }

    /// Checks the CSeq of a request of the peer, which is not an ACK or CANCEL.
    package mutating func receive(_ request: SIPRequest) -> Order {
        guard let number = request.headers.cseq?.number else { return .outOfOrder }
        if let last = remoteSequence, number <= last { return .outOfOrder }
        remoteSequence = number
        return .inOrder
    }

    /// A re-INVITE or UPDATE of either side moved the peer's target (section 12.2).
    package mutating func refreshTarget(from headers: SIPHeaders) {
        if let target = headers.contacts.first?.uri { remoteTarget = target }
    }

    /// Changes it where it is: through an optional, too, which a closure cannot reach into.
    mutating func apply<Result>(_ change: (inout Dialog) -> Result) -> Result { change(&self) }

    /// Where the next request goes on the wire: the first route, or the target.
    package var nextHop: SIPURI { routeSet.first?.uri ?? remoteTarget }

    /// A request within the dialog with the next CSeq (section 12.2.1.1), without a Via.
    package mutating func makeRequest(_ method: SIPMethod) -> SIPRequest {
        makeRequest(method, sequence: makeSequence())
    }

    /// The ACK of a 2xx, with the CSeq number of its INVITE (section 13.2.2.4), without a Via.
    package func makeAcknowledgement(sequence: UInt32) -> SIPRequest { makeRequest(.ack, sequence: sequence) }

    /// The CSeq number of the next request of ours, for one that is sent again with credentials.
    package mutating func makeSequence() -> UInt32 {
        localSequence &+= 1
        return localSequence
    }

    private func makeRequest(_ method: SIPMethod, sequence: UInt32) -> SIPRequest {
        var request: SIPRequest
        if let first = routeSet.first, !first.uri.isLooseRoute {
            // A strict router wants to find itself in the Request-URI and the target at the end of the routes.
            var uri = first.uri
            uri.headers = []
            uri.parameters.remove("method")
            request = SIPRequest(method, uri, headers: SIPHeaders(capacity: 16))
            request.headers.routes = routeSet.dropFirst() + [NameAddress(uri: remoteTarget)]
        } else {
            request = SIPRequest(method, remoteTarget, headers: SIPHeaders(capacity: 16))
            request.headers.routes = routeSet
        }
        request.headers.append(.allHops)
        request.headers.append(localField)
        request.headers.append(remoteField)
        request.headers.append(SIPHeaders.Field(callID: id.callID))
        request.headers.append(SIPHeaders.Field(cseq: CSeq(sequence, method)))
        return request
    }
}
