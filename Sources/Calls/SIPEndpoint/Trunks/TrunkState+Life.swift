import Directory
import SIP
import Wire

/// What changes a trunk from outside, and what time does to it.
extension TrunkState {
    /// Takes another value of the same trunk: what it does not touch goes on as it was.
    func change(to changed: Trunk, now: Instant) -> [TrunkEffect] {
        let isElsewhere = trunk.targets.first != changed.targets.first || trunk.realm != changed.realm
        trunk = changed
        let kept = changed.isEnabled ? Set(changed.targets) : []
        places = places.filter { kept.contains($0.key) }
        for target in changed.targets where places[target] == nil { places[target] = Place() }
        // Looked up again at once, so that what is to register now does.
        for target in places.keys { places[target]?.locateAt = now }
        keepHealthOfServers(now)
        let wanted = changed.isEnabled && !isElsewhere ? changed.credentials.filter(\.registers) : []
        let gone = registrations.filter { !wanted.contains($0.credentials) }
        registrations.removeAll { !wanted.contains($0.credentials) }
        return gone.compactMap { unregister($0) }
    }

    /// Takes our registrations back.
    func stop() -> [TrunkEffect] {
        let gone = registrations
        (places, health, watched, registrations) = ([:], [:], [], [])
        return gone.compactMap { unregister($0) }
    }

    private func unregister(_ registration: TrunkRegistration) -> TrunkEffect? {
        var registration = registration
        guard let last = registration.stop() else { return nil }
        leaving.append(registration)
        return effect(last, registration.id)
    }

    func effect(_ outgoing: TrunkRegistration.Outgoing, _ id: UInt64) -> TrunkEffect {
        .send(
            TrunkRequest(
                trunk: trunk.name, purpose: .registration(id), request: outgoing.request, flow: outgoing.flow))
    }

    /// The servers of a target were found, or could not be.
    func located(
        _ target: TrunkTarget, _ location: SIPLocation, now: Instant, _ surroundings: TrunkSurroundings
    ) -> [TrunkEffect] {
        guard places[target] != nil else { return [] }
        places[target]?.locateAt = now + location.lifetime
        places[target]?.isAnswered = true
        // What was known is better than nothing.
        if !location.isEmpty { places[target]?.location = location }
        keepHealthOfServers(now)
        // Not before all servers are known: the first that is found may not be the first to go to.
        let isComplete = places.values.allSatisfy(\.isAnswered)
        return (isComplete ? register(now, surroundings) : []) + advance(to: now, surroundings)
    }

    private func keepHealthOfServers(_ now: Instant) {
        var entropy = Entropy(seed: 0)
        let current = allServers(using: &entropy).map(\.flow)
        let isAsked = trunk.keepAlive != nil
        watched = current
        health = Dictionary(
            uniqueKeysWithValues: current.map { ($0, health[$0] ?? ServerHealth(probeAt: isAsked ? now : nil)) })
    }

    var nextDeadline: Instant? {
        guard isEnabled else { return leaving.compactMap(\.nextDeadline).min() }
        var next = Instant.never
        for place in places.values { next = min(next, place.locateAt) }
        for server in health.values { next = min(next, server.nextDeadline ?? .never) }
        for registration in registrations { next = min(next, registration.nextDeadline ?? .never) }
        return next == .never ? nil : next
    }

    func advance(to now: Instant, _ surroundings: TrunkSurroundings) -> [TrunkEffect] {
        guard isEnabled else { return [] }
        var effects: [TrunkEffect] = []
        for target in trunk.targets {
            guard let place = places[target], place.locateAt <= now else { continue }
            places[target]?.locateAt = now + Self.lookup
            effects.append(.locate(trunk: trunk.name, target))
        }
        for flow in watched { effects += watch(flow, now, surroundings) }
        for index in registrations.indices where registrations[index].isDue(now) {
            let servers = servers(for: registrations[index], now, surroundings)
            let outgoing = registrations[index].advance(
                to: now, servers: servers, patience: surroundings.patience)
            if let outgoing { effects.append(effect(outgoing, registrations[index].id)) }
        }
        return effects
    }
}
