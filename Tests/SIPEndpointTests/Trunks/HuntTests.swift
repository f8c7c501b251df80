import DNS
import Directory
import Reactor
import SIP
import TestKit
import Testing
import Wire

@testable import SIPEndpoint

/// One call through several servers and trunks: which failures go on, and which end it.
struct HuntTests {
    private let first = "198.51.100.1"
    private let second = "198.51.100.2"
    private let third = "198.51.100.3"

    @Test(arguments: [408, 430, 500, 502, 503, 504])
    func `a failure of the way itself goes on to the next server`(status: Int) throws {
        let world = try TrunkWorld(.test("carrier", first, second))
        let failing = try world.carrier(first, .answers(status: status))
        let good = try world.carrier(second, .answers(status: 200))
        world.call()
        world.run(.seconds(1))
        #expect(world.gateway.events == [.answered(sdp: [2])])
        #expect((failing.count(.invite), good.count(.invite)) == (1, 1))
        #expect(failing.invite?.headers.callID == good.invite?.headers.callID)
        #expect(world.counts("carrier") == TrunkCounts(attempts: 2, answers: 1, failures: 1))
    }

    @Test(arguments: [400, 403, 404, 410, 480, 484, 486, 487, 488, 501, 505, 513, 580, 600, 603, 604, 606])
    func `what the other side decided ends the hunt`(status: Int) throws {
        let world = try TrunkWorld(.test("carrier", first, second), .test("other", third))
        _ = try world.carrier(first, .answers(status: status))
        let others = try [second, third].map { try world.carrier($0, .answers(status: 200)) }
        world.call()
        world.run(.seconds(60))
        #expect(world.refusal == status)
        #expect(world.gateway.endings == 1)
        #expect(others.allSatisfy { $0.requests.isEmpty })
    }

    @Test(arguments: [(408, true), (430, false), (500, false), (502, false), (503, true), (504, false), (486, false)])
    func `once it rang only silence and overload go on`(status: Int, goesOn: Bool) throws {
        let world = try TrunkWorld(.test("carrier", first, second))
        _ = try world.carrier(first, .answers(status: status, ringing: true))
        _ = try world.carrier(second, .answers(status: 200))
        world.call()
        world.run(.seconds(1))
        #expect(world.isAnswered == goesOn)
        #expect(world.gateway.events.first == .ringing(sdp: nil))
        if !goesOn { #expect(world.refusal == status) }
    }

    @Test func `the third of three carries the call, the first being dead and the second overloaded`() throws {
        let world = try TrunkWorld(.test("carrier", first, second, third))
        let dead = try world.carrier(first, .silent)
        _ = try world.carrier(second, .answers(status: 503))
        _ = try world.carrier(third, .answers(status: 200))
        world.call()
        world.run(.seconds(5))
        #expect(world.gateway.events == [.answered(sdp: [2])])
        #expect(dead.count(.invite) == 1)
        world.call()
        world.run(.seconds(1))
        #expect(dead.count(.invite) == 1, "a server that was silent is not the first any more")
    }

    @Test func `nobody at all is 408 after timer B, and no trunk is 503`() throws {
        let world = try TrunkWorld(.test("carrier", first))
        _ = try world.carrier(first, .silent)
        world.call()
        world.run(.seconds(31))
        #expect(world.gateway.events.isEmpty)
        world.run(.seconds(2))
        #expect(world.refusal == 408)
        world.gateway.with { $0.setTrunks([]) }
        world.call()
        world.run(.seconds(1))
        #expect(world.refusal == 503)
    }

    @Test func `a server that said 100 has its time`() throws {
        let world = try TrunkWorld(.test("carrier", first, second))
        _ = try world.carrier(first, .slow)
        let next = try world.carrier(second, .answers(status: 200))
        let leg = world.call()
        world.run(.seconds(60))
        #expect(world.gateway.events.isEmpty)
        #expect(next.requests.isEmpty)
        world.gateway.with { $0.hangUp(leg, cause: .normal) }
        world.run(.seconds(1))
        #expect(world.gateway.events == [.ended(reason: nil)])
    }

    @Test func `a late answer of a server that was given up is acknowledged and ended`() throws {
        let world = try TrunkWorld(.test("carrier", first, second))
        let late = try world.carrier(first, .late(.milliseconds(4200)))
        _ = try world.carrier(second, .answers(status: 200))
        world.call()
        world.run(.seconds(8))
        #expect(world.gateway.events == [.answered(sdp: [2])])
        #expect(late.count(.ack) > 0)
        #expect(late.count(.bye) == 1)
    }

    @Test func `hanging up ends a hunt wherever it is`() throws {
        let world = try TrunkWorld(.test("carrier", first, second))
        _ = try world.carrier(first, .answers(status: 500))
        let ringing = try world.carrier(second, .slow)
        let leg = world.call()
        world.run(.seconds(1))
        world.gateway.with { $0.hangUp(leg, cause: .normal) }
        world.run(.seconds(40))
        #expect(world.gateway.events == [.ended(reason: nil)])
        #expect(ringing.count(.cancel) == 1)
        #expect(world.gateway.statistics.legs == 0)
    }

    @Test func `503 with Retry-After leaves the server alone for that long`() throws {
        let world = try TrunkWorld(.test("carrier", first, second))
        let busy = try world.carrier(first, .answers(status: 503, headers: [("Retry-After", "60")]))
        _ = try world.carrier(second, .answers(status: 486))
        for expected in [1, 1, 2] {
            world.call()
            world.run(.seconds(31))
            #expect(busy.count(.invite) == expected)
        }
    }

    @Test func `a redirection is followed to a server of the trunk and to nobody else`() throws {
        let world = try TrunkWorld(.test("carrier", first, second))
        let contact = ("Contact", "<sip:77@\(third)>, <sip:88@\(second)>;q=0.5")
        _ = try world.carrier(first, .answers(status: 302, headers: [contact]))
        let own = try world.carrier(second, .answers(status: 200))
        let stranger = try world.carrier(third, .answers(status: 200))
        world.call()
        world.run(.seconds(1))
        #expect(world.isAnswered)
        #expect(own.invite?.uri.user == "88")
        #expect(stranger.requests.isEmpty)
    }

    @Test func `servers that redirect to each other are not followed for ever`() throws {
        let world = try TrunkWorld(.test("carrier", first, second))
        let there = try world.carrier(first, .answers(status: 302, headers: [("Contact", "<sip:1@\(second)>")]))
        let back = try world.carrier(second, .answers(status: 302, headers: [("Contact", "<sip:1@\(first)>")]))
        world.call()
        world.run(.seconds(1))
        #expect(world.refusal == 302)
        #expect(there.count(.invite) + back.count(.invite) <= 2 + Hunt.redirectionLimit)
    }

    @Test func `trunks are tried by priority, and only those that take the number`() throws {
        var (cheap, dear, local) = (Trunk.test("cheap", first), Trunk.test("dear", second), Trunk.test("local", third))
        (cheap.priority, dear.priority, local.priority) = (2, 3, 1)
        local.numbers.accepts = [.prefix("8495")]
        let world = try TrunkWorld(dear, cheap, local)
        let carriers = try [first, second, third].map { try world.carrier($0, .answers(status: 500)) }
        world.call("84991234567")
        world.run(.seconds(1))
        #expect(carriers.map { $0.count(.invite) } == [1, 1, 0])
        world.call("84951234567")
        world.run(.seconds(1))
        #expect(carriers.map { $0.count(.invite) } == [2, 2, 1])
        world.call("84991234567", by: "local")
        world.run(.seconds(1))
        #expect(world.refusal == 404)
        world.call("84951234567", by: "dear")
        world.run(.seconds(1))
        #expect(carriers.map { $0.count(.invite) } == [2, 3, 1])
    }

    @Test(arguments: Seeds.some(3))
    func `a thousand calls are shared by weight`(seed: UInt64) throws {
        var trunk = Trunk.test("carrier", first, second, third)
        for (index, weight) in [60, 30, 10].enumerated() {
            (trunk.targets[index].priority, trunk.targets[index].weight) = (1, weight)
        }
        let world = try TrunkWorld(seed: seed, trunk)
        let carriers = try [first, second, third].map { try world.carrier($0, .answers(status: 486)) }
        for _ in 0..<1000 {
            world.call()
            world.run(.milliseconds(20))
        }
        let shares = carriers.map { $0.count(.invite) }
        #expect(shares.reduce(0, +) == 1000, "seed \(seed)")
        for (share, expected) in zip(shares, [600, 300, 100]) {
            #expect(abs(share - expected) < 60, "seed \(seed): \(shares)")
        }
    }

    @Test func `servers behind a name are found by SRV, in its order and by its weights`() throws {
        let world = try TrunkWorld()
        let names = world.simulation.network
        names.names.set(
            "_sip._udp.carrier.test", .srv,
            [
                .service(priority: 1, weight: 0, port: 5070, target: "a.carrier.test"),
                .service(priority: 2, weight: 0, port: 5060, target: "b.carrier.test"),
            ])
        names.names["a.carrier.test"] = [try #require(IPAddress(first))]
        names.names["b.carrier.test"] = [try #require(IPAddress(second))]
        var trunk = Trunk(name: "named", targets: [TrunkTarget(host: "carrier.test", transport: .udp)])
        trunk.keepAlive = nil
        world.gateway.with { $0.setTrunks([trunk]) }
        let preferred = try world.carrier(first, port: 5070, .answers(status: 500))
        let spare = try world.carrier(second, .answers(status: 200))
        world.run(.seconds(1))
        world.call()
        world.run(.seconds(1))
        #expect(world.isAnswered)
        #expect((preferred.count(.invite), spare.count(.invite)) == (1, 1))
        #expect(spare.invite?.uri.description == "sip:84951234567@carrier.test")
    }

    @Test(arguments: Seeds.some(2))
    func `a thousand calls are shared by the weights of SRV`(seed: UInt64) throws {
        let world = try TrunkWorld(seed: seed)
        let hosts = [first, second]
        world.simulation.network.names.set(
            "_sip._udp.carrier.test", .srv,
            hosts.indices.map {
                .service(priority: 1, weight: [75, 25][$0], port: 5060, target: "\($0).carrier.test")
            }, lifetime: .seconds(86_400))
        for index in hosts.indices {
            world.simulation.network.names["\(index).carrier.test"] = [try #require(IPAddress(hosts[index]))]
        }
        let carriers = try hosts.map { try world.carrier($0, .answers(status: 486)) }
        var trunk = Trunk(name: "named", targets: [TrunkTarget(host: "carrier.test", transport: .udp)])
        trunk.keepAlive = nil
        world.gateway.with { $0.setTrunks([trunk]) }
        world.run(.seconds(1))
        for _ in 0..<1000 {
            world.call()
            world.run(.milliseconds(20))
        }
        let shares = carriers.map { $0.count(.invite) }
        #expect(shares.reduce(0, +) == 1000, "seed \(seed)")
        #expect(abs(shares[0] - 750) < 60, "seed \(seed): \(shares)")
    }

    @Test func `a name that leads elsewhere is followed when its lifetime is over`() throws {
        let world = try TrunkWorld()
        let carriers = try [first, second].map { try world.carrier($0, .answers(status: 486)) }
        func lead(to host: String) throws {
            let ip = try #require(IPAddress(host))
            world.simulation.network.names.set("carrier.test", .a, [.address(ip)], lifetime: .seconds(60))
        }
        try lead(to: first)
        var trunk = Trunk(name: "named", targets: [TrunkTarget(host: "carrier.test", port: 5060, transport: .udp)])
        trunk.keepAlive = nil
        world.gateway.with { $0.setTrunks([trunk]) }
        world.run(.seconds(1))
        world.call()
        try lead(to: second)
        world.run(.seconds(30))
        world.call()
        world.run(.seconds(40))
        world.call()
        world.run(.seconds(1))
        #expect(carriers.map { $0.count(.invite) } == [2, 1])
        // A name service that fails takes nothing away.
        world.simulation.network.names.outage = .timedOut
        world.run(.seconds(300))
        world.call()
        world.run(.seconds(1))
        #expect(carriers.map { $0.count(.invite) } == [2, 2])
    }

    @Test(arguments: Seeds.some(10))
    func `on a terrible network every hunt ends once and leaves nothing behind`(seed: UInt64) throws {
        let trunks = [Trunk.test("carrier", first, second), Trunk.test("other", third)]
        let world = try TrunkWorld(seed: seed, over: .terrible, trunks[0], trunks[1])
        let manners: [Carrier.Manner] = [
            .silent, .answers(status: 503), .answers(status: 200), .late(.seconds(5)),
            .answers(status: 486, ringing: true),
        ]
        let carriers = try [first, second, third].map { try world.carrier($0, .silent) }
        var entropy = Entropy(seed: seed)
        for _ in 0..<20 {
            for carrier in carriers { carrier.manner = manners.randomElement(using: &entropy) ?? .silent }
            let leg = world.call()
            world.run(.seconds(Int.random(in: 1...60, using: &entropy)))
            world.gateway.with { $0.hangUp(leg, cause: .normal) }
        }
        world.run(.seconds(400))
        let left = world.gateway.statistics
        #expect(world.gateway.endings == 20, "seed \(seed)")
        #expect((left.legs, left.dialogs, left.openTransactions) == (0, 0, 0), "seed \(seed)")
        #expect(left.trunks.allSatisfy { $0.status.channels == 0 }, "seed \(seed)")
        #expect(world.gateway.with { $0.hunts.count } == 0, "seed \(seed)")
    }

    @Test func `an address with a name is looked up, and may be hung up meanwhile`() throws {
        let world = try TrunkWorld()
        world.simulation.network.names["phone.test"] = [try #require(IPAddress(first))]
        let phone = try world.carrier(first, .answers(status: 200))
        let uri = try #require(SIPURI("sip:anna@phone.test"))
        _ = world.gateway.call(.uri(uri))
        world.run(.seconds(1))
        #expect(world.isAnswered)
        #expect(phone.invite?.uri == uri)
        let leg = world.gateway.call(.uri(uri))
        world.gateway.with { $0.hangUp(leg, cause: .normal) }
        world.run(.seconds(1))
        #expect(world.gateway.events.last == .ended(reason: nil))
        #expect(phone.count(.invite) == 1)
        _ = world.gateway.call(.uri(try #require(SIPURI("sip:anna@nowhere.test"))))
        world.run(.seconds(1))
        #expect(world.refusal == 503)
    }
}
