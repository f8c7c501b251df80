import Directory
import SIP
import Wire

/// One trunk as it is known now: where its servers are, how they do, and our registrations with them.
///
/// A machine: locations, responses and the time go in, effects come out. An object, because every call asks it for small
/// things and it is large.
final class TrunkState {
    /// What the name service says of one target.
    struct Place {
        var location: SIPLocation?
        /// Whether an answer came, were it that there is nothing.
        var isAnswered = false
        /// When it is looked up again; at first at once.
        var locateAt = Instant.zero
    }

    var trunk: Trunk
    var counts = TrunkCounts()
    var places: [TrunkTarget: Place] = [:]
    var health: [Flow: ServerHealth] = [:]
    /// The servers that have a health, in one order whatever the process: a simulation must repeat.
    var watched: [Flow] = []
    var registrations: [TrunkRegistration] = []
    /// Registrations of accounts that were taken away, until their last answer.
    var leaving: [TrunkRegistration] = []
    var lastRegistration: UInt64
    /// How often a registrar has named other servers for our requests (RFC 3608).
    var routeChanges = 0

    /// How long the answer to a look-up may take before it is asked for again.
    static let lookup: Duration = .seconds(60)
    /// How many servers one trunk may have; the others are left out.
    static let serverLimit = 32

    /// `registrationBase` keeps the ids of registrations apart from those of a trunk of the same name before.
    init(_ trunk: Trunk, registrationBase: UInt64 = 0) {
        self.trunk = trunk
        lastRegistration = registrationBase
        for target in trunk.targets { places[target] = Place() }
    }

    var isEnabled: Bool { trunk.isEnabled }

    func count(_ change: (inout TrunkCounts) -> Void) { change(&counts) }

    // MARK: Servers

    /// Every server of every target, in the order one call tries them: those that are dead last, and those that sent
    /// us away not at all.
    func servers(now: Instant, using entropy: inout Entropy) -> [TrunkServer] {
        var (lively, dead): ([TrunkServer], [TrunkServer]) = ([], [])
        for server in allServers(using: &entropy) {
            let health = health[server.flow]
            if health?.isOut(now) == true { continue }
            if health?.state == .dead { dead.append(server) } else { lively.append(server) }
        }
        return dead.isEmpty ? lively : lively + dead
    }

    func allServers(using entropy: inout Entropy) -> [TrunkServer] {
        var servers: [TrunkServer] = []
        let targets = Lot.drawn(trunk.targets, priority: \.priority, weight: \.weight, using: &entropy)
        for target in targets {
            for destination in places[target]?.location?.ordered(using: &entropy) ?? [] {
                let server = TrunkServer(target: target, destination)
                let isRepeated = servers.contains { $0.flow == server.flow }
                if !isRepeated, servers.count < Self.serverLimit { servers.append(server) }
            }
        }
        return servers
    }

    func isAlive(_ flow: Flow) -> Bool { health[flow]?.state == .alive }
    func isDead(_ flow: Flow) -> Bool { health[flow]?.state == .dead }

    /// Where requests of the trunk may come from, beside its networks: its servers, and whom the registrar named.
    var addresses: Set<IPAddress> {
        let located = places.values.flatMap { $0.location?.addresses ?? [] }
        let routes = registrations.flatMap { $0.client.serviceRoute.compactMap(\.uri.address) }
        return Set(located + routes)
    }

    /// Whether the trunk's server speaks from exactly there.
    func hasServer(at remote: SocketAddress) -> Bool { health.keys.contains { $0.remote == remote } }

    /// The servers a redirection to a URI may mean: only those that are the trunk's anyway (RFC 3261 section 8.1.3.4).
    func servers(meantBy uri: SIPURI, from flow: Flow, using entropy: inout Entropy) -> [Flow] {
        guard uri.isSIP else { return [] }
        guard let ip = uri.address else {
            return allServers(using: &entropy).filter { ASCII.equalIgnoringCase($0.target.host, uri.host) }.map(\.flow)
        }
        guard addresses.contains(ip) else { return [] }
        let transport = flow.transport == .tls ? .tls : uri.transport ?? flow.transport
        let remote = SocketAddress(ip: ip, port: uri.port ?? transport.defaultPort)
        return [Flow(transport: transport, remote: remote, domain: transport == .tls ? flow.domain : nil)]
    }

    // MARK: Accounts

    /// The account that calls of a user go out under: its own, or else the first.
    func account(for user: String) -> TrunkCredentials? {
        trunk.credentials.first { $0.username == user || $0.extension == user } ?? trunk.credentials.first
    }

    func registration(of account: TrunkCredentials) -> TrunkRegistration? {
        registrations.first { $0.credentials == account }
    }

    func isOwnName(_ user: String) -> Bool { trunk.credentials.contains { $0.username == user } }

    /// What challenges to an account's requests are answered with: for the trunk's realm, or the one that let us in.
    func credentials(of account: TrunkCredentials) -> SIPCredentials {
        var credentials = registration(of: account)?.client.target.credentials ?? Self.credentials(account, trunk)
        credentials.hosts = addresses
        return credentials
    }

    static func credentials(_ account: TrunkCredentials, _ trunk: Trunk) -> SIPCredentials {
        SIPCredentials(
            username: account.authenticationName ?? account.username, secret: .password(account.password),
            realm: trunk.realm)
    }

    /// The trunk's domain as a URI: its first target's host, and port and transport where they are not the usual ones.
    func address(user: String? = nil) -> SIPURI? { trunk.targets.first.flatMap { Self.address(of: $0, user: user) } }

    static func address(of target: TrunkTarget, user: String? = nil) -> SIPURI? {
        let transport = target.transport.map { SIPTransport($0.rawValue) } ?? .udp
        let isBareIPv6 = target.host.utf8.contains(ASCII.colon) && !target.host.hasPrefix("[")
        let host = isBareIPv6 ? "[\(target.host)]" : target.host
        var uri = SIPURI(
            user: user, host: host, port: target.port == transport.defaultPort ? nil : target.port)
        if user == nil, transport != .udp { uri?.parameters.set("transport", target.transport?.rawValue) }
        return uri
    }
}
