import Directory
import Reactor
import SIP
import Telemetry
import TestKit
import Wire

@testable import SIPEndpoint

/// The accounts of a test.
struct TestAccounts: SIPAccountDirectory {
    static func account(_ name: String, password: String = "secret") -> SIPAccount {
        SIPAccount(
            id: 1, extension: name, username: name, secret: .password(password), displayName: "Phone \(name)")
    }

    var known: [String: SIPAccount]

    init(_ names: String...) {
        known = Dictionary(uniqueKeysWithValues: names.map { ($0, Self.account($0)) })
    }

    func sipAccount(username: String) -> SIPAccount? { known[username] }
}

/// Remembers everything it is told, and does with an INVITE what the test says.
actor Recorder: SIPCallHandler {
    nonisolated let loop: SimulatedLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private(set) var invites: [(leg: SIPLegID, invite: IncomingInvite)] = []
    private(set) var events: [(leg: SIPLegID, event: SIPLegEvent)] = []
    private(set) var registrations: [String] = []
    private(set) var upstream: [String] = []
    private(set) var trunks: [TrunkStatus] = []
    private var onInvite: @Sendable (SIPLegID, IncomingInvite) -> Void = { _, _ in }

    init(loop: SimulatedLoop) { self.loop = loop }

    func whenInvited(_ action: @escaping @Sendable (SIPLegID, IncomingInvite) -> Void) { onInvite = action }

    func inviteArrived(_ leg: SIPLegID, _ invite: IncomingInvite) {
        invites.append((leg, invite))
        onInvite(leg, invite)
    }

    func sipEvent(_ leg: SIPLegID, _ event: SIPLegEvent) { events.append((leg, event)) }

    func registrationChanged(account: String, registered: Bool) {
        registrations.append("\(account) \(registered ? "up" : "down")")
    }

    func upstreamChanged(registered: Bool, detail: String) {
        upstream.append("\(registered ? "up" : "down"): \(detail)")
    }

    func trunkChanged(_ status: TrunkStatus) { trunks.append(status) }
}

/// An endpoint on a host of its own, and what it told.
struct Station {
    let endpoint: SIPEndpoint
    let recorder: Recorder
    let host: SimulatedHost
    let loop: SimulatedLoop

    init(
        _ simulation: Simulation, at address: String, accounts: TestAccounts = TestAccounts(),
        _ adjust: (inout SIPEndpointConfiguration) -> Void = { _ in }
    ) throws {
        loop = simulation.loop
        host = simulation.host(address)
        let ip = host.addresses.first ?? .anyIPv4
        var configuration = SIPEndpointConfiguration(addressFacing: { _ in ip })
        adjust(&configuration)
        endpoint = SIPEndpoint(
            loop: loop, network: host, accounts: accounts, configuration: configuration, logger: .silent)
        let recorder = Recorder(loop: loop)
        self.recorder = recorder
        try endpoint.assumeIsolated {
            $0.setHandler(recorder)
            try $0.start()
        }
    }

    /// Changes the endpoint, on its loop.
    @discardableResult
    func with<Result: Sendable>(_ body: (isolated SIPEndpoint) -> Result) -> Result {
        endpoint.assumeIsolated(body)
    }

    var invites: [(leg: SIPLegID, invite: IncomingInvite)] { recorder.assumeIsolated { $0.invites } }
    var events: [SIPLegEvent] { recorder.assumeIsolated { $0.events.map(\.event) } }
    var registrations: [String] { recorder.assumeIsolated { $0.registrations } }
    var upstream: [String] { recorder.assumeIsolated { $0.upstream } }
    var trunkChanges: [TrunkStatus] { recorder.assumeIsolated { $0.trunks } }
    var statistics: SIPStatistics { with { $0.statistics() } }

    /// Answers every INVITE with a description, after ringing.
    func answersCalls(with sdp: [UInt8] = [2]) {
        let endpoint = endpoint
        recorder.assumeIsolated {
            $0.whenInvited { leg, _ in
                endpoint.assumeIsolated {
                    $0.ring(leg, answer: nil)
                    $0.accept(leg, answer: sdp)
                }
            }
        }
    }

    func call(_ target: OutgoingInvite.Target, from user: String = "100", offer: [UInt8] = [1]) -> SIPLegID {
        with {
            $0.invite(OutgoingInvite(target: target, from: CallerIdentity(displayName: "A", user: user), offer: offer))
        }
    }

    /// How many legs had a last event, each of which may have one only.
    var endings: Int {
        events.count {
            switch $0 {
            case .rejected, .cancelled, .ended: true
            default: false
            }
        }
    }
}

/// An exchange at 192.0.2.1 and phones that register with it.
struct Exchange {
    static let address = "192.0.2.1"
    let simulation: Simulation
    let exchange: Station

    init(
        seed: UInt64 = 1, over quality: BadNetwork = .perfect, accounts: TestAccounts = TestAccounts("100", "101"),
        _ adjust: (inout SIPEndpointConfiguration) -> Void = { _ in }
    ) throws {
        simulation = Simulation(seed: seed, over: quality)
        exchange = try Station(simulation, at: Self.address, accounts: accounts, adjust)
    }

    /// A phone: an endpoint whose trunk is the exchange.
    func phone(
        _ name: String, at address: String, transport: SignallingTransport = .udp, password: String = "secret"
    ) throws -> Station {
        var trunk = Trunk(
            name: "exchange", host: Self.address, port: 5060, transport: transport,
            credentials: [TestAccounts.account(name, password: password)].compactMap(TrunkCredentials.init))
        trunk.keepAlive = nil
        return try Station(simulation, at: address) { $0.trunks = [trunk] }
    }

    func run(_ duration: Duration) { simulation.loop.advance(by: duration) }

    /// Everything is hung up, every timer of a transaction has run out.
    func expectNothingLeft(_ stations: Station...) -> Bool {
        run(.seconds(200))
        return (stations + [exchange]).allSatisfy {
            let statistics = $0.statistics
            return statistics.dialogs == 0 && statistics.legs == 0 && statistics.openTransactions == 0
        }
    }
}

extension SIPEndpoint {
    /// Every TCP connection breaks.
    func dropConnections() { transports?.closeConnections() }
}
