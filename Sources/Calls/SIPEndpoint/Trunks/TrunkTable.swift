import Directory
import SIP
import Wire

/// All trunks, and what concerns more than one of them: order, sources, channels and the requests that are out.
struct TrunkTable {
    private(set) var states: [String: TrunkState] = [:]
    /// Trunks that are gone, until their registrations are taken back: a registrar may challenge that, too.
    private var departing: [String: TrunkState] = [:]
    /// As they were set.
    private var names: [String] = []
    private var sources = SourceIndex()
    /// Calls in both directions, also of trunks that are gone.
    private var channels: [String: Int] = [:]
    /// Who made which request that is out.
    private var requests: [ClientTransactionID: TrunkRequest] = [:]
    private var entropy: Entropy
    private var told: [String: TrunkStatus] = [:]
    private var toldUpstream: UpstreamChange?
    /// The earliest of all deadlines; nil when it has to be found anew.
    private var deadline: Instant?
    /// Whether a status may be another than was told.
    private var hasNews = true

    init(entropy: Entropy) { self.entropy = entropy }

    var isEmpty: Bool { names.isEmpty }

    // MARK: Life

    /// Replaces all trunks; one whose value stays the same is not disturbed.
    mutating func set(_ trunks: [Trunk], now: Instant) -> [TrunkEffect] {
        touch()
        var effects: [TrunkEffect] = []
        let wanted = Dictionary(trunks.map { ($0.name, $0) }) { first, _ in first }
        for name in names where wanted[name] == nil {
            effects += depart(name)
            told[name] = nil
        }
        for trunk in trunks where wanted[trunk.name] == trunk {
            let name = trunk.name
            if states[name] == nil {
                states[name] = TrunkState(trunk, registrationBase: entropy.next() >> 1)
            } else if states[name]?.trunk != trunk {
                effects += states[name]?.change(to: trunk, now: now) ?? []
            }
        }
        var seen: Set<String> = []
        names = trunks.map(\.name).filter { seen.insert($0).inserted }
        indexSources()
        return effects
    }

    private mutating func depart(_ name: String) -> [TrunkEffect] {
        guard let state = states.removeValue(forKey: name) else { return [] }
        let effects = state.stop()
        state.leaving += departing[name]?.leaving ?? []
        departing[name] = state.leaving.isEmpty ? nil : state
        return effects
    }

    /// Takes all registrations back.
    mutating func stop() -> [TrunkEffect] {
        touch()
        var effects: [TrunkEffect] = []
        for name in names { effects += states[name]?.stop() ?? [] }
        (states, names) = ([:], [])
        return effects
    }

    mutating func nextDeadline() -> Instant? {
        if let deadline { return deadline == .never ? nil : deadline }
        deadline = states.values.compactMap(\.nextDeadline).min() ?? .never
        return nextDeadline()
    }

    /// To be called whenever a trunk changed: what is asked for at every message is not counted up each time.
    private mutating func touch() { (deadline, hasNews) = (nil, true) }

    mutating func advance(to now: Instant, _ surroundings: TrunkSurroundings) -> [TrunkEffect] {
        guard let due = nextDeadline(), due <= now else { return [] }
        touch()
        var effects: [TrunkEffect] = []
        for name in names { effects += states[name]?.advance(to: now, surroundings) ?? [] }
        return effects
    }

    mutating func located(
        _ target: TrunkTarget, of name: String, _ location: SIPLocation, now: Instant,
        _ surroundings: TrunkSurroundings
    ) -> [TrunkEffect] {
        touch()
        defer { indexSources() }
        return states[name]?.located(target, location, now: now, surroundings) ?? []
    }

    // MARK: Requests of trunks

    mutating func sent(_ request: TrunkRequest, as transaction: ClientTransactionID) {
        requests[transaction] = request
    }

    /// A request that is out.
    func pending(_ transaction: ClientTransactionID) -> TrunkRequest? { requests[transaction] }

    /// What became of a request; nothing when it was none of the trunks'.
    mutating func receive(
        _ outcome: TrunkOutcome, _ transaction: ClientTransactionID, now: Instant, _ surroundings: TrunkSurroundings
    ) -> [TrunkEffect] {
        guard let request = requests[transaction] else { return [] }
        if case .answered(let response) = outcome, !response.isFinal {} else { requests[transaction] = nil }
        return receive(outcome, to: request, now: now, surroundings)
    }

    mutating func receive(
        _ outcome: TrunkOutcome, to request: TrunkRequest, now: Instant, _ surroundings: TrunkSurroundings
    ) -> [TrunkEffect] {
        touch()
        if let state = departing[request.trunk], state.isLeaving(request) {
            return receiveLast(outcome, to: request, state, now, surroundings)
        }
        let changes = states[request.trunk]?.routeChanges
        let effects = states[request.trunk]?.receive(outcome, to: request, now: now, surroundings) ?? []
        if states[request.trunk]?.routeChanges != changes { indexSources() }
        return effects
    }

    /// What became of the taking back of a registration whose trunk is gone.
    private mutating func receiveLast(
        _ outcome: TrunkOutcome, to request: TrunkRequest, _ state: TrunkState, _ now: Instant,
        _ surroundings: TrunkSurroundings
    ) -> [TrunkEffect] {
        let effects = state.receive(outcome, to: request, now: now, surroundings)
        departing[request.trunk] = state.leaving.isEmpty ? nil : state
        return effects
    }

    // MARK: Servers

    mutating func hear(_ status: Int, retryAfter: UInt32?, from flow: Flow, of name: String, now: Instant) {
        // A server that is known to live only puts its next OPTIONS off, which may be found out when it is due.
        if states[name]?.isAlive(flow) != true { touch() }
        states[name]?.hear(status, retryAfter: retryAfter, from: flow, now: now)
    }

    mutating func missAnswer(from flow: Flow, of name: String, now: Instant) {
        touch()
        states[name]?.missAnswer(from: flow, now: now)
    }

    mutating func suspect(_ flow: Flow, of name: String, now: Instant) {
        touch()
        states[name]?.suspect(flow, now: now)
    }

    mutating func connectionLost(_ flow: Flow, now: Instant) {
        touch()
        for name in names { states[name]?.connectionLost(flow, now: now) }
    }

    /// How a call may leave: every server of every trunk that takes its number, in order; dead ones after all others.
    mutating func attempts(_ route: TrunkRoute, now: Instant) -> [HuntAttempt] {
        var alive: [HuntAttempt] = []
        var dead: [HuntAttempt] = []
        for name in candidates(route) {
            for server in states[name]?.servers(now: now, using: &entropy) ?? [] {
                let attempt = HuntAttempt(flow: server.flow, trunk: name, target: server.target)
                if states[name]?.isDead(server.flow) == true { dead.append(attempt) } else { alive.append(attempt) }
            }
        }
        return alive + dead
    }

    /// Whether any trunk takes a number, were it out of reach now.
    func accepts(_ route: TrunkRoute) -> Bool {
        states.values.contains { $0.takes(route) }
    }

    /// Why no attempt could be made on a route.
    func obstacle(to route: TrunkRoute) -> Obstacle {
        let fitting = names.filter { states[$0]?.takes(route) == true }
        if fitting.isEmpty { return .noTrunk }
        if fitting.contains(where: { !hasChannel($0) }) { return .noChannel }
        return fitting.allSatisfy { states[$0]?.health.isEmpty == true } ? .unknownName : .noNumber
    }

    private mutating func candidates(_ route: TrunkRoute) -> [String] {
        let fitting = names.filter { states[$0]?.takes(route) == true }
        return Lot.drawn(
            fitting, priority: { states[$0]?.trunk.priority ?? 0 }, weight: { states[$0]?.trunk.weight ?? 0 },
            using: &entropy)
    }

    /// The ways a redirection opens.
    mutating func servers(meantBy uri: SIPURI, of name: String, from flow: Flow) -> [Flow] {
        states[name]?.servers(meantBy: uri, from: flow, using: &entropy) ?? []
    }

    // MARK: Sources

    func isTrunk(_ source: IPAddress) -> Bool { sources.contains(source) }

    /// The trunk a request comes from, by its address; where several share it, by the account it is for, by the port,
    /// and at last by name.
    func source(of request: SIPRequest, _ remote: SocketAddress) -> String? {
        let sharing = sources.trunks(at: remote.ip)
        guard sharing.count > 1 else { return sharing.first }
        let names = [request.uri.user, request.headers.to?.uri.user].compactMap(\.self)
        return sharing.first { name in names.contains { states[name]?.isOwnName($0) == true } }
            ?? sharing.first { states[$0]?.hasServer(at: remote) == true } ?? sharing.first
    }

    /// The trunk an account of ours belongs to that a peer answers a challenge with.
    func owner(of username: String) -> (trunk: String, account: TrunkCredentials)? {
        for name in names where states[name]?.isEnabled == true {
            let account = states[name]?.trunk.credentials.first { ($0.authenticationName ?? $0.username) == username }
            if let account { return (name, account) }
        }
        return nil
    }

    private mutating func indexSources() {
        sources = SourceIndex(states.values.filter(\.isEnabled).map { ($0.trunk, $0.addresses) })
    }

    // MARK: Channels

    func hasChannel(_ name: String) -> Bool {
        guard let limit = states[name]?.trunk.maximumChannels else { return true }
        return channels[name, default: 0] < limit
    }

    mutating func occupy(_ name: String) { channels[name, default: 0] += 1 }

    mutating func release(_ name: String) {
        let left = channels[name, default: 1] - 1
        channels[name] = left > 0 ? left : nil
    }

    mutating func count(of name: String, _ change: (inout TrunkCounts) -> Void) {
        states[name]?.count(change)
    }

    // MARK: Status

    /// As they were set.
    var all: [Trunk] { names.compactMap { states[$0]?.trunk } }

    var statuses: [TrunkStatus] {
        names.compactMap { name in states[name]?.status(channels: channels[name, default: 0]) }
    }

    func accounts(of name: String) -> [String: AccountStanding] { states[name]?.accounts ?? [:] }

    var statistics: [TrunkStatistics] {
        zip(statuses, names).compactMap { status, name in
            states[name].map { TrunkStatistics(status: status, isUp: $0.isEnabled ? $0.isUp : nil, counts: $0.counts) }
        }
    }

    var wantedRegistrations: Int { states.values.reduce(0) { $0 + $1.wantedRegistrations } }
    var heldRegistrations: Int { states.values.reduce(0) { $0 + $1.heldRegistrations } }

    /// What there is to tell since the last time: of all registrations together, and of each trunk.
    mutating func takeNews() -> (upstream: UpstreamChange?, trunks: [TrunkStatus]) {
        hasNews ? (takeUpstreamChange(), takeChanges()) : (nil, [])
    }

    /// The trunks of which there is something else to tell than the last time; how many calls they carry is not.
    private mutating func takeChanges() -> [TrunkStatus] {
        var changed: [TrunkStatus] = []
        hasNews = false
        for status in statuses {
            var comparable = status
            comparable.channels = 0
            if told[status.name] == comparable { continue }
            told[status.name] = comparable
            changed.append(status)
        }
        return changed
    }

    /// What there is to tell of all our registrations together since the last time.
    private mutating func takeUpstreamChange() -> UpstreamChange? {
        let began = names.compactMap { states[$0] }.filter(\.registrationsBegan)
        guard !began.isEmpty || toldUpstream != nil else { return nil }
        let failure = began.lazy.compactMap(\.registrationFailure).first
        let held = heldRegistrations
        guard held > 0 || failure != nil || toldUpstream != nil else { return nil }
        let count = "\(held) of \(wantedRegistrations) registered"
        let change = UpstreamChange(isRegistered: held > 0, detail: failure.map { "\(count): \($0)" } ?? count)
        guard change != toldUpstream else { return nil }
        toldUpstream = change
        return change
    }
}

/// What is told of all our registrations together.
struct UpstreamChange: Equatable {
    let isRegistered: Bool
    let detail: String
}

extension TrunkState {
    /// Whether a call may leave by this trunk.
    func takes(_ route: TrunkRoute) -> Bool {
        guard isEnabled, route.trunk ?? trunk.name == trunk.name, !route.excluded.contains(trunk.name) else {
            return false
        }
        return trunk.numbers.accepts.isEmpty || trunk.numbers.accepts.contains { $0.matches(route.number) }
    }
}
