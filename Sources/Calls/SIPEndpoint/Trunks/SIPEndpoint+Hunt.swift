import Directory
import Reactor
import SIP
import Telemetry
import Wire

/// One outgoing call through servers and trunks until one takes it (RFC 3263 section 4.3).
extension SIPEndpoint {
    /// Begins with the first way; a call without any is told as rejected.
    func hunt(_ request: OutgoingInvite, _ attempts: [HuntAttempt], otherwise status: Int = 503) -> SIPLegID {
        let callID = request.callID ?? makeCallID()
        let leg = legs.add(nil, callID: callID)
        hunts[leg] = Hunt(request, callID: callID, attempts: attempts)
        goOn(leg, otherwise: status)
        return leg
    }

    /// Looks the servers of an address up first; the leg has no session meanwhile.
    func huntByName(_ request: OutgoingInvite, _ uri: SIPURI, _ target: SIPTarget) -> SIPLegID {
        let callID = request.callID ?? makeCallID()
        let leg = legs.add(nil, callID: callID)
        locate(target) { endpoint, location in
            guard endpoint.legs.contains(leg) else { return }
            var entropy = endpoint.loop.makeEntropy()
            let attempts = location.ordered(using: &entropy).map { HuntAttempt(flow: Flow($0), uri: uri) }
            endpoint.hunts[leg] = Hunt(request, callID: callID, attempts: attempts)
            endpoint.goOn(leg)
        }
        return leg
    }

    /// Tries the next way that has room; without one the call failed as its last attempt did, or else with a status of
    /// ours.
    private func goOn(_ leg: SIPLegID, otherwise status: Int = 503) {
        leaveTrunk(leg)
        while let attempt = hunts[leg]?.next(patience: configuration.serverPatience, now: now) {
            if let trunk = attempt.trunk, !trunks.hasChannel(trunk) { continue }
            guard let hunt = hunts[leg], var call = outgoing(hunt.request, attempt) else { continue }
            call.callID = hunt.callID
            if let trunk = attempt.trunk {
                trunks.occupy(trunk)
                trunks.count(of: trunk) { $0.attempts += 1 }
            }
            legs.bind(leg, to: agent.call(call, now: now), trunk: attempt.trunk)
            return
        }
        let failure = hunts[leg]?.failure ?? Hunt.Failure(status, .noWay(obstacle(to: hunts[leg]?.request.target)))
        finish(leg)
        tell { $0.sipEvent(leg, .rejected(status: failure.status, reason: failure.reason, origin: failure.origin)) }
    }

    /// Why nothing could even be tried.
    private func obstacle(to target: OutgoingInvite.Target?) -> Obstacle {
        switch target {
        case .trunk(let route): trunks.obstacle(to: route)
        case .uri: .unknownName
        case .contact, nil: .connection(nil)
        }
    }

    /// What a status means that no response said.
    func originOfOwn(_ status: Int, _ leg: SIPLegID) -> RejectionOrigin {
        guard status == 503 else { return .silence }
        let remote = hunts.current(leg)?.flow.remote
        return .noWay(remote.flatMap { transports?.connectionFailures[$0] } ?? .connection(nil))
    }

    private func leaveTrunk(_ leg: SIPLegID) {
        if let trunk = legs.trunk(leg) { trunks.release(trunk) }
        legs.bind(leg, to: nil, trunk: nil)
    }

    /// The last event of a leg is told.
    func finish(_ leg: SIPLegID) {
        if let trunk = legs.trunk(leg) { trunks.release(trunk) }
        hunts[leg] = nil
        legs.remove(leg)
    }

    /// Servers that were silent for long enough are left; what they still answer is ended by their sessions.
    func abandonSilentServers() {
        while let leg = hunts.popExpired(now) {
            guard let hunt = hunts[leg], let attempt = hunt.current, let session = legs.session(leg) else { continue }
            if agent.isProceeding(session) {
                hunts[leg]?.heard()
                continue
            }
            if let trunk = attempt.trunk {
                trunks.missAnswer(from: attempt.flow, of: trunk, now: now)
                trunks.count(of: trunk) { $0.failures += 1 }
            }
            logger.info("a server does not answer", [LogField("leg", leg), LogField("flow", attempt.flow)])
            hunts[leg]?.failed(Hunt.Failure(408, .silence))
            leaveTrunk(leg)
            agent.hangUp(session, now: now)
            goOn(leg)
        }
    }

    // MARK: Events

    /// Follows what happens to the INVITE that is out; false when the call goes on elsewhere, so that nobody is told.
    func follow(_ event: SessionEvent, _ leg: SIPLegID) -> Bool {
        switch event {
        case .progress: hunts[leg]?.rang()
        case .answered, .answeredWithOffer:
            noteAnswer(leg)
            hunts[leg] = nil
        case .ended(.rejected(let status, let reason, let contacts, let retryAfter, let isOwn)):
            let failure = Hunt.Failure(status, reason: reason, isOwn ? originOfOwn(status, leg) : .peer)
            noteFailure(leg, status, retryAfter)
            let ringLimit = configuration.timers.ringLimit
            let isRedirected = status / 100 == 3 && redirect(leg, contacts)
            guard hunts[leg]?.goesOn(after: failure, ringLimit: ringLimit, now: now) == true || isRedirected,
                hunts[leg]?.untried.isEmpty == false
            else { return true }
            goOn(leg)
            return false
        default: break
        }
        return true
    }

    private func noteAnswer(_ leg: SIPLegID) {
        guard let attempt = hunts.current(leg), let trunk = attempt.trunk else { return }
        trunks.hear(200, retryAfter: nil, from: attempt.flow, of: trunk, now: now)
        trunks.count(of: trunk) { $0.answers += 1 }
    }

    private func noteFailure(_ leg: SIPLegID, _ status: Int, _ retryAfter: UInt32?) {
        guard let hunt = hunts[leg], let attempt = hunt.current, let trunk = attempt.trunk else { return }
        let isFault = FailoverRule.goesOn(after: status, hasRung: hunt.hasRung)
        trunks.count(of: trunk) { counts in
            if isFault { counts.failures += 1 } else { counts.refusals += 1 }
        }
        switch status {
        case 408 where hunt.wasSilent(for: configuration.timers.transactionTimeout, now: now):
            trunks.missAnswer(from: attempt.flow, of: trunk, now: now)
        case 503 where retryAfter == nil: trunks.suspect(attempt.flow, of: trunk, now: now)
        default: trunks.hear(status, retryAfter: retryAfter, from: attempt.flow, of: trunk, now: now)
        }
    }

    /// Follows a 3xx to servers of the trunk that sent it, and to nobody else; to another number only where it may be.
    private func redirect(_ leg: SIPLegID, _ contacts: [SIPURI]) -> Bool {
        guard let attempt = hunts.current(leg), let trunk = attempt.trunk, let target = attempt.target else {
            return false
        }
        var attempts: [HuntAttempt] = []
        for uri in contacts where mayDial(uri, hunts[leg]?.request.target, trunk) {
            for flow in trunks.servers(meantBy: uri, of: trunk, from: attempt.flow) {
                attempts.append(HuntAttempt(flow: flow, trunk: trunk, target: target, uri: uri))
            }
        }
        return hunts[leg]?.redirect(to: attempts) ?? false
    }

    private func mayDial(_ uri: SIPURI, _ target: OutgoingInvite.Target?, _ trunk: String) -> Bool {
        guard case .trunk(let route) = target, let state = trunks.states[trunk] else { return false }
        let isFree = !route.isFixed && state.trunk.limits.hasNoLists
        return isFree || uri.user == state.trunk.numbers.outgoingCalled.rewrite(route.number)
    }
}
