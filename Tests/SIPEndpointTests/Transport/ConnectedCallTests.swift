import Reactor
import SIP
import TestKit
import Testing
import Wire

@testable import SIPEndpoint

/// Calls of phones that are reached over one connection only: TLS, and WebSockets of pages.
struct ConnectedCallTests {
    private func phone(
        _ transport: SIPTransport, _ world: TransportWorld, user: String = "100", at address: String = "198.51.100.9"
    ) throws -> (ConnectedPhone, PhoneWire) {
        let host = world.simulation.host(address)
        let wire: PhoneWire =
            switch transport {
            case .tls: try world.tls(from: host)
            case .ws: world.socket(from: host)
            default: world.tcp(from: host)
            }
        return (ConnectedPhone(user, by: transport, over: wire), wire)
    }

    @Test(arguments: [SIPTransport.tcp, .tls, .ws])
    func `a phone registers, is called, calls, and all goes over its own connection`(transport: SIPTransport) throws {
        let world = try TransportWorld()
        let (phone, _) = try phone(transport, world)
        phone.register()
        world.run()
        #expect(phone.statuses == [401, 200])
        #expect(world.registrations == ["100 up"])
        let legs = world.call("100")
        world.run()
        #expect(world.events.contains(.answered(sdp: [2])))
        let invite = try #require(phone.call)
        #expect(invite.headers.topVia?.transport == transport)
        #expect(invite.headers.topVia?.host == "192.0.2.1")
        let contact = try #require(invite.headers.contacts.first?.uri)
        #expect(contact.transport == transport)
        #expect(contact.port == (transport == .tls ? 5061 : 5060))
        #expect(invite.uri.host == "100.invalid")
        world.with { endpoint in for leg in legs { endpoint.hangUp(leg, cause: .normal) } }
        world.run()
        #expect(phone.requests.last?.method == .bye)

        world.answersCalls()
        phone.invite("9196")
        world.run()
        #expect(world.invites.last?.to == "9196")
        #expect(world.events.last == .established)
        #expect(phone.responses.last?.body == [7])
        #expect(world.with { $0.statistics().connections } == 1)
    }

    @Test(arguments: [SIPTransport.tcp, .tls, .ws])
    func `a connection that breaks takes the registration along, and a call goes on over the next one`(
        transport: SIPTransport
    ) throws {
        let world = try TransportWorld()
        let (phone, wire) = try phone(transport, world)
        phone.register()
        world.run()
        let leg = try #require(world.call("100").first)
        world.run()
        wire.close()
        world.run()
        #expect(world.registrations == ["100 up", "100 down"])
        #expect(world.call("100").isEmpty)
        #expect(!world.events.contains { if case .ended = $0 { true } else { false } })

        let (_, other) = try self.phone(transport, world, at: "198.51.100.10")
        phone.move(to: other)
        phone.sendInCall(.invite, sdp: [3])
        world.run()
        #expect(world.events.last == .offered(sdp: [3]))
        world.with { $0.answerOffer(leg, sdp: [4]) }
        world.run()
        #expect(phone.responses.last?.body == [4])
        world.with { $0.hangUp(leg, cause: .normal) }
        world.run()
        #expect(phone.requests.last?.method == .bye)
        #expect(world.events.last == .ended(reason: nil))
    }

    @Test(arguments: [SIPTransport.tcp, .tls, .ws], [true, false])
    func `a device that registers by another connection takes its calls along`(
        transport: SIPTransport, isLossKnown: Bool
    ) throws {
        let world = try TransportWorld()
        let (phone, wire) = try phone(transport, world)
        phone.register()
        world.run()
        let leg = try #require(world.call("100").first)
        world.run()
        let (stranger, _) = try self.phone(transport, world, user: "101", at: "198.51.100.11")
        if isLossKnown { wire.close() } else { wire.onMessage = { _ in } }
        world.run()
        let (_, other) = try self.phone(transport, world, at: "198.51.100.10")
        phone.move(to: other)
        phone.register()
        // Nobody else's registration leads calls away, were it for the same contact.
        stranger.contactUser = "100"
        stranger.register()
        world.run()
        #expect(stranger.statuses == [401, 200])
        world.with { $0.hangUp(leg, cause: .normal) }
        world.run()
        #expect(phone.requests.last?.method == .bye)
        #expect(stranger.requests.isEmpty)
        #expect(world.events.last == .ended(reason: nil))
    }

    @Test(arguments: [SIPTransport.tls, .ws])
    func `what can only go over a connection that is gone fails at once`(transport: SIPTransport) throws {
        let world = try TransportWorld()
        let (phone, wire) = try phone(transport, world)
        phone.register()
        world.run()
        let contact = try #require(world.with { $0.contacts(for: "100") }.first)
        wire.close()
        world.run()
        let call = OutgoingInvite(target: .contact(contact), from: CallerIdentity(user: "101"), offer: [1])
        _ = world.with { $0.invite(call) }
        world.run(.milliseconds(10))
        guard case .rejected(status: 503, _, _)? = world.events.last else {
            Issue.record("\(world.events)")
            return
        }
    }

    @Test func `a phone that registers its flows is told that they are, and rings once`() throws {
        let world = try TransportWorld()
        let host = world.simulation.host("198.51.100.9")
        let phones = (1...2).map { number in
            let phone = ConnectedPhone("100", by: .ws, over: world.socket(from: host))
            phone.register(parameters: ";reg-id=\(number);+sip.instance=\"<urn:uuid:7>\"")
            return phone
        }
        world.run()
        let answer = try #require(phones.first?.responses.last)
        #expect(answer.status == 200)
        #expect(answer.headers.require == ["outbound"])
        #expect(answer.headers.contacts.contains { $0.parameters["+sip.instance"] == "<urn:uuid:7>" })
        #expect(world.with { $0.statistics().contacts } == 2)
        #expect(world.call("100").count == 1)
    }
}
