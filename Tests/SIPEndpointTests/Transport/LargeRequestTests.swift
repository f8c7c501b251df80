import Directory
import Reactor
import SIP
import TestKit
import Testing
import Wire

@testable import SIPEndpoint

/// Requests within a dialog that are too large for a datagram (RFC 3261 section 18.1.1).
struct LargeRequestTests {
    private let large = [UInt8](repeating: 65, count: 3000)

    @Test(arguments: [("192.0.2.1", "198.51.100.20"), ("2001:db8::1", "2001:db8::20")])
    func `a large re-INVITE takes a connection, the next small one a datagram again`(
        server: String, client: String
    ) throws {
        let world = try TransportWorld()
        let phone = try station(world, server, client)
        let leg = phone.call(.trunk(TrunkRoute(number: "9196")))
        world.run()
        #expect(world.with { $0.statistics().connections } == 0)
        try exchangeOffers(world, phone, leg)
        #expect(world.with { $0.statistics().connections } == 1)
        phone.with { $0.hangUp(leg, cause: .normal) }
        world.run()
        #expect(world.events.last == .ended(reason: nil))
    }

    @Test func `a large re-INVITE goes as a datagram where no connection can be had`() throws {
        let world = try TransportWorld { $0.transport.connections = 0 }
        let phone = try station(world, "192.0.2.1", "198.51.100.20")
        let leg = phone.call(.trunk(TrunkRoute(number: "9196")))
        world.run()
        try exchangeOffers(world, phone, leg)
        #expect(world.with { $0.statistics().connections } == 0)
    }

    private func station(_ world: TransportWorld, _ server: String, _ client: String) throws -> Station {
        world.answersCalls()
        let trunk = Trunk(
            name: "exchange", host: server, port: 5060, transport: .udp,
            credentials: [TestAccounts.account("100")].compactMap(TrunkCredentials.init))
        let station = try Station(world.simulation, at: client) {
            $0.trunks = [trunk]
            $0.listen = [SocketAddress(ip: .anyIPv4, port: 5060), SocketAddress(ip: .anyIPv6, port: 5060)]
        }
        world.run()
        return station
    }

    private func exchangeOffers(_ world: TransportWorld, _ phone: Station, _ leg: SIPLegID) throws {
        phone.with { $0.offer(leg, sdp: large) }
        world.run(.seconds(5))
        #expect(world.events.last == .offered(sdp: large))
        let other = try #require(world.lastLeg)
        world.with { $0.answerOffer(other, sdp: large) }
        world.run()
        #expect(phone.events.last == .offerAnswered(sdp: large))
    }
}
