import SIP
import Testing
import Wire

/// The lots of RFC 2782.
struct SIPLocationTests {
    private func location(_ servers: [(priority: UInt16, weight: UInt16)]) -> SIPLocation {
        let described = servers.enumerated().map { index, server in
            SIPLocation.Server(
                priority: server.priority, weight: server.weight, port: UInt16(5000 + index),
                addresses: [IPAddress(v4: 0xC000_0200)])
        }
        return SIPLocation(
            domain: "example.com", services: [SIPLocation.Service(transport: .udp, servers: described)],
            lifetime: .seconds(60))
    }

    /// How often each server came first in 10,000 draws.
    private func winners(_ servers: [(priority: UInt16, weight: UInt16)]) -> (counts: [Int], seed: UInt64) {
        let seed = UInt64.random(in: 0 ... .max)
        var entropy = Entropy(seed: seed)
        let location = location(servers)
        var counts = [Int](repeating: 0, count: servers.count)
        for _ in 0..<10_000 {
            let order = location.ordered(using: &entropy)
            if let first = order.first { counts[Int(first.address.port) - 5000] += 1 }
        }
        return (counts, seed)
    }

    @Test func `weights are the shares of calls`() {
        // The running sums are drawn from 0 to 100: the first of an order has one chance of 101 more.
        let (counts, seed) = winners([(1, 60), (1, 30), (1, 10)])
        for (count, share) in zip(counts, [6000, 3000, 1000]) {
            #expect(abs(count - share) < 300, "\(counts), seed \(seed)")
        }
    }

    @Test func `those of weight 0 are seldom first, and share alike among themselves`() {
        let (counts, seed) = winners([(1, 0), (1, 100)])
        #expect((1...400).contains(counts[0]), "\(counts), seed \(seed)")
        let (equal, again) = winners([(1, 0), (1, 0), (1, 0), (1, 0)])
        for count in equal { #expect(abs(count - 2500) < 300, "\(equal), seed \(again)") }
    }

    @Test func `lower priorities always come first, and everybody comes once`() {
        let seed = UInt64.random(in: 0 ... .max)
        var entropy = Entropy(seed: seed)
        let location = location([(20, 9), (10, 1), (20, 0), (10, 65535), (30, 65535)])
        for _ in 0..<1000 {
            let ports = location.ordered(using: &entropy).map { Int($0.address.port) - 5000 }
            #expect(Set(ports[..<2]) == [1, 3], "seed \(seed)")
            #expect(Set(ports[2..<4]) == [0, 2], "seed \(seed)")
            #expect(ports[4...] == [4], "seed \(seed)")
        }
    }

    @Test func `the same seed draws the same order`() {
        let location = location((0..<16).map { (1, UInt16($0)) })
        var (one, other) = (Entropy(seed: 7), Entropy(seed: 7))
        #expect(location.ordered(using: &one) == location.ordered(using: &other))
    }

    @Test func `services keep their order, and a server named twice is tried once`() {
        let server = SIPLocation.Server(port: 5060, addresses: [.loopbackIPv4])
        let services = [SIPTransport.tls, .udp, .tls].map {
            SIPLocation.Service(transport: $0, servers: [server, server])
        }
        let location = SIPLocation(domain: "example.com", services: services, lifetime: .seconds(60))
        var entropy = Entropy(seed: 1)
        #expect(location.ordered(using: &entropy).map(\.transport) == [.tls, .udp])
    }
}
