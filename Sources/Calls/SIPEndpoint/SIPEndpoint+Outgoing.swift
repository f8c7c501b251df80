import Directory
import Reactor
import SIP
import Wire

/// How an outgoing call is addressed, by its target.
extension SIPEndpoint {
    /// The session of one attempt; nil when the trunk is gone, or its rules leave no number.
    func outgoing(_ request: OutgoingInvite, _ attempt: HuntAttempt) -> OutgoingSession? {
        let session: OutgoingSession? =
            switch request.target {
            case .contact(let contact): call(contact, request)
            case .trunk(let route): callTrunk(route.number, request, attempt)
            case .uri(let uri): call(uri, request, attempt.flow)
            }
        guard var session else { return nil }
        if request.autoAnswer { session.askForAutoAnswer() }
        if let replaces = request.replaces { session.headers.append(("Replaces", "\(replaces)")) }
        if let referrer = request.referredBy { session.headers.append(("Referred-By", referrer)) }
        if let name = configuration.traceHeader, let parent = request.traceParent {
            session.headers.append((name, parent))
        }
        session.maxForwards = request.maxForwards
        return session
    }

    func makeCallID() -> String {
        var entropy = loop.makeEntropy()
        return entropy.hex(16)
    }

    /// A device of an account: over the flow it registered by, past the proxies it registered through.
    private func call(_ contact: RegisteredContact, _ request: OutgoingInvite) -> OutgoingSession? {
        var peer = peer(contact.flow, user: request.from.user, isSymmetric: true, account: contact.account)
        peer.options = .phone
        let form = CallerForm(request.from, uri: ownAddress(of: request.from.user, peer))
        var to = contact.uri
        to.user = contact.account
        to.parameters = SIPParameters()
        return OutgoingSession(
            uri: contact.uri, from: form.from, to: NameAddress(uri: to), routes: contact.path, offer: request.offer,
            peer: peer)
    }

    private func ownAddress(of user: String, _ peer: SessionPeer) -> SIPURI {
        configuration.domain.flatMap { SIPURI(user: user, host: $0) } ?? SIPURI(user: user, address: peer.sentBy)
    }

    /// A number behind a trunk, under the name of the account the caller has there.
    private func callTrunk(_ number: String, _ request: OutgoingInvite, _ attempt: HuntAttempt) -> OutgoingSession? {
        guard let trunk = attempt.trunk, let state = trunks.states[trunk], state.isEnabled,
            let target = attempt.target
        else { return nil }
        let dialled = state.trunk.numbers.outgoingCalled.rewrite(number)
        guard !dialled.isEmpty, let uri = TrunkState.address(of: target, user: dialled),
            let form = CallerForm(request.from, at: state)
        else { return nil }
        let account = state.account(of: request.from)
        let registration = account.flatMap(state.registration)
        var peer = peer(
            attempt.flow, user: account?.username ?? request.from.user, isSymmetric: false, allowsTCP: true,
            credentials: account.map(state.credentials))
        peer.options = SessionOptions(state.trunk.session)
        // The way a registrar asks for leads to itself; its neighbour would not know us there (RFC 3608).
        let isHome = registration?.flow == attempt.flow
        return OutgoingSession(
            uri: attempt.uri ?? uri, from: form.from, to: NameAddress(uri: uri),
            routes: isHome ? registration?.client.serviceRoute ?? [] : [], offer: request.offer,
            headers: form.headers, peer: peer)
    }

    /// Any SIP address, at one of its servers.
    private func call(_ uri: SIPURI, _ request: OutgoingInvite, _ flow: Flow) -> OutgoingSession? {
        let peer = peer(flow, user: request.from.user, isSymmetric: false, allowsTCP: true)
        sources.trust(flow.remote.ip, until: now + .seconds(600))
        let form = CallerForm(request.from, uri: ownAddress(of: request.from.user, peer))
        return OutgoingSession(
            uri: uri, from: form.from, to: NameAddress(uri: uri), offer: request.offer, peer: peer)
    }
}

extension SessionOptions {
    /// What a phone may ask for.
    static let phone = SessionOptions(reliable: .supported)

    /// What a trunk wants of its sessions.
    init(_ session: TrunkSession) {
        self.init(reliable: Reliability(session.reliable), timer: session.timer)
    }
}

extension SessionOptions.Reliability {
    fileprivate init(_ wanted: TrunkSession.Reliability) {
        switch wanted {
        case .off: self = .off
        case .supported: self = .supported
        case .required: self = .required
        }
    }
}

extension OutgoingSession {
    /// The headers phones of several makers take for "pick up by yourself".
    mutating func askForAutoAnswer() {
        headers.append(("Call-Info", "<sip:\(peer.sentBy)>;answer-after=0"))
        headers.append(("Alert-Info", "<http://localhost>;info=alert-autoanswer"))
    }
}
