import Glibc
import Wire

/// An even port for RTP and the odd one above it for RTCP, bound.
struct BoundPair: Sendable {
    let port: UInt16
    let sockets: SIPSockets

    /// Throws `.system`, `EADDRINUSE` where one of the two is somebody else's.
    init(_ address: IPAddress, port: UInt16) throws(MediaError) {
        let rtp = try UDPSockets.bind(SocketAddress(ip: address, port: port))
        do throws(MediaError) {
            let rtcp = try UDPSockets.bind(SocketAddress(ip: address, port: port &+ 1))
            (self.port, sockets) = (port, SIPSockets(rtp: rtp, rtcp: rtcp, family: address.family))
        } catch {
            Glibc.close(rtp)
            throw error
        }
    }

    func close() {
        Glibc.close(sockets.rtp)
        Glibc.close(sockets.rtcp)
    }
}

/// The pairs of ports that SIP legs are given: some still bound from the leg before, the others not.
struct SIPPorts {
    private let configuration: MediaConfiguration
    private var unbound: PortAllocator
    private var spare: [IPAddress.Family: SparePairs]

    private static let bindAttempts = 32
    /// A pair that nobody has needed for so long is closed.
    private static let patience = Duration.seconds(10)

    init(_ configuration: MediaConfiguration, entropy: inout Entropy) {
        self.configuration = configuration
        unbound = PortAllocator(configuration.rtpPorts, rest: configuration.portRest, entropy: &entropy)
        let none = SparePairs(silence: configuration.portSilence)
        spare = [.ipv4: none, .ipv6: none]
    }

    var range: ClosedRange<UInt16> { unbound.range }

    /// Pairs that stay bound though no leg has them.
    private var spareCount: Int { spare.values.reduce(0) { $0 + $1.count } }

    /// Pairs that no leg has.
    var count: Int { unbound.count + spareCount }

    /// Those of them that may not be given out yet.
    func restingCount(at now: Instant) -> Int {
        unbound.restingCount(at: now) + spare.values.reduce(0) { $0 + $1.restingCount(at: now) }
    }

    /// A pair for a leg; ports that somebody else holds are passed over.
    mutating func take(_ family: IPAddress.Family, at now: Instant) throws(MediaError) -> BoundPair {
        if let pair = spare[family]?.take(at: now) { return pair }
        let address = configuration.bindAddress(for: family)
        for _ in 0..<Self.bindAttempts {
            guard let port = unbound.take(at: now) else { return try rebind(address, at: now) }
            do throws(MediaError) {
                return try BoundPair(address, port: port)
            } catch {
                unbound.giveBack(port, at: now)
                if error != .system(errno: EADDRINUSE) { throw error }
            }
        }
        throw .portsExhausted
    }

    /// Takes a pair of the other family's.
    private mutating func rebind(_ address: IPAddress, at now: Instant) throws(MediaError) -> BoundPair {
        for family in IPAddress.Family.allCases where family != address.family {
            guard let pair = spare[family]?.take(at: now) else { continue }
            pair.close()
            return try BoundPair(address, port: pair.port)
        }
        throw .portsExhausted
    }

    /// Takes back a pair that nobody reads any more.
    mutating func giveBack(_ pair: BoundPair, at now: Instant) {
        if spareCount < configuration.sparePairs, unbound.holds(pair.port) {
            spare[pair.sockets.family]?.append(pair, at: now)
        } else {
            pair.close()
            unbound.giveBack(pair.port, at: now)
        }
    }

    /// Gives pairs of another range from now on; those in use may be kept until they are given back.
    mutating func move(
        to range: ClosedRange<UInt16>, inUse: Set<UInt16>, at now: Instant, entropy: inout Entropy
    ) {
        while let pair = popSpare() {
            pair.close()
            unbound.giveBack(pair.port, at: now)
        }
        unbound.move(to: range, inUse: inUse, at: now, entropy: &entropy)
    }

    /// Closes some of the pairs that nobody needs; answers whether there are others that stay bound.
    mutating func closeUnused(atMost count: Int, at now: Instant) -> Bool {
        for _ in 0..<count {
            guard let pair = popSpare(unusedFor: Self.patience, at: now) else { break }
            pair.close()
            unbound.giveBack(pair.port, at: now)
        }
        return spareCount > 0
    }

    /// Closes all that no leg has, at the end.
    mutating func closeSpare() { while let pair = popSpare() { pair.close() } }

    private mutating func popSpare(unusedFor time: Duration? = nil, at now: Instant = .zero) -> BoundPair? {
        for family in IPAddress.Family.allCases {
            if let pair = spare[family]?.popFirst(unusedFor: time, at: now) { return pair }
        }
        return nil
    }
}
