import Directory
import Reactor
import SIP
import TestKit
import Testing
import Wire

@testable import SIPEndpoint

/// Registrations, keep-alive, channels and sources of trunks.
struct TrunkTests {
    private let first = "198.51.100.1"
    private let second = "198.51.100.2"

    // MARK: Keep-alive

    @Test func `a server that OPTIONS finds dead is not called until it answers again`() throws {
        let world = try TrunkWorld(.test("carrier", first, second, keepAlive: .seconds(30)))
        let dead = try world.carrier(first, .answers(status: 486))
        let good = try world.carrier(second, .answers(status: 486))
        dead.answersOptions = false
        world.run(.seconds(10))
        #expect(world.status("carrier")?.isReachable == true)
        world.call()
        world.run(.seconds(1))
        #expect((dead.count(.invite), good.count(.invite)) == (0, 1))
        dead.answersOptions = true
        world.run(.seconds(20))
        world.call()
        world.run(.seconds(1))
        #expect((dead.count(.invite), good.count(.invite)) == (1, 1))
    }

    @Test func `a trunk whose servers are all dead is said to be, and tried all the same`() throws {
        let world = try TrunkWorld(.test("carrier", first, keepAlive: .seconds(10)))
        let server = try world.carrier(first, .answers(status: 200))
        server.answersOptions = false
        world.run(.seconds(10))
        #expect(world.status("carrier")?.isReachable == false)
        #expect(world.status("carrier")?.detail == "no server answers")
        #expect(world.gateway.statistics.trunks.first?.isUp == false)
        world.call()
        world.run(.seconds(1))
        #expect(world.isAnswered)
        #expect(world.status("carrier")?.isReachable == true)
        server.answersOptions = true
        world.run(.seconds(30))
        #expect(world.gateway.trunkChanges.map(\.isReachable) == [nil, false, true])
    }

    @Test func `OPTIONS comes as often as the trunk says, and never without need`() throws {
        let world = try TrunkWorld(.test("carrier", first, keepAlive: .seconds(20)), .test("quiet", second))
        let asked = try world.carrier(first, .silent)
        let unasked = try world.carrier(second, .silent)
        world.run(.seconds(100))
        #expect((5...6).contains(asked.count(.options)))
        #expect(unasked.requests.isEmpty)
    }

    // MARK: Channels

    @Test func `a full trunk leaves calls to the next, and the last refuses with 503`() throws {
        var (small, large) = (Trunk.test("small", first), Trunk.test("large", second))
        (small.priority, small.maximumChannels, large.maximumChannels) = (1, 1, 1)
        let world = try TrunkWorld(small, large)
        let carriers = try [first, second].map { try world.carrier($0, .answers(status: 200)) }
        let leg = world.call()
        world.run(.seconds(1))
        world.call()
        world.run(.seconds(1))
        #expect(carriers.map { $0.count(.invite) } == [1, 1])
        world.call()
        world.run(.seconds(1))
        #expect(world.refusal == 503)
        #expect(world.status("small")?.channels == 1)
        world.gateway.with { $0.hangUp(leg, cause: .normal) }
        world.run(.seconds(1))
        #expect(world.status("small")?.channels == 0)
        world.call()
        world.run(.seconds(1))
        #expect(carriers.map { $0.count(.invite) } == [2, 1])
    }

    @Test func `calls that come by a full trunk are refused with 503 and Retry-After`() throws {
        var trunk = Trunk.test("carrier", "192.0.2.66")
        trunk.maximumChannels = 1
        let world = try TrunkWorld(trunk)
        let peer = try RawPeer(world.simulation, at: "192.0.2.66")
        for call in ["a", "b"] { peer.send(peer.request(.invite, callID: call)) }
        world.run(.milliseconds(100))
        #expect(world.gateway.invites.count == 1)
        let refusal = try #require(peer.responses.first { $0.status == 503 })
        #expect(refusal.headers.retryAfter == 10)
        #expect(world.counts("carrier") == TrunkCounts(received: 2, crowded: 1))
    }

    // MARK: Registration

    private func registering(_ name: String = "carrier", _ hosts: String...) -> Trunk {
        var trunk = Trunk(
            name: name,
            targets: hosts.enumerated().map {
                TrunkTarget(host: $0.element, port: 5060, transport: .udp, priority: $0.offset)
            })
        trunk.credentials = [TrunkCredentials(username: "74950001122", password: "secret")]
        trunk.keepAlive = nil
        return trunk
    }

    private static func accept(_ request: SIPRequest) -> SIPResponse {
        var response = SIPResponse(to: request, status: 200, toTag: "r")
        response.headers.contacts = request.headers.contacts
        response.headers.expires = 600
        return response
    }

    @Test(arguments: [503, nil])
    func `a registration takes the next server when the first is silent or overloaded`(status: Int?) throws {
        let world = try TrunkWorld(registering("carrier", first, second))
        let bad = try world.carrier(first, .silent)
        let good = try world.carrier(second, .silent)
        bad.registrar = { request in status.map { SIPResponse(to: request, status: $0, toTag: "r") } }
        good.registrar = Self.accept
        world.run(.seconds(6))
        #expect(world.status("carrier")?.isRegistered == true)
        #expect(world.gateway.upstream == ["up: 1 of 1 registered"])
        #expect((bad.count(.register), good.count(.register)) == (1, 1))
        world.run(.seconds(600))
        #expect(bad.count(.register) == 1, "a registration stays where it is")
        #expect(good.count(.register) == 2)
    }

    @Test func `a registration moves when its server dies`() throws {
        var trunk = registering("carrier", first, second)
        trunk.keepAlive = .seconds(10)
        let world = try TrunkWorld(trunk)
        let servers = try [first, second].map { try world.carrier($0, .silent) }
        for server in servers { server.registrar = Self.accept }
        world.run(.seconds(5))
        #expect(servers.map { $0.count(.register) } == [1, 0])
        servers[0].answersOptions = false
        servers[0].registrar = { _ in nil }
        world.run(.seconds(30))
        #expect(servers.map { $0.count(.register) } == [1, 1])
        #expect(world.status("carrier")?.isRegistered == true)
    }

    @Test func `a refused registration says why`() throws {
        let world = try TrunkWorld(registering("carrier", first))
        let server = try world.carrier(first, .silent)
        server.registrar = { SIPResponse(to: $0, status: 403, toTag: "r") }
        world.run(.seconds(1))
        #expect(world.gateway.upstream == ["down: 0 of 1 registered: 403 Forbidden"])
        #expect(world.status("carrier")?.isRegistered == false)
    }

    @Test func `a challenge of another realm is not answered`() throws {
        for (pinned, isAnswered) in [("carrier.test", true), ("other.test", false)] {
            var trunk = registering("carrier", first)
            trunk.realm = pinned
            let world = try TrunkWorld(trunk)
            let server = try world.carrier(first, .silent)
            server.registrar = { request in
                if request.headers[.authorization] != nil { return Self.accept(request) }
                var response = SIPResponse(to: request, status: 401, toTag: "r")
                let challenge = DigestChallenge(realm: "carrier.test", nonce: "n", algorithm: .md5)
                response.headers.append(.wwwAuthenticate, challenge.description)
                return response
            }
            world.run(.seconds(1))
            #expect(server.requests.contains { $0.headers[.authorization] != nil } == isAnswered)
            #expect(world.status("carrier")?.isRegistered == isAnswered)
        }
    }

    @Test func `an INVITE is answered for the pinned realm only, with the name of authentication`() throws {
        for (pinned, expected) in [("carrier.test", 200), ("other.test", 401)] {
            var trunk = registering("carrier", first)
            trunk.realm = pinned
            trunk.credentials[0].registers = false
            trunk.credentials[0].authenticationName = "auth"
            let world = try TrunkWorld(trunk)
            let challenge = DigestChallenge(realm: "carrier.test", nonce: "n", algorithm: .md5).description
            let server = try world.carrier(
                first, .answers(status: 401, headers: [("WWW-Authenticate", challenge)]))
            server.accepted = { $0.headers[.authorization] != nil }
            world.call()
            world.run(.seconds(1))
            #expect(world.isAnswered == (expected == 200))
            let proof = server.requests.lazy.compactMap { $0.headers[.authorization] }.first
            #expect(proof.flatMap(DigestCredentials.init)?.username == (expected == 200 ? "auth" : nil))
        }
    }

    @Test func `trunks come and go at run time, and what stays is not disturbed`() throws {
        let (kept, gone) = (registering("kept", first), registering("gone", second))
        let world = try TrunkWorld(kept, gone)
        let servers = try [first, second].map { try world.carrier($0, .answers(status: 200)) }
        for server in servers { server.registrar = Self.accept }
        world.run(.seconds(1))
        world.call(by: "gone")
        world.run(.seconds(1))
        var changed = kept
        changed.priority = 3
        world.gateway.with { $0.setTrunks([changed]) }
        world.run(.seconds(1))
        #expect(servers.map { $0.count(.register) } == [1, 2])
        #expect(servers[1].requests.last { $0.method == .register }?.headers.expires == 0)
        #expect(world.gateway.with { $0.trunkStatuses() }.map(\.name) == ["kept"])
        #expect(world.gateway.endings == 0, "calls of a trunk that is gone go on")
        changed.isEnabled = false
        world.gateway.with { $0.setTrunks([changed]) }
        world.run(.seconds(1))
        #expect(servers[0].requests.last { $0.method == .register }?.headers.expires == 0)
        let statistics = world.gateway.statistics.trunks
        #expect(statistics.count == 1 && statistics[0].isUp == nil, "who is switched off is not down")
        world.call(by: "kept")
        world.run(.seconds(1))
        #expect(world.refusal == 404)
    }

    @Test func `a trunk that is taken away proves itself when its last REGISTER is challenged`() throws {
        let world = try TrunkWorld(registering("gone", first))
        let server = try world.carrier(first, .silent)
        var isSuspicious = false
        server.registrar = { request in
            guard isSuspicious, request.headers[.authorization] == nil else { return Self.accept(request) }
            var response = SIPResponse(to: request, status: 401, toTag: "r")
            let challenge = DigestChallenge(realm: "carrier.test", nonce: "n", algorithm: .md5)
            response.headers.append(.wwwAuthenticate, challenge.description)
            return response
        }
        world.run(.seconds(1))
        isSuspicious = true
        world.gateway.with { $0.setTrunks([]) }
        world.run(.seconds(1))
        let last = try #require(server.requests.last)
        #expect(last.headers.expires == 0)
        #expect(last.headers[.authorization] != nil)
        #expect(server.count(.register) == 3)
    }

    @Test func `an account that is added later registers at once, and one that is taken away leaves`() throws {
        let trunk = registering("carrier", first)
        let world = try TrunkWorld(trunk)
        let server = try world.carrier(first, .silent)
        server.registrar = Self.accept
        world.run(.seconds(1))
        var changed = trunk
        changed.credentials.append(TrunkCredentials(username: "74950001133", password: "secret"))
        world.gateway.with { $0.setTrunks([changed]) }
        world.run(.seconds(1))
        #expect(server.requests.compactMap { $0.headers.to?.uri.user } == ["74950001122", "74950001133"])
        changed.credentials.removeFirst()
        world.gateway.with { $0.setTrunks([changed]) }
        world.run(.seconds(1))
        #expect(server.requests.last?.headers.to?.uri.user == "74950001122")
        #expect(server.requests.last?.headers.expires == 0)
        #expect(world.status("carrier")?.detail == "1 of 1 registered")
    }

    // MARK: Sources

    @Test func `trunks at one address are told apart by the account that is called, then by port`() throws {
        var (red, blue) = (Trunk.test("red", "192.0.2.66"), Trunk.test("blue", "192.0.2.66"))
        red.credentials = [TrunkCredentials(username: "7001", password: "x", registers: false)]
        blue.credentials = [TrunkCredentials(username: "7002", password: "x", registers: false)]
        blue.targets[0].port = 5066
        let world = try TrunkWorld(red, blue)
        let machine = world.simulation.host("192.0.2.66")
        let peers = try [5060, 5066, 5070].map { try RawPeer(on: machine, port: $0) }
        peers[0].send(peers[0].request(.invite, user: "7002", callID: "a"))
        peers[0].send(peers[0].request(.invite, user: "111", callID: "b"))
        peers[1].send(peers[1].request(.invite, user: "111", callID: "c"))
        peers[2].send(peers[2].request(.invite, user: "111", callID: "d"))
        world.run(.milliseconds(100))
        let sources = world.gateway.invites.map { ($0.invite.sipCallID, $0.invite.source.trunkName) }
        let byCall = Dictionary(uniqueKeysWithValues: sources)
        #expect(byCall == ["a": "blue", "b": "red", "c": "blue", "d": "blue"])
    }

    @Test func `a trunk may prove itself by digest instead of its address`() throws {
        var trunk = Trunk.test("roaming", first)
        trunk.credentials = [TrunkCredentials(username: "7001", password: "secret", registers: false)]
        let world = try TrunkWorld(trunk)
        let peer = try RawPeer(world.simulation, at: "192.0.2.66")
        let invite = peer.request(.invite)
        peer.send(invite)
        world.run(.milliseconds(100))
        peer.send(try #require(peer.authorized(invite, as: "7001")))
        world.run(.milliseconds(100))
        #expect(peer.statuses == [401, 100])
        #expect(world.gateway.invites.first?.invite.source.trunkName == "roaming")
    }

    @Test func `the longest prefix knows best`() throws {
        func trunk(_ name: String, _ network: String) -> (trunk: Trunk, addresses: Set<IPAddress>) {
            var trunk = Trunk(name: name, targets: [])
            trunk.sourceNetworks = [IPNetwork(network)].compactMap(\.self)
            return (trunk, [])
        }
        let index = SourceIndex([
            trunk("wide", "10.0.0.0/8"), trunk("near", "10.1.0.0/16"), trunk("twin", "10.1.0.0/16"),
            trunk("one", "10.1.2.3"), trunk("six", "2001:db8::/32"),
        ])
        let expected = [
            "10.9.9.9": ["wide"], "10.1.9.9": ["near", "twin"], "10.1.2.3": ["one"], "2001:db8::1": ["six"],
            "192.0.2.1": [],
        ]
        for (source, names) in expected {
            #expect(index.trunks(at: try #require(IPAddress(source))) == names)
        }
    }

    @Test(arguments: Seeds.some(3))
    func `the lot follows priorities and weights`(seed: UInt64) {
        var entropy = Entropy(seed: seed)
        let items = [(1, 75), (1, 25), (2, 0), (2, 100)]
        var firsts = [0, 0]
        var seconds = 0
        for _ in 0..<1000 {
            let order = Lot.drawn(
                Array(items.indices), priority: { items[$0].0 }, weight: { items[$0].1 }, using: &entropy)
            #expect(Set(order.prefix(2)) == [0, 1])
            firsts[order[0]] += 1
            if order[2] == 2 { seconds += 1 }
        }
        #expect(abs(firsts[0] - 750) < 60, "seed \(seed): \(firsts)")
        #expect(seconds < 10, "seed \(seed): \(seconds)")
    }
}
