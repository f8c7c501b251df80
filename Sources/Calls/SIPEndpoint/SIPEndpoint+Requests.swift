import Directory
import SIP
import Telemetry
import Wire

/// Requests that belong to no dialog: who may ask what.
extension SIPEndpoint {
    func take(_ request: SIPRequest, _ flow: Flow) {
        switch request.method {
        case .invite: takeInvite(request, flow)
        case .register: takeRegister(request, flow)
        case .options: answerOptions(request, flow)
        default:
            // What is left belongs into a dialog, and this names none.
            agent.answerStatelessly(request, status: 481, over: flow, now: now)
        }
    }

    private func answerOptions(_ request: SIPRequest, _ flow: Flow) {
        agent.answerStatelessly(request, status: isDraining ? 503 : 200, over: flow, now: now) { headers in
            headers.allow = Self.methods
            headers[.accept] = MediaType.sdp.description
            headers.supported = Self.extensions + SessionOptions.phone.supportedTags
        }
    }

    // MARK: Calls

    private func takeInvite(_ invite: SIPRequest, _ flow: Flow) {
        guard let source = source(of: invite, flow) else { return }
        let isFull = configuration.maximumSessions > 0 && legs.count >= configuration.maximumSessions
        guard !isDraining, !isFull else { return refuseForNow(invite, flow) }
        let replacement = agent.replacement(for: invite)
        if case .refused(let status) = replacement {
            return agent.answer(invite, status: status, over: flow, now: now)
        }
        if case .trunk(let name) = source {
            trunks.count(of: name) { $0.received += 1 }
            guard trunks.hasChannel(name) else {
                trunks.count(of: name) { $0.crowded += 1 }
                return refuseForNow(invite, flow)
            }
        }
        begin(invite, flow, source, replacement)
    }

    /// A trunk by its address, a phone or a trunk by its digest; nil when it was challenged or refused.
    private func source(of invite: SIPRequest, _ flow: Flow) -> IncomingInvite.Source? {
        if !isPhone(invite, flow), let name = trunks.source(of: invite, flow.remote) { return .trunk(name: name) }
        return authenticate(invite, flow, admitsTrunks: true)
    }

    /// Whether a phone speaks from the trunk's own address, as on one machine: it registered by this flow, or says so.
    private func isPhone(_ invite: SIPRequest, _ flow: Flow) -> Bool {
        bindings.knows(flow) || digest.credentials(in: invite.headers) != nil
    }

    private func refuseForNow(_ invite: SIPRequest, _ flow: Flow) {
        counters.refused += 1
        let retryAfter = configuration.retryAfter
        agent.answer(invite, status: 503, over: flow, now: now) { $0.headers.retryAfter = retryAfter }
    }

    private func begin(
        _ invite: SIPRequest, _ flow: Flow, _ source: IncomingInvite.Source, _ replacement: ReplacementVerdict
    ) {
        var peer = peer(flow, user: invite.uri.user, isSymmetric: isSymmetric(invite, flow, source))
        if case .account(let account) = source { (peer.account, peer.options) = (account.username, .phone) }
        let state = trunk(of: source)
        if let state {
            peer.options = SessionOptions(state.trunk.session)
            peer.credentials = state.trunk.credentials.first.map(state.credentials)
        }
        guard let session = agent.beginSession(invite, from: flow, peer: peer, now: now) else { return }
        let trunk = source.trunkName
        if let trunk { trunks.occupy(trunk) }
        let leg = legs.add(session, callID: invite.headers.callID ?? "", trunk: trunk)
        var incoming = incoming(invite, flow, source, state)
        if case .session(let replaced) = replacement { incoming.replaces = legs.leg(replaced) }
        let told = incoming
        tell { $0.inviteArrived(leg, told) }
    }

    /// Not by `flatMap`, which would take a copy of the whole table along.
    private func trunk(of source: IncomingInvite.Source) -> TrunkState? {
        guard let name = source.trunkName else { return nil }
        return trunks.states[name]
    }

    private func incoming(
        _ invite: SIPRequest, _ flow: Flow, _ source: IncomingInvite.Source, _ trunk: TrunkState?
    ) -> IncomingInvite {
        var incoming = IncomingInvite(
            from: caller(of: invite, source, trunk), to: dialled(invite, trunk), source: source, offer: invite.sdp,
            sipCallID: invite.headers.callID ?? "", maxForwards: invite.headers.maxForwards ?? 70, receivedAt: now,
            origin: flow.remote.ip)
        incoming.referredBy = invite.headers.referredBy?.description
        incoming.divertedFrom = invite.headers.divertedFrom?.address.uri.user
        // Nobody but a trunk may say which trace a call of ours belongs to, and whether it is recorded.
        if case .trunk = source, let name = configuration.traceHeader, let parent = invite.headers[name] {
            incoming.traceParent = TraceContext.isValid(parent) ? parent : nil
        }
        return incoming
    }

    /// Phones are answered where they speak from.
    ///
    /// A trunk is sent what its Contact says, unless that is an address of
    /// a private network which it does not speak from.
    private func isSymmetric(_ invite: SIPRequest, _ flow: Flow, _ source: IncomingInvite.Source) -> Bool {
        guard case .trunk = source else { return true }
        guard let contact = invite.headers.contacts.first?.uri.address else { return false }
        return contact.isPrivate && !flow.remote.ip.isPrivate
    }

    /// An account is what it authenticated as; a trunk is believed.
    private func caller(
        of invite: SIPRequest, _ source: IncomingInvite.Source, _ state: TrunkState?
    ) -> CallerIdentity {
        switch source {
        case .account(let account):
            return CallerIdentity(displayName: account.displayName, user: account.username)
        case .trunk(let name):
            return CallerIdentity(invite, from: state?.trunk ?? Trunk(name: name, targets: []))
        }
    }

    /// A trunk that calls a registered account names the account; the number dialled then stands in To.
    private func dialled(_ invite: SIPRequest, _ trunk: TrunkState?) -> String {
        let named = invite.uri.user ?? ""
        guard let state = trunk else { return named }
        let number = state.isOwnName(named) ? invite.headers.to?.uri.user ?? named : named
        return state.trunk.numbers.incomingCalled.rewrite(number)
    }

    // MARK: Registrar

    private func takeRegister(_ request: SIPRequest, _ flow: Flow) {
        guard case .account(let account)? = authenticate(request, flow, admitsTrunks: false) else { return }
        let name = request.headers.to?.uri.user
        guard name == account.username || name == account.extension else {
            return agent.answer(request, status: 403, over: flow, now: now)
        }
        let former = formerFlows(request, account)
        switch bindings.register(request, account: account.username, from: flow, now: now) {
        case .ok:
            confirmRegistration(request, account, flow)
            for (contact, flows) in former {
                agent.follow(contact, of: account.username, from: flows, to: flow, now: now)
            }
        case .malformed: agent.answer(request, status: 400, over: flow, now: now)
        case .outOfOrder: agent.answer(request, status: 500, over: flow, now: now)
        case .tooBrief(let minimum):
            agent.answer(request, status: 423, over: flow, now: now) { $0.headers.minExpires = minimum }
        }
    }

    /// By which flows each contact of a REGISTER is registered so far; nothing of those that it takes away.
    private func formerFlows(_ request: SIPRequest, _ account: SIPAccount) -> [(SIPURI, Set<Flow>)] {
        let contacts = request.headers.contacts.filter { ($0.expires ?? request.headers.expires) != 0 }
        return contacts.map { ($0.uri, bindings.flows(of: $0.uri, account: account.username)) }
    }

    private func confirmRegistration(_ request: SIPRequest, _ account: SIPAccount, _ flow: Flow) {
        let contacts = bindings.contacts(of: account.username, now: now)
        let longest = contacts.compactMap(\.expires).max() ?? 0
        trust(flow, until: now + .seconds(longest))
        agent.answer(request, status: 200, over: flow, now: now) { response in
            response.headers.contacts = contacts
            response.headers.copy(.path, from: request.headers)
            Outbound.confirm(request, in: &response)
        }
    }

    // MARK: Authentication

    /// The account, or the trunk, whose digest the request carries; nil when it was challenged or refused.
    ///
    /// Nothing is remembered about a request that proves nothing, and no 100 goes out for it.
    private func authenticate(
        _ request: SIPRequest, _ flow: Flow, admitsTrunks: Bool
    ) -> IncomingInvite.Source? {
        guard let credentials = digest.credentials(in: request.headers) else {
            challenge(request, flow, isStale: false)
            return nil
        }
        let account = accounts.sipAccount(username: credentials.username).flatMap { $0.isEnabled ? $0 : nil }
        let trunk = account == nil && admitsTrunks ? trunks.owner(of: credentials.username) : nil
        let secret = account.map { DigestSecret($0.secret) } ?? trunk.map { .password($0.account.password) }
        guard secret == nil || !rests(credentials.username, flow) else {
            challenge(request, flow, isStale: false)
            return nil
        }
        switch digest.verify(credentials, for: request, secret: secret, now: now) {
        case .accepted:
            trust(flow, until: now + .seconds(3600))
            sources.guesses.succeeded(credentials.username)
            return account.map { .account($0) } ?? trunk.map { .trunk(name: $0.trunk) }
        case .stale: challenge(request, flow, isStale: true)
        case .refused:
            noteFailure(flow, secret == nil ? nil : credentials.username)
            logger.info("credentials refused", [LogField("source", flow.remote.ip)])
            challenge(request, flow, isStale: false)
        }
        return nil
    }

    private func challenge(_ request: SIPRequest, _ flow: Flow, isStale: Bool) {
        let isOld = DigestSkill.knowsOnlyMD5(userAgent: request.headers[.userAgent])
        let challenges = digest.challenges(now: now, isStale: isStale).filter { !isOld || $0.algorithm == .md5 }
        agent.answerStatelessly(request, status: 401, over: flow, now: now) { headers in
            for challenge in challenges { headers.append(.wwwAuthenticate, challenge.description) }
        }
    }

    private func trust(_ flow: Flow, until end: Instant) {
        sources.trust(flow.remote.ip, until: end)
        transports?.keep(flow, until: end)
    }
}

extension DigestSecret {
    fileprivate init(_ secret: SIPSecret) {
        switch secret {
        case .password(let password): self = .password(password)
        case .digests(let md5, let sha256): self = .ha1([.md5: md5, .sha256: sha256])
        }
    }
}
