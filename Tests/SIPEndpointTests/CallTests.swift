import Directory
import Reactor
import SIP
import TestKit
import Testing
import Wire

@testable import SIPEndpoint

/// Registration and calls between endpoints, over both transports.
struct CallTests {
    @Test(arguments: [SignallingTransport.udp, .tcp])
    func `a phone registers, is called, calls, and hangs up`(transport: SignallingTransport) throws {
        let world = try Exchange()
        let phone = try world.phone("100", at: "192.0.2.10", transport: transport)
        phone.answersCalls()
        world.exchange.answersCalls(with: [7])
        world.run(.seconds(2))
        #expect(world.exchange.registrations == ["100 up"])
        #expect(phone.upstream == ["up: 1 of 1 registered"])

        let contact = try #require(world.exchange.with { $0.contacts(for: "100") }.first)
        let called = world.exchange.call(.contact(contact), from: "101")
        world.run(.seconds(2))
        #expect(world.exchange.events == [.ringing(sdp: nil), .answered(sdp: [2])])
        #expect(phone.invites.first?.invite.from == CallerIdentity(displayName: "A", user: "101"))
        #expect(phone.invites.first?.invite.offer == [1])
        #expect(phone.events == [.established])
        world.exchange.with { $0.hangUp(called, cause: .normal) }
        world.run(.seconds(2))
        #expect(world.exchange.events.last == .ended(reason: nil))
        #expect(phone.events.last == .ended(reason: nil))

        let calling = phone.call(.trunk(TrunkRoute(number: "9196")))
        world.run(.seconds(2))
        let invite = try #require(world.exchange.invites.first?.invite)
        #expect(invite.to == "9196")
        #expect(invite.from == CallerIdentity(displayName: "Phone 100", user: "100"))
        guard case .account(let account) = invite.source else {
            Issue.record("no account")
            return
        }
        #expect(account.username == "100")
        #expect(phone.events.last == .answered(sdp: [7]))
        phone.with { $0.hangUp(calling, cause: .normal) }
        #expect(world.expectNothingLeft(phone))
        #expect(phone.endings == 2)
        #expect(world.exchange.endings == 2)
    }

    @Test func `a wrong password is challenged again and never registers`() throws {
        let world = try Exchange()
        let phone = try world.phone("100", at: "192.0.2.10", password: "wrong")
        world.run(.seconds(5))
        #expect(phone.upstream == ["down: 0 of 1 registered: 401 Unauthorized"])
        #expect(world.exchange.registrations.isEmpty)
        #expect(world.exchange.statistics.counters.authenticationFailures > 0)
    }

    @Test func `an account may not register under another's name`() throws {
        let world = try Exchange()
        let accounts = [TestAccounts.account("100")]
        let phone = try Station(world.simulation, at: "192.0.2.10") {
            $0.trunks = [
                Trunk(
                    name: "x", host: Exchange.address, port: 5060, transport: .udp,
                    credentials: accounts.compactMap(TrunkCredentials.init))
            ]
        }
        world.run(.seconds(2))
        #expect(world.exchange.registrations == ["100 up"])
        #expect(phone.statistics.upstreamRegistered == 1)
        #expect(world.exchange.with { $0.contacts(for: "101") }.isEmpty)
    }

    @Test(arguments: [HangUpCause.busy, .declined, .notFound, .noAnswer])
    func `a refusal reaches the caller with its status`(cause: HangUpCause) throws {
        let world = try Exchange()
        let phone = try world.phone("100", at: "192.0.2.10")
        world.run(.seconds(1))
        let endpoint = world.exchange.endpoint
        world.exchange.recorder.assumeIsolated {
            $0.whenInvited { leg, _ in endpoint.assumeIsolated { $0.hangUp(leg, cause: cause) } }
        }
        _ = phone.call(.trunk(TrunkRoute(number: "5")))
        world.run(.seconds(2))
        let expected: [HangUpCause: Int] = [.busy: 486, .declined: 603, .notFound: 404, .noAnswer: 480]
        guard case .rejected(let status, _, _)? = phone.events.last else {
            Issue.record("\(phone.events)")
            return
        }
        #expect(status == expected[cause])
        #expect(world.expectNothingLeft(phone))
    }

    @Test func `a call answered elsewhere is cancelled with that reason`() throws {
        let world = try Exchange()
        let phone = try world.phone("100", at: "192.0.2.10")
        world.run(.seconds(1))
        let contact = try #require(world.exchange.with { $0.contacts(for: "100") }.first)
        let leg = world.exchange.call(.contact(contact))
        world.run(.seconds(1))
        world.exchange.with { $0.hangUp(leg, cause: .answeredElsewhere) }
        world.run(.seconds(1))
        #expect(phone.events == [.cancelled(reason: LegReason(text: "Call completed elsewhere"))])
        #expect(world.exchange.events == [.ended(reason: nil)])
        #expect(world.expectNothingLeft(phone))
    }

    @Test func `hold and resume go both ways and collisions settle`() throws {
        let world = try Exchange()
        let phone = try world.phone("100", at: "192.0.2.10")
        for station in [phone, world.exchange] { station.answersCalls() }
        world.run(.seconds(1))
        let calling = phone.call(.trunk(TrunkRoute(number: "5")))
        world.run(.seconds(1))
        let called = try #require(world.exchange.invites.first?.leg)
        phone.with { $0.offer(calling, sdp: [10]) }
        world.run(.seconds(1))
        #expect(world.exchange.events.last == .offered(sdp: [10]))
        world.exchange.with { $0.answerOffer(called, sdp: [11]) }
        world.run(.seconds(1))
        #expect(phone.events.last == .offerAnswered(sdp: [11]))
        world.exchange.with { $0.offer(called, sdp: [12]) }
        phone.with { $0.offer(calling, sdp: [13]) }
        for _ in 0..<20 {
            world.run(.milliseconds(500))
            if world.exchange.events.last == .offered(sdp: [13]) {
                world.exchange.with { $0.answerOffer(called, sdp: [14]) }
            }
            if phone.events.last == .offered(sdp: [12]) { phone.with { $0.answerOffer(calling, sdp: [15]) } }
            // The offer that waited was made before the other's was known.
            if phone.events.last == .offerWanted { phone.with { $0.offer(calling, sdp: [13]) } }
            if world.exchange.events.last == .offerWanted { world.exchange.with { $0.offer(called, sdp: [12]) } }
        }
        #expect(phone.events.contains(.offerAnswered(sdp: [14])))
        #expect(world.exchange.events.contains(.offerAnswered(sdp: [15])))
    }

    @Test func `a large INVITE takes a connection and falls back to datagrams where there is none`() throws {
        let world = try Exchange()
        let phone = try world.phone("100", at: "192.0.2.10")
        world.exchange.answersCalls()
        world.run(.seconds(1))
        let large = [UInt8](repeating: 65, count: 1400)
        _ = phone.call(.trunk(TrunkRoute(number: "5")), offer: large)
        world.run(.seconds(1))
        #expect(world.exchange.invites.first?.invite.offer == large)
        #expect(world.exchange.statistics.connections == 1)

        let deaf = try Station(world.simulation, at: "192.0.2.30") { _ in }
        _ = deaf
        let plain = world.simulation.host("192.0.2.31")
        var heard = 0
        let socket = try plain.openDatagram(on: SocketAddress(ip: .anyIPv4, port: 5060)) { _, _ in heard += 1 }
        let uri = try #require(SIPURI("sip:x@192.0.2.31"))
        _ = world.exchange.call(.uri(uri), offer: large)
        world.run(.seconds(3))
        #expect(heard > 0)
        socket.close()
    }

    @Test func `a device whose connection breaks is gone until it registers again`() throws {
        let world = try Exchange()
        let phone = try world.phone("100", at: "192.0.2.10", transport: .tcp)
        world.run(.seconds(1))
        #expect(world.exchange.with { $0.contacts(for: "100") }.count == 1)
        phone.host.restart(announcing: true)
        world.run(.seconds(1))
        let left = world.exchange.with { $0.contacts(for: "100") }
        // Its Contact names the address it came from, so that it may be connected to.
        #expect(left.allSatisfy { $0.flow.connection == 0 })
    }

    @Test func `a call outlives its connection and is hung up over another`() throws {
        let world = try Exchange()
        let phone = try world.phone("100", at: "192.0.2.10", transport: .tcp)
        world.exchange.answersCalls()
        world.run(.seconds(1))
        _ = phone.call(.trunk(TrunkRoute(number: "5")))
        world.run(.seconds(1))
        let leg = try #require(world.exchange.invites.first?.leg)
        world.exchange.with { $0.dropConnections() }
        world.run(.seconds(1))
        #expect(world.exchange.endings == 0)
        world.exchange.with { $0.hangUp(leg, cause: .normal) }
        world.run(.seconds(2))
        #expect(phone.events.last == .ended(reason: nil))
        #expect(world.expectNothingLeft(phone))
    }

    @Test(arguments: 1...20)
    func `on a terrible network every call ends once on both sides`(seed: Int) throws {
        let world = try Exchange(seed: UInt64(seed), over: .terrible)
        let phone = try world.phone("100", at: "192.0.2.10")
        for station in [phone, world.exchange] { station.answersCalls() }
        world.run(.seconds(60))
        let leg = phone.call(.trunk(TrunkRoute(number: "5")))
        world.run(.milliseconds(500 * seed))
        phone.with { $0.hangUp(leg, cause: .normal) }
        #expect(world.expectNothingLeft(phone), "seed \(seed)")
        #expect(phone.endings == 1, "seed \(seed)")
        #expect(world.exchange.endings == world.exchange.invites.count, "seed \(seed)")
    }

    @Test func `stopping takes registrations back and leaves nothing open`() throws {
        let world = try Exchange()
        let phone = try world.phone("100", at: "192.0.2.10")
        world.run(.seconds(1))
        phone.with { $0.stop() }
        world.run(.seconds(1))
        #expect(world.exchange.registrations == ["100 up", "100 down"])
        world.exchange.with { $0.stop() }
        try world.simulation.checkNothingIsLeft()
    }
}
