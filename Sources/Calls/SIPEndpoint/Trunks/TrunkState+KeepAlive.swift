import Directory
import SIP
import Wire

/// Who answers, and who does not.
extension TrunkState {
    func watch(
        _ flow: Flow, _ now: Instant, _ surroundings: TrunkSurroundings
    ) -> [TrunkEffect] {
        guard let server = health[flow] else { return [] }
        if let answerBy = server.answerBy, answerBy <= now {
            missAnswer(from: flow, now: now)
            return []
        }
        guard let probeAt = server.probeAt, probeAt <= now else { return [] }
        guard trunk.keepAlive != nil else {
            health[flow]?.forget()
            return []
        }
        guard let request = question(flow, surroundings) else { return [] }
        health[flow]?.probed(now: now)
        return [
            .send(TrunkRequest(trunk: trunk.name, purpose: .keepAlive(flow), request: request, flow: flow))
        ]
    }

    /// OPTIONS without a user: the server itself is meant (RFC 3261 section 11).
    private func question(_ flow: Flow, _ surroundings: TrunkSurroundings) -> SIPRequest? {
        guard let server = address(), var from = address(user: trunk.credentials.first?.username) else { return nil }
        from.parameters = SIPParameters()
        var entropy = surroundings.entropy()
        var request = SIPRequest(.options, server)
        request.headers.maxForwards = 70
        var sender = NameAddress(uri: from)
        sender.tag = entropy.hex(8)
        request.headers.from = sender
        request.headers.to = NameAddress(uri: server)
        request.headers.callID = entropy.hex(16)
        request.headers.cseq = CSeq(1, .options)
        request.headers.contacts = [surroundings.contact(nil, flow)]
        request.headers[.accept] = MediaType.sdp.description
        return request
    }

    /// Learns of a server from an answer of it: to OPTIONS, REGISTER or INVITE.
    func hear(_ status: Int, retryAfter: UInt32?, from flow: Flow, now: Instant) {
        guard health[flow] != nil else { return }
        let wasDead = isDead(flow)
        if status == 503, let retryAfter, retryAfter > 0 {
            health[flow]?.stayAway(seconds: retryAfter, now: now)
        }
        health[flow]?.answered(now: now, interval: trunk.keepAlive)
        if wasDead { hurryFailed(now) }
    }

    /// Learns that a server does not answer.
    func missAnswer(from flow: Flow, now: Instant) {
        guard health[flow] != nil else { return }
        health[flow]?.silent(now: now, interval: trunk.keepAlive)
        hurryRegistrations(on: flow, now)
    }

    /// An INVITE failed there with 503, or found no way.
    func suspect(_ flow: Flow, now: Instant) {
        health[flow]?.suspect(now: now, interval: trunk.keepAlive)
    }

    /// A connection broke.
    func connectionLost(_ flow: Flow, now: Instant) {
        if trunk.keepAlive != nil { suspect(flow, now: now) }
        hurryRegistrations(on: flow, now)
    }

    private func hurryRegistrations(on flow: Flow, _ now: Instant) {
        for index in registrations.indices where registrations[index].flow == flow {
            if registrations[index].client.isRegistered { registrations[index].hurry(now: now) }
        }
    }

    private func hurryFailed(_ now: Instant) {
        for index in registrations.indices where registrations[index].failure != nil {
            registrations[index].hurry(now: now)
        }
    }
}
