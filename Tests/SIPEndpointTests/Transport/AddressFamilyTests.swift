import DNS
import Reactor
import SIP
import Telemetry
import TestKit
import Testing
import Wire

@testable import SIPEndpoint

/// IPv4 and IPv6 at one exchange, and calls between them.
struct AddressFamilyTests {
    @Test func `a phone by IPv6 calls one by IPv4 and finds addresses of its own family in every header`() throws {
        let world = try TransportWorld()
        let six = ConnectedPhone(
            "100", by: .tcp, over: world.tcp(from: world.simulation.host("2001:db8::9"), isIPv6: true))
        let four = ConnectedPhone("101", by: .tcp, over: world.tcp(from: world.simulation.host("198.51.100.9")))
        six.register()
        four.register()
        world.run()
        #expect(Set(world.registrations) == ["100 up", "101 up"])
        #expect(six.responses.last?.headers.topVia?.received == "2001:db8::9")
        for user in ["100", "101"] { _ = world.call(user) }
        world.run()
        let invites = try [#require(six.call), #require(four.call)]
        #expect(invites.map { $0.headers.topVia?.host } == ["[2001:db8::1]", "192.0.2.1"])
        #expect(invites.map { $0.headers.contacts.first?.uri.host } == ["[2001:db8::1]", "192.0.2.1"])
        #expect(world.events.count { $0 == .answered(sdp: [2]) } == 2)
    }

    @Test func `the public address is for peers of its family, and TLS has its own port`() throws {
        let world = try TransportWorld { $0.publicAddress = IPAddress("203.0.113.7") }
        func advertised(_ peer: String, _ transport: SIPTransport) throws -> String {
            let flow = Flow(transport: transport, remote: try #require(SocketAddress(peer)))
            return world.with { $0.advertised(facing: flow).description }
        }
        #expect(try advertised("198.51.100.1:9", .udp) == "203.0.113.7:5060")
        #expect(try advertised("198.51.100.1:9", .tls) == "203.0.113.7:5061")
        #expect(try advertised("10.0.0.1:9", .tcp) == "192.0.2.1:5060")
        #expect(try advertised("[2001:db8::9]:9", .udp) == "[2001:db8::1]:5060")
        #expect(try advertised("[2001:db8::9]:9", .tls) == "[2001:db8::1]:5061")
    }

    @Test func `a machine without IPv6 listens on IPv4 alone, and an address it lacks is an error`() throws {
        let simulation = Simulation(seed: 1)
        let host = simulation.host("192.0.2.1")
        func endpoint(_ listen: [SocketAddress]) -> SIPEndpoint {
            SIPEndpoint(
                loop: simulation.loop, network: FourOnly(host), accounts: TestAccounts(),
                configuration: SIPEndpointConfiguration(listen: listen), logger: .silent)
        }
        let (four, six) = (SocketAddress(ip: .anyIPv4, port: 5060), SocketAddress(ip: .anyIPv6, port: 5060))
        let both = endpoint([four, six])
        try both.assumeIsolated { try $0.start() }
        #expect(both.assumeIsolated { $0.localAddresses } == [four])
        #expect(throws: SIPEndpointError.self) { try endpoint([six]).assumeIsolated { try $0.start() } }
    }
}

/// A machine whose kernel knows no IPv6.
private final class FourOnly: Network, @unchecked Sendable {
    // Touched on the simulated loop only, which is the test's thread.
    private let host: SimulatedHost

    init(_ host: SimulatedHost) { self.host = host }

    func openDatagram(
        on local: SocketAddress, receive: @escaping ([UInt8], SocketAddress) -> Void
    ) throws(NetworkError) -> any DatagramSocket {
        guard local.ip.isIPv4 else { throw .addressNotAvailable }
        return try host.openDatagram(on: local, receive: receive)
    }

    func listen(
        on local: SocketAddress, accept: @escaping (any StreamConnection) -> Void
    ) throws(NetworkError) -> any StreamListener {
        guard local.ip.isIPv4 else { throw .addressNotAvailable }
        return try host.listen(on: local, accept: accept)
    }

    func connect(to remote: SocketAddress) -> any StreamConnection { host.connect(to: remote) }

    func query(_ name: String, _ kind: DNSRecordKind, then: @escaping (DNSAnswer) -> Void) {
        host.query(name, kind, then: then)
    }
}
