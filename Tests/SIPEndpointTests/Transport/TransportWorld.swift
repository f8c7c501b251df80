import Crypto
import Foundation
import Reactor
import SIP
import Telemetry
import TestKit
import Web
import Wire

@testable import SIPEndpoint

/// An exchange with every way in: UDP and TCP at 5060, TLS at 5061, pages at port 80, by IPv4 and IPv6.
final class TransportWorld {
    static let addresses = ["192.0.2.1", "2001:db8::1"]

    let simulation: Simulation
    let host: SimulatedHost
    let certificate: Certificate
    let endpoint: SIPEndpoint
    let recorder: Recorder
    private let web: WebServer

    init(
        seed: UInt64 = 1, origins: String = "https://crm.example",
        _ adjust: (inout SIPEndpointConfiguration) -> Void = { _ in }
    ) throws {
        simulation = Simulation(seed: seed)
        let loop = simulation.loop
        let host = simulation.host(Self.addresses[0], Self.addresses[1])
        self.host = host
        certificate = try Certificate.selfSigned(
            commonName: "sip.example", names: [.host("sip.example")], now: loop.wallTime)
        let addresses = host.addresses
        var configuration = SIPEndpointConfiguration(
            listen: [SocketAddress(ip: .anyIPv4, port: 5060), SocketAddress(ip: .anyIPv6, port: 5060)],
            addressFacing: { peer in addresses.first { $0.isIPv4 == peer.isIPv4 } ?? peer })
        configuration.tlsListen = [SocketAddress(ip: .anyIPv4, port: 5061), SocketAddress(ip: .anyIPv6, port: 5061)]
        configuration.identity = try TLSIdentity(certificate)
        adjust(&configuration)
        endpoint = SIPEndpoint(
            loop: loop, network: host, accounts: TestAccounts("100", "101"), configuration: configuration,
            logger: .silent)
        let recorder = Recorder(loop: loop)
        self.recorder = recorder
        let application = WebApplication(
            router: Router(), sockets: [endpoint.webSocket(origins: OriginPolicy(origins))])
        web = WebServer(loop: loop, network: host, application: application)
        try endpoint.assumeIsolated {
            $0.setHandler(recorder)
            try $0.start()
        }
        let (server, here) = (web, SocketAddress(ip: .anyIPv4, port: 80))
        loop.later { server.assumeIsolated { _ = try? $0.listen(on: here) } }
        loop.runReady()
    }

    func run(_ duration: Duration = .seconds(2)) { simulation.loop.advance(by: duration) }

    func with<Result: Sendable>(_ body: (isolated SIPEndpoint) -> Result) -> Result { endpoint.assumeIsolated(body) }

    var events: [SIPLegEvent] { recorder.assumeIsolated { $0.events.map(\.event) } }
    var lastLeg: SIPLegID? { recorder.assumeIsolated { $0.events.last?.leg } }
    var registrations: [String] { recorder.assumeIsolated { $0.registrations } }
    var invites: [IncomingInvite] { recorder.assumeIsolated { $0.invites.map(\.invite) } }

    /// Answers every call.
    func answersCalls(with sdp: [UInt8] = [7]) {
        let endpoint = endpoint
        recorder.assumeIsolated {
            $0.whenInvited { leg, _ in endpoint.assumeIsolated { $0.accept(leg, answer: sdp) } }
        }
    }

    /// Calls the registered devices of an account, and says how many there are.
    func call(_ user: String) -> [SIPLegID] {
        with { endpoint in
            endpoint.contacts(for: user).map { contact in
                endpoint.invite(
                    OutgoingInvite(
                        target: .contact(contact), from: CallerIdentity(displayName: "A", user: "101"), offer: [1]))
            }
        }
    }

    // MARK: Ways in

    private static func address(_ port: UInt16, isIPv6: Bool = false) -> SocketAddress {
        guard let ip = IPAddress(addresses[isIPv6 ? 1 : 0]) else { preconditionFailure("no address") }
        return SocketAddress(ip: ip, port: port)
    }

    func tcp(from client: SimulatedHost, isIPv6: Bool = false) -> StreamWire {
        StreamWire(client.connect(to: Self.address(5060, isIPv6: isIPv6)))
    }

    func tls(from client: SimulatedHost) throws -> StreamWire {
        var settings = TLSClientSettings(serverName: "sip.example")
        settings.verifies = false
        let stream = client.connect(to: Self.address(5061))
        let context = try TLSContext(client: settings)
        guard let secured = TLSConnection(over: stream, context: context, now: simulation.loop.wallTime) else {
            throw TLSFailure.unusable(problem: "no memory")
        }
        return StreamWire(secured)
    }

    func socket(
        from client: SimulatedHost, origin: String = "https://crm.example", subprotocol: String = "sip"
    ) -> SocketWire {
        SocketWire(client.connect(to: Self.address(80)), origin: origin, subprotocol: subprotocol)
    }
}
