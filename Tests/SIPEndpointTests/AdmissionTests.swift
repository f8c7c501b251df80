import Directory
import Reactor
import SIP
import TestKit
import Testing
import Wire

@testable import SIPEndpoint

/// Who gets in, who is asked for a password, and what strangers cost.
struct AdmissionTests {
    @Test func `an INVITE of a stranger is challenged and leaves nothing behind`() throws {
        let world = try Exchange()
        let stranger = try RawPeer(world.simulation, at: "192.0.2.66")
        let invite = stranger.request(.invite)
        for _ in 0..<3 { stranger.send(invite) }
        world.run(.seconds(1))
        #expect(stranger.statuses == [401, 401, 401])
        #expect(Set(stranger.responses.map { $0.headers.to?.tag }).count == 1)
        #expect(world.exchange.invites.isEmpty)
        #expect(world.exchange.statistics.openTransactions == 0)
    }

    @Test func `an INVITE with an account's digest is admitted, under the account's name`() throws {
        let world = try Exchange()
        let phone = try RawPeer(world.simulation, at: "192.0.2.66")
        let invite = phone.request(.invite, from: "somebody-else")
        phone.send(invite)
        world.run(.seconds(1))
        phone.send(try #require(phone.authorized(invite, as: "100")))
        world.run(.milliseconds(100))
        #expect(phone.statuses == [401, 100])
        #expect(world.exchange.invites.map(\.invite.from.user) == ["100"])
    }

    @Test(arguments: [
        ("Acme Phone 3", ["SHA-256", "MD5"]), (nil, ["MD5"]), ("baresip v1.0.0 (x86_64/linux)", ["MD5"]),
        ("baresip v3.1.0", ["SHA-256", "MD5"]),
    ])
    func `a challenge names SHA-256 first, but not to peers that would fail at it`(
        userAgent: String?, algorithms: [String]
    ) throws {
        let world = try Exchange()
        let phone = try RawPeer(world.simulation, at: "192.0.2.66")
        var invite = phone.request(.invite)
        invite.headers[.userAgent] = userAgent
        phone.send(invite)
        world.run(.seconds(1))
        let challenges = phone.responses.first?.headers.all(.wwwAuthenticate).compactMap(DigestChallenge.init)
        #expect(challenges?.map(\.algorithm.rawValue) == algorithms)
        phone.send(try #require(phone.authorized(invite, as: "100")))
        world.run(.milliseconds(100))
        #expect(phone.statuses.last == 100)
    }

    @Test func `credentials are good once and for a request that they were made for`() throws {
        let world = try Exchange()
        let phone = try RawPeer(world.simulation, at: "192.0.2.66")
        let invite = phone.request(.invite)
        phone.send(invite)
        world.run(.seconds(1))
        var again = try #require(phone.authorized(invite, as: "100"))
        phone.send(again)
        world.run(.milliseconds(100))
        phone.forget()
        again.headers.topVia?.branch = "z9hG4bKreplayed"
        again.headers.callID = "another"
        phone.send(again)
        again.uri.user = "81234567890"
        again.headers.topVia?.branch = "z9hG4bKmoved"
        phone.send(again)
        world.run(.milliseconds(100))
        #expect(phone.statuses.filter { $0 == 401 }.count == 2)
        #expect(world.exchange.invites.count == 1)
    }

    @Test func `an unknown or disabled account is challenged like a wrong password`() throws {
        var accounts = TestAccounts("100", "101")
        accounts.known["101"]?.isEnabled = false
        let world = try Exchange(accounts: accounts)
        let phone = try RawPeer(world.simulation, at: "192.0.2.66")
        for (index, name) in ["101", "nobody"].enumerated() {
            let invite = phone.request(.invite, callID: name, number: UInt32(index) * 10 + 1)
            phone.send(invite)
            world.run(.seconds(1))
            phone.send(try #require(phone.authorized(invite, as: name)))
            world.run(.seconds(1))
        }
        #expect(phone.statuses == [401, 401, 401, 401])
        #expect(world.exchange.invites.isEmpty)
    }

    @Test func `the trunk is known by its address, whatever its port, and nobody else is`() throws {
        let world = try Exchange {
            $0.trunks = [
                Trunk(
                    name: "provider", host: "198.51.100.1", port: 5060, transport: .udp,
                    sourceNetworks: [IPNetwork("203.0.113.0/24")].compactMap(\.self))
            ]
        }
        let addresses = ["198.51.100.1", "203.0.113.77", "198.51.100.2"]
        let peers = try addresses.map { try RawPeer(world.simulation, at: $0, port: 6000) }
        world.run(.seconds(1))
        for (peer, address) in zip(peers, addresses) {
            var invite = peer.request(.invite, from: "+79991234567", callID: address)
            invite.headers.append(.pAssertedIdentity, "\"Ivan\" <sip:+79990000000@provider>")
            peer.send(invite)
        }
        world.run(.milliseconds(100))
        #expect(peers.map(\.statuses) == [[100], [100], [401]])
        let sources = world.exchange.invites.map { if case .trunk(let name) = $0.invite.source { name } else { "" } }
        #expect(sources == ["provider", "provider"])
        #expect(world.exchange.invites.first?.invite.from == CallerIdentity(displayName: "Ivan", user: "+79990000000"))
    }

    @Test func `a phone that registers from the trunk's own address is a phone`() throws {
        let world = try Exchange {
            $0.trunks = [Trunk(name: "provider", host: "192.0.2.66", port: 5099, transport: .udp)]
        }
        let phone = try RawPeer(world.simulation, at: "192.0.2.66")
        world.run(.seconds(1))
        let register = phone.request(.register, user: "100")
        phone.send(register)
        world.run(.seconds(1))
        phone.send(try #require(phone.authorized(register, as: "100")))
        world.run(.seconds(1))
        phone.forget()
        let invite = phone.request(.invite, callID: "call")
        phone.send(invite)
        world.run(.milliseconds(100))
        #expect(phone.statuses == [401])
        phone.send(try #require(phone.authorized(invite, as: "100")))
        world.run(.milliseconds(100))
        guard case .account? = world.exchange.invites.first?.invite.source else {
            Issue.record("not known as an account")
            return
        }
    }

    @Test func `a BYE forged by a third party ends no call`() throws {
        let world = try Exchange()
        let phone = try world.phone("100", at: "192.0.2.10")
        world.exchange.answersCalls()
        world.run(.seconds(1))
        _ = phone.call(.trunk(TrunkRoute(number: "5")))
        world.run(.seconds(1))
        let attacker = try RawPeer(world.simulation, at: "192.0.2.66")
        let callID = try #require(world.exchange.invites.first?.invite.sipCallID)
        for tag in ["", "guess"] {
            var bye = attacker.request(.bye, callID: callID, number: 50)
            bye.headers.to?.tag = tag
            attacker.send(bye)
        }
        world.run(.seconds(1))
        #expect(attacker.statuses.allSatisfy { $0 == 481 || $0 == 400 })
        #expect(attacker.statuses.count == 2)
        #expect(world.exchange.endings == 0)
    }

    @Test func `an account that is guessed at takes its own phone, and nobody else even with the password`() throws {
        let world = try Exchange()
        let phone = try RawPeer(world.simulation, at: "192.0.2.66")
        func register(_ peer: RawPeer, _ callID: String, password: String = "secret") throws {
            let register = peer.request(.register, user: "100", callID: callID)
            peer.send(register)
            world.run(.seconds(1))
            peer.send(try #require(peer.authorized(register, as: "100", password: password)))
            world.run(.milliseconds(100))
        }
        try register(phone, "phone")
        let attackers = try (0..<4).map { try RawPeer(world.simulation, at: "198.51.100.\($0 + 1)") }
        for number in 0..<20 { try register(attackers[number % 4], "guess\(number)", password: "wrong") }
        phone.forget()
        let newcomer = try RawPeer(world.simulation, at: "203.0.113.5")
        try register(newcomer, "newcomer")
        #expect(newcomer.statuses == [401, 401])
        try register(phone, "again")
        #expect(phone.statuses == [401, 200])
        world.run(.seconds(60))
        try register(newcomer, "later")
        #expect(newcomer.statuses.last == 200)
    }

    @Test func `passwords are not guessed without end from within a trunk's network`() throws {
        let world = try Exchange {
            $0.trunks = [
                Trunk(
                    name: "provider", host: "198.51.100.1", port: 5060, transport: .udp,
                    sourceNetworks: [IPNetwork("203.0.113.0/24")].compactMap(\.self))
            ]
        }
        let attacker = try RawPeer(world.simulation, at: "203.0.113.77")
        let register = attacker.request(.register, user: "100", callID: "guess")
        attacker.send(register)
        world.run(.seconds(1))
        for _ in 0..<30 {
            attacker.send(try #require(attacker.authorized(register, as: "nobody", password: "wrong")))
            world.run(.milliseconds(100))
        }
        #expect(attacker.statuses.count == 21)
        attacker.send(attacker.request(.invite, callID: "call"))
        world.run(.milliseconds(100))
        #expect(world.exchange.invites.count == 1, "calls by the address alone go on")
    }

    @Test func `an account may not register another's number`() throws {
        let world = try Exchange()
        let phone = try RawPeer(world.simulation, at: "192.0.2.66")
        let register = phone.request(.register, user: "101")
        phone.send(register)
        world.run(.seconds(1))
        phone.send(try #require(phone.authorized(register, as: "100")))
        world.run(.seconds(1))
        #expect(phone.statuses == [401, 403])
        #expect(world.exchange.with { $0.contacts(for: "101") }.isEmpty)
    }

    @Test func `a phone behind a NAT is called where it registered from`() throws {
        let world = try Exchange()
        let phone = try RawPeer(world.simulation, at: "192.0.2.66", port: 40001)
        let inside = SocketAddress(ip: IPAddress(v4: 0x0A00_0009), port: 5060)
        let register = phone.request(.register, user: "100", sentBy: inside)
        phone.send(register)
        world.run(.seconds(1))
        phone.send(try #require(phone.authorized(register, as: "100")))
        world.run(.seconds(1))
        let confirmed = try #require(phone.responses.last)
        #expect(confirmed.status == 200)
        #expect(confirmed.headers.contacts.first?.uri.host == "10.0.0.9")
        #expect(confirmed.headers.topVia?.received == "192.0.2.66")
        #expect(confirmed.headers.topVia?.rport == 40001)
        let contact = try #require(world.exchange.with { $0.contacts(for: "100") }.first)
        _ = world.exchange.call(.contact(contact))
        world.run(.milliseconds(100))
        #expect(phone.requests.first?.uri.host == "10.0.0.9")
        #expect(phone.requests.first?.headers.contacts.first?.uri.host == Exchange.address)
    }

    @Test(arguments: [("198.51.100.66", "203.0.113.5"), ("10.1.2.3", Exchange.address)])
    func `the Internet is told PUBLIC_IP and a private network our own address`(peer: String, told: String) throws {
        let world = try Exchange { $0.publicAddress = IPAddress("203.0.113.5") }
        let phone = try RawPeer(world.simulation, at: peer)
        world.exchange.answersCalls()
        let invite = phone.request(.invite)
        phone.send(invite)
        world.run(.seconds(1))
        phone.send(try #require(phone.authorized(invite, as: "100")))
        world.run(.milliseconds(100))
        #expect(phone.responses.last { $0.status == 200 }?.headers.contacts.first?.uri.host == told)
    }

    @Test(arguments: [
        (SIPMethod.options, 200), (.message, 405), (.subscribe, 405), (.publish, 405), (.other("NONSENSE"), 501),
        (.notify, 481), (.bye, 481), (.info, 481),
    ])
    func `other requests of strangers have a cheap answer`(method: SIPMethod, status: Int) throws {
        let world = try Exchange()
        let stranger = try RawPeer(world.simulation, at: "192.0.2.66")
        stranger.send(stranger.request(method))
        world.run(.seconds(1))
        #expect(stranger.statuses == [status])
        if [200, 405, 501].contains(status) { #expect(stranger.responses.first?.headers.allow.isEmpty == false) }
        #expect(world.exchange.statistics.openTransactions == 0)
    }

    @Test func `a request with needs we cannot meet is told so, and one out of hops too`() throws {
        let world = try Exchange()
        let stranger = try RawPeer(world.simulation, at: "192.0.2.66")
        var needy = stranger.request(.invite, callID: "a")
        needy.headers.require = ["100rel", "nothing"]
        stranger.send(needy)
        var tired = stranger.request(.invite, callID: "b")
        tired.headers.maxForwards = 0
        stranger.send(tired)
        world.run(.seconds(1))
        #expect(stranger.statuses.sorted() == [420, 483])
    }

    @Test func `a flood of a stranger is mostly met with silence while a phone is served`() throws {
        let world = try Exchange()
        let phone = try world.phone("100", at: "192.0.2.10")
        world.exchange.answersCalls()
        world.run(.seconds(1))
        let stranger = try RawPeer(world.simulation, at: "192.0.2.66")
        for index in 0..<5000 { stranger.send(stranger.request(.invite, callID: "flood\(index)")) }
        _ = phone.call(.trunk(TrunkRoute(number: "5")))
        world.run(.seconds(1))
        #expect(stranger.responses.count < 200)
        #expect(world.exchange.statistics.counters.dropped.rate > 4000)
        #expect(phone.events.last == .answered(sdp: [2]))
        #expect(world.exchange.statistics.dialogs == 1)
    }

    @Test func `what cannot be read is answered 400 when it can be, and noise not at all`() throws {
        let world = try Exchange()
        let stranger = try RawPeer(world.simulation, at: "192.0.2.66")
        stranger.send([0, 1, 2, 3])
        stranger.send(Array("\r\n\r\n".utf8))
        let text = String(decoding: stranger.request(.options).serialized(), as: UTF8.self)
        stranger.send(Array(text.replacing("Content-Length: 0", with: "Content-Length: 999").utf8))
        world.run(.seconds(1))
        #expect(stranger.statuses == [400])
    }

    @Test func `draining refuses calls with 503 and a time to come back and keeps those that are up`() throws {
        let world = try Exchange()
        let phone = try world.phone("100", at: "192.0.2.10")
        world.exchange.answersCalls()
        world.run(.seconds(1))
        let first = phone.call(.trunk(TrunkRoute(number: "5")))
        world.run(.seconds(1))
        world.exchange.with { $0.drain() }
        _ = phone.call(.trunk(TrunkRoute(number: "6")))
        world.run(.seconds(1))
        guard case .rejected(503, _, _)? = phone.events.last else {
            Issue.record("\(phone.events)")
            return
        }
        #expect(world.exchange.invites.count == 1)
        phone.with { $0.hangUp(first, cause: .normal) }
        world.run(.seconds(1))
        #expect(world.exchange.endings == 1)
    }

    @Test func `past its capacity the exchange refuses calls`() throws {
        let world = try Exchange { $0.maximumSessions = 1 }
        let phone = try world.phone("100", at: "192.0.2.10")
        world.exchange.answersCalls()
        world.run(.seconds(1))
        for number in ["5", "6"] { _ = phone.call(.trunk(TrunkRoute(number: number))) }
        world.run(.seconds(1))
        let refused = phone.events.contains { if case .rejected(503, _, _) = $0 { true } else { false } }
        #expect(refused)
        #expect(world.exchange.invites.count == 1)
        #expect(world.exchange.statistics.counters.refused == 1)
    }
}
