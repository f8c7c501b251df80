import Glibc
import Testing
import Wire

@testable import Media

/// Sockets between one leg and the next, on ports of loopback, in a time of the test's own.
struct SIPPortsTests {
    private static let start = Instant(nanoseconds: 1_000_000_000)

    private static func ports(
        _ range: ClosedRange<UInt16>, adjust: (inout MediaConfiguration) -> Void = { _ in }
    ) -> SIPPorts {
        var configuration = MediaConfiguration()
        configuration.bindAddress = .loopbackIPv4
        configuration.rtpPorts = range
        adjust(&configuration)
        var entropy = Entropy(seed: 3)
        return SIPPorts(configuration, entropy: &entropy)
    }

    private static func isQuiet(_ pair: BoundPair) -> Bool {
        var byte: UInt8 = 0
        return [pair.sockets.rtp, pair.sockets.rtcp].allSatisfy { recv($0, &byte, 1, Int32(MSG_DONTWAIT)) < 0 }
    }

    @Test(arguments: [(false, 1000), (true, 5000)])
    func `a pair stays bound and is given out again, sooner after a leg that nobody sent to`(
        wasSentTo: Bool, rest: Int64
    ) throws {
        let range: ClosedRange<UInt16> = wasSentTo ? 14_300...14_301 : 14_304...14_305
        var ports = Self.ports(range)
        defer { ports.closeAll() }
        let first = try ports.take(.ipv4, at: Self.start)
        ports.giveBack(first, wasSentTo: wasSentTo, at: Self.start)
        #expect(ports.restingCount(at: Self.start) == 1)
        #expect(throws: MediaError.portsExhausted) {
            _ = try ports.take(.ipv4, at: Self.start + .milliseconds(rest - 1))
        }
        #expect(ports.restingCount(at: Self.start + .milliseconds(rest)) == 0)
        let again = try ports.take(.ipv4, at: Self.start + .milliseconds(rest))
        #expect(again.port == first.port && again.sockets.rtp == first.sockets.rtp)
        #expect(again.sockets.rtcp == first.sockets.rtcp && ports.count == 0)
        again.close()
    }

    @Test(arguments: [0, 1] as [UInt16])
    func `a pair that somebody sends to rests on, but not for ever, and what came is not there any more`(
        portAbove: UInt16
    ) throws {
        let first = 14_310 + portAbove * 4
        var ports = Self.ports(first...first + 1)
        defer { ports.closeAll() }
        let peer = try TestSocket(.loopbackIPv4)
        let pair = try ports.take(.ipv4, at: Self.start)
        let target = SocketAddress(ip: .loopbackIPv4, port: pair.port + portAbove)
        ports.giveBack(pair, wasSentTo: false, at: Self.start)
        for _ in 0..<200 { peer.send([1, 2, 3], to: target) }
        for milliseconds in [1000, 3000, 5999] as [Int64] {
            #expect(throws: MediaError.portsExhausted) {
                _ = try ports.take(.ipv4, at: Self.start + .milliseconds(milliseconds))
            }
            for _ in 0..<200 { peer.send([1, 2, 3], to: target) }
        }
        let again = try ports.take(.ipv4, at: Self.start + .seconds(6))
        #expect(again.port == pair.port && Self.isQuiet(again))
        again.close()
    }

    @Test func `silent pairs are found behind others`() throws {
        var ports = Self.ports(14_320...14_339)
        defer { ports.closeAll() }
        let peer = try TestSocket(.loopbackIPv4)
        let pairs = try (0..<10).map { _ in try ports.take(.ipv4, at: Self.start) }
        for pair in pairs { ports.giveBack(pair, wasSentTo: false, at: Self.start) }
        for pair in pairs.dropLast(3) { peer.send([1], to: SocketAddress(ip: .loopbackIPv4, port: pair.port)) }
        let taken = try (0..<3).map { _ in try ports.take(.ipv4, at: Self.start + .seconds(1)) }
        #expect(taken.map(\.port) == pairs.suffix(3).map(\.port))
        for pair in taken { pair.close() }
    }

    @Test func `what nobody needs is closed after a while, a few at a time, and its port rests`() throws {
        var ports = Self.ports(14_340...14_345)
        let pairs = [try ports.take(.ipv4, at: Self.start), try ports.take(.ipv4, at: Self.start)]
        for pair in pairs { ports.giveBack(pair, wasSentTo: false, at: Self.start) }
        let late = Self.start + .seconds(11)
        var remain = ports.closeUnused(atMost: 5, at: Self.start + .milliseconds(10_999))
        #expect(remain)
        #expect(throws: MediaError.self) { _ = try BoundPair(.loopbackIPv4, port: pairs[1].port) }
        remain = ports.closeUnused(atMost: 1, at: late)
        #expect(remain)
        remain = ports.closeUnused(atMost: 1, at: late)
        #expect(!remain)
        #expect(ports.count == 3 && ports.restingCount(at: late) == 2)
        for pair in pairs { try BoundPair(.loopbackIPv4, port: pair.port).close() }
    }

    @Test func `no more stay bound than may`() throws {
        var ports = Self.ports(14_350...14_355) { $0.sparePairs = 1 }
        defer { ports.closeAll() }
        let pairs = [try ports.take(.ipv4, at: Self.start), try ports.take(.ipv4, at: Self.start)]
        for pair in pairs { ports.giveBack(pair, wasSentTo: false, at: Self.start) }
        #expect(throws: MediaError.self) { _ = try BoundPair(.loopbackIPv4, port: pairs[0].port) }
        try BoundPair(.loopbackIPv4, port: pairs[1].port).close()
        #expect(ports.count == 3)
    }

    @Test func `another range has none of the former's sockets, and no port twice`() throws {
        var ports = Self.ports(14_360...14_363)
        defer { ports.closeAll() }
        var entropy = Entropy(seed: 4)
        let (first, second) = (try ports.take(.ipv4, at: Self.start), try ports.take(.ipv4, at: Self.start))
        for pair in [first, second] { ports.giveBack(pair, wasSentTo: false, at: Self.start) }
        // The upper of the two stays in the range.
        ports.move(to: 14_362...14_365, inUse: [], at: Self.start, entropy: &entropy)
        #expect(ports.count == 3)
        let late = Self.start + .seconds(7)
        let taken = [try ports.take(.ipv4, at: late), try ports.take(.ipv4, at: late)]
        #expect(Set(taken.map(\.port)) == [14_362, 14_364])
        #expect(throws: MediaError.portsExhausted) { _ = try ports.take(.ipv4, at: late + .seconds(60)) }
        try BoundPair(.loopbackIPv4, port: 14_360).close()
        for pair in taken { pair.close() }
    }

    @Test func `pairs of IPv6 are closed, and take a port of the others' when there is none left`() throws {
        var ports = Self.ports(14_370...14_371)
        defer { ports.closeAll() }
        let first = try ports.take(.ipv4, at: Self.start)
        ports.giveBack(first, wasSentTo: false, at: Self.start)
        // Somebody has the port there: it is not lost for it.
        let foreign = try BoundPair(.loopbackIPv6, port: first.port)
        #expect(throws: MediaError.portsExhausted) { _ = try ports.take(.ipv6, at: Self.start + .seconds(1)) }
        #expect(ports.count == 1)
        foreign.close()
        let second = try ports.take(.ipv6, at: Self.start + .seconds(6))
        #expect(second.port == first.port && second.sockets.family == .ipv6)
        ports.giveBack(second, wasSentTo: false, at: Self.start + .seconds(6))
        try BoundPair(.loopbackIPv6, port: second.port).close()
        #expect(ports.count == 1)
    }
}
