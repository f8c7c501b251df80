import Crypto
import Directory
import Foundation
import Reactor
import SIP
import TestKit
import Testing
import Wire

@testable import SIPEndpoint

/// A trunk whose server is reached by TLS: one endpoint is the trunk's server, another its client.
struct SecureTrunkTests {
    private func client(of world: TransportWorld, named host: String = "sip.example", trusting: Bool = true) throws
        -> Station
    {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("tandem-\(UUID()).pem").path
        try world.certificate.certificatePEM.write(toFile: path, atomically: true, encoding: .utf8)
        world.simulation.network.names[host] = world.host.addresses.filter(\.isIPv4)
        var trunk = Trunk(
            name: "exchange", host: host, port: 5061, transport: .tls,
            credentials: [TestAccounts.account("100")].compactMap(TrunkCredentials.init))
        if trusting { trunk.tls.authorities = path }
        return try Station(world.simulation, at: "198.51.100.20") { $0.trunks = [trunk] }
    }

    @Test func `a host that two trunks share is verified if either wants it`() throws {
        let world = try TransportWorld()
        var (careless, careful) = (
            Trunk(name: "a", host: "Sip.example", port: 5061, transport: .tls),
            Trunk(name: "b", host: "sip.example", port: 5061, transport: .tls)
        )
        careless.tls.verifies = false
        careful.tls.authorities = "/ca.pem"
        let alone = Trunk(name: "c", host: "other.example", port: 5061, transport: .tls)
        let trunks = [careless, careful, alone]
        let settings = world.with { $0.serverSettings(of: trunks) }
        #expect(settings["sip.example"]?.verifies == true)
        #expect(settings["sip.example"]?.authorities == "/ca.pem")
        #expect(settings.count == 2)
    }

    @Test func `a certificate for a trunk is read again, and the former stays while the files cannot be used`() throws {
        let world = try TransportWorld()
        func write(_ text: String, _ name: String) throws -> String {
            let path = FileManager.default.temporaryDirectory.appendingPathComponent("tandem-\(name)").path
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }
        let name = "\(UUID())"
        var trunk = Trunk(name: "a", host: "sip.example", port: 5061, transport: .tls)
        trunk.tls.certificate = try write(world.certificate.certificatePEM, "\(name).pem")
        trunk.tls.key = try write(world.certificate.privateKeyPEM, "\(name).key")
        let wanted = trunk
        func shown() -> TLSIdentity? { world.with { $0.serverSettings(of: [wanted])["sip.example"]?.identity } }
        func readAgain() { world.with { $0.show($0.loadIdentities(of: [wanted])) } }
        world.with { $0.setTrunks([wanted]) }
        let first = try #require(shown())
        _ = try write("no PEM", "\(name).pem")
        readAgain()
        #expect(shown() === first)
        _ = try write(world.certificate.certificatePEM, "\(name).pem")
        #expect(shown() === first)
        readAgain()
        let renewed = try #require(shown())
        #expect(renewed !== first)
    }

    @Test func `a trunk registers, is called and calls over one verified connection`() throws {
        let world = try TransportWorld()
        let phone = try client(of: world)
        phone.answersCalls()
        world.answersCalls()
        world.run()
        #expect(world.registrations == ["100 up"])
        _ = world.call("100")
        world.run()
        #expect(phone.invites.count == 1)
        #expect(world.events.contains(.answered(sdp: [2])))
        _ = phone.call(.trunk(TrunkRoute(number: "9196")))
        world.run()
        #expect(phone.events.last == .answered(sdp: [7]))
        #expect(world.with { $0.statistics().connections } == 1)
    }

    @Test func `a connection that breaks during a call is opened anew for its end`() throws {
        let world = try TransportWorld()
        let phone = try client(of: world)
        world.answersCalls()
        world.run()
        let leg = phone.call(.trunk(TrunkRoute(number: "9196")))
        world.run()
        world.with { $0.dropConnections() }
        world.run(.seconds(30))
        #expect(phone.endings == 0)
        phone.with { $0.hangUp(leg, cause: .normal) }
        world.run()
        #expect(phone.events.last == .ended(reason: nil))
        #expect(world.events.last == .ended(reason: nil))
    }

    @Test(arguments: [("other.example", true), ("sip.example", false)])
    func `a server of another name, or of nobody we trust, is not registered with`(host: String, trusting: Bool) throws
    {
        let world = try TransportWorld()
        let phone = try client(of: world, named: host, trusting: trusting)
        world.run(.seconds(20))
        #expect(world.registrations.isEmpty)
        #expect(phone.statistics.upstreamRegistered == 0)
    }
}
