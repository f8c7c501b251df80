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

    @Test func `a pair stays bound and is given out again after a second of silence`() throws {
        var ports = Self.ports(14_300...14_301)
        defer { ports.closeSpare() }
        let first = try ports.take(.ipv4, at: Self.start)
        ports.giveBack(first, at: Self.start)
        #expect(ports.restingCount(at: Self.start) == 1)
        #expect(throws: MediaError.portsExhausted) {
            _ = try ports.take(.ipv4, at: Self.start + .milliseconds(999))
        }
        #expect(ports.restingCount(at: Self.start + .seconds(1)) == 0)
        let again = try ports.take(.ipv4, at: Self.start + .seconds(1))
        #expect(again.port == first.port && again.sockets.rtp == first.sockets.rtp)
        #expect(again.sockets.rtcp == first.sockets.rtcp && ports.count == 0)
        ports.giveBack(again, at: Self.start)
    }

    @Test(arguments: [0, 1] as [UInt16])
    func `while somebody sends to a pair it is not given out, and what came is not there any more`(
        portAbove: UInt16
    ) throws {
        var ports = Self.ports(14_310...14_311)
        defer { ports.closeSpare() }
        let peer = try TestSocket(.loopbackIPv4)
        let pair = try ports.take(.ipv4, at: Self.start)
        let target = SocketAddress(ip: .loopbackIPv4, port: pair.port + portAbove)
        ports.giveBack(pair, at: Self.start)
        for second in 1...3 {
            for _ in 0..<5 { peer.send([1, 2, 3], to: target) }
            #expect(throws: MediaError.portsExhausted) {
                _ = try ports.take(.ipv4, at: Self.start + .seconds(second))
            }
            #expect(ports.restingCount(at: Self.start + .seconds(second)) == 1)
        }
        let quiet = try ports.take(.ipv4, at: Self.start + .seconds(4))
        var byte: UInt8 = 0
        #expect(recv(quiet.sockets.rtp, &byte, 1, Int32(MSG_DONTWAIT)) < 0)
        #expect(recv(quiet.sockets.rtcp, &byte, 1, Int32(MSG_DONTWAIT)) < 0)
        ports.giveBack(quiet, at: Self.start)
    }

    @Test func `what nobody needs is closed after a while, a few at a time, and its port rests`() throws {
        var ports = Self.ports(14_320...14_325)
        let pairs = [try ports.take(.ipv4, at: Self.start), try ports.take(.ipv4, at: Self.start)]
        for pair in pairs { ports.giveBack(pair, at: Self.start) }
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
        var ports = Self.ports(14_330...14_335) { $0.sparePairs = 1 }
        defer { ports.closeSpare() }
        let pairs = [try ports.take(.ipv4, at: Self.start), try ports.take(.ipv4, at: Self.start)]
        for pair in pairs { ports.giveBack(pair, at: Self.start) }
        #expect(throws: MediaError.self) { _ = try BoundPair(.loopbackIPv4, port: pairs[0].port) }
        try BoundPair(.loopbackIPv4, port: pairs[1].port).close()
        #expect(ports.count == 3)
    }

    @Test func `another range has none of the former's sockets`() throws {
        var ports = Self.ports(14_340...14_341)
        defer { ports.closeSpare() }
        var entropy = Entropy(seed: 4)
        let spare = try ports.take(.ipv4, at: Self.start)
        ports.giveBack(spare, at: Self.start)
        ports.move(to: 14_342...14_343, inUse: [], at: Self.start, entropy: &entropy)
        try BoundPair(.loopbackIPv4, port: spare.port).close()
        let used = try ports.take(.ipv4, at: Self.start)
        #expect(used.port == 14_342)
        ports.move(to: 14_344...14_345, inUse: [used.port], at: Self.start, entropy: &entropy)
        ports.giveBack(used, at: Self.start)
        try BoundPair(.loopbackIPv4, port: used.port).close()
        #expect(ports.count == 1)
    }

    @Test func `the other family's are taken when there are no others`() throws {
        var ports = Self.ports(14_350...14_351)
        defer { ports.closeSpare() }
        let first = try ports.take(.ipv4, at: Self.start)
        ports.giveBack(first, at: Self.start)
        let second = try ports.take(.ipv6, at: Self.start + .seconds(1))
        #expect(second.port == first.port && second.sockets.family == .ipv6)
        let peer = try TestSocket(.loopbackIPv6)
        peer.send([7], to: SocketAddress(ip: .loopbackIPv6, port: second.port))
        var byte: UInt8 = 0
        #expect(recv(second.sockets.rtp, &byte, 1, Int32(MSG_DONTWAIT)) == 1 && byte == 7)
        ports.giveBack(second, at: Self.start)
    }
}
