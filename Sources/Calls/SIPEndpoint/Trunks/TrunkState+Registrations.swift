import Directory
import SIP
import Wire

/// Our accounts there.
extension TrunkState {
    /// Starts what is not registering yet and has a server to go to.
    func register(_ now: Instant, _ surroundings: TrunkSurroundings) -> [TrunkEffect] {
        var entropy = surroundings.entropy()
        let servers = servers(now: now, using: &entropy).map(\.flow)
        guard let first = servers.first, let registrar = address() else { return [] }
        var effects: [TrunkEffect] = []
        for account in trunk.credentials where account.registers && registration(of: account) == nil {
            guard let address = address(user: account.username) else { continue }
            lastRegistration += 1
            let target = RegistrationTarget(
                registrar: registrar, address: NameAddress(uri: address),
                contact: surroundings.contact(account.username, first),
                credentials: Self.credentials(account, trunk))
            var registration = TrunkRegistration(
                id: lastRegistration, credentials: account, target: target, flow: first,
                entropy: surroundings.entropy())
            let outgoing = registration.start(servers: servers, patience: surroundings.patience, now: now)
            registrations.append(registration)
            if let outgoing { effects.append(effect(outgoing, registration.id)) }
        }
        return effects
    }

    /// The order for one registration: where it is now first, unless that server is dead.
    func servers(
        for registration: TrunkRegistration, _ now: Instant, _ surroundings: TrunkSurroundings
    ) -> [Flow] {
        var entropy = surroundings.entropy()
        let flows = servers(now: now, using: &entropy).map(\.flow)
        let home = registration.flow
        guard registration.client.isRegistered, !isDead(home), flows.contains(home) else { return flows }
        return [home] + flows.filter { $0 != home }
    }

    /// What became of a REGISTER or an OPTIONS of this trunk.
    func receive(
        _ outcome: TrunkOutcome, to request: TrunkRequest, now: Instant, _ surroundings: TrunkSurroundings
    ) -> [TrunkEffect] {
        switch outcome {
        case .answered(let response) where !response.isFinal: break
        // A proxy that found nobody, or a server that is not ready.
        case .answered(let response) where isKeepAlive(request) && (response.status == 408 || response.status == 503):
            missAnswer(from: request.flow, now: now)
            if let seconds = response.headers.retryAfter { health[request.flow]?.stayAway(seconds: seconds, now: now) }
        case .answered(let response):
            hear(response.status, retryAfter: response.headers.retryAfter, from: request.flow, now: now)
        case .failed: missAnswer(from: request.flow, now: now)
        }
        guard case .registration(let id) = request.purpose else { return [] }
        if let index = registrations.firstIndex(where: { $0.id == id }) {
            guard registrations[index].flow == request.flow else { return [] }
            let route = registrations[index].client.serviceRoute
            let next = Self.take(outcome, &registrations[index], now, surroundings)
            if registrations[index].client.serviceRoute != route { routeChanges += 1 }
            return next.map { [effect($0, id)] } ?? []
        }
        guard let index = leaving.firstIndex(where: { $0.id == id }) else { return [] }
        if let next = Self.take(outcome, &leaving[index], now, surroundings) { return [effect(next, id)] }
        if case .idle = leaving[index].client.state { leaving.remove(at: index) }
        return []
    }

    /// Whether a request takes a registration back.
    func isLeaving(_ request: TrunkRequest) -> Bool {
        guard case .registration(let id) = request.purpose else { return false }
        return leaving.contains { $0.id == id }
    }

    private static func take(
        _ outcome: TrunkOutcome, _ registration: inout TrunkRegistration, _ now: Instant,
        _ surroundings: TrunkSurroundings
    ) -> TrunkRegistration.Outgoing? {
        switch outcome {
        case .answered(let response):
            registration.receive(response, patience: surroundings.patience, now: now)
        case .failed(let failure):
            registration.failed(failure, patience: surroundings.patience, now: now)
        }
    }

    private func isKeepAlive(_ request: TrunkRequest) -> Bool {
        if case .keepAlive = request.purpose { true } else { false }
    }
}
