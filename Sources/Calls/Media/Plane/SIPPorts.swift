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
    /// Of IPv4: a socket of IPv6 that was connected once hears nobody else for the rest of its life (`udp_disconnect` of
    /// Linux leaves the peer's address where its look-up reads it).
    private var spare: SparePairs

    private static let bindAttempts = 32
    /// A pair that nobody has needed for so long is closed.
    private static let patience = Duration.seconds(10)

    init(_ configuration: MediaConfiguration, entropy: inout Entropy) {
        self.configuration = configuration
        unbound = PortAllocator(configuration.rtpPorts, rest: configuration.portRest, entropy: &entropy)
        spare = SparePairs(silence: configuration.portSilence, rest: configuration.portRest)
    }

    var range: ClosedRange<UInt16> { unbound.range }

    /// Pairs that no leg has.
    var count: Int { unbound.count + spare.count }

    /// Those of them that may not be given out yet.
    func restingCount(at now: Instant) -> Int { unbound.restingCount(at: now) + spare.restingCount(at: now) }

    /// A pair for a leg; ports that somebody else holds are passed over.
    mutating func take(_ family: IPAddress.Family, at now: Instant) throws(MediaError) -> BoundPair {
        if family == .ipv4, let pair = takeSpare(at: now) { return pair }
        let address = configuration.bindAddress(for: family)
        for _ in 0..<Self.bindAttempts {
            guard let port = unbound.take(at: now) ?? closeSpare(at: now) else { throw .portsExhausted }
            do throws(MediaError) {
                return try BoundPair(address, port: port)
            } catch {
                unbound.giveBack(port, at: now)
                let makesRoom = error == .system(errno: EMFILE) && close(atMost: Self.closedForRoom, at: now) > 0
                guard makesRoom || error == .system(errno: EADDRINUSE) else { throw error }
            }
        }
        throw .portsExhausted
    }

    /// Pairs closed when the process may open no more descriptors.
    private static let closedForRoom = 8

    private mutating func takeSpare(at now: Instant) -> BoundPair? {
        while let pair = spare.take(at: now) {
            if unbound.holds(pair.port) { return pair }
            close(pair, at: now)
        }
        return nil
    }

    /// The port of one that has rested, closed so that the other family may have it.
    private mutating func closeSpare(at now: Instant) -> UInt16? {
        let pair = takeSpare(at: now)
        pair?.close()
        return pair?.port
    }

    /// Takes back a pair that nobody reads any more; `wasSentTo`: something has come to the leg that had it.
    mutating func giveBack(_ pair: BoundPair, wasSentTo: Bool, at now: Instant) {
        guard spare.count < configuration.sparePairs, unbound.holds(pair.port), pair.sockets.family == .ipv4 else {
            return close(pair, at: now)
        }
        spare.append(pair, wasSentTo: wasSentTo, at: now)
    }

    private mutating func close(_ pair: BoundPair, at now: Instant) {
        pair.close()
        unbound.giveBack(pair.port, at: now)
    }

    /// Gives pairs of another range from now on; those in use may be kept until they are given back.
    mutating func move(
        to range: ClosedRange<UInt16>, inUse: Set<UInt16>, at now: Instant, entropy: inout Entropy
    ) {
        unbound.move(to: range, inUse: inUse.union(spare.ports), at: now, entropy: &entropy)
    }

    /// Closes some of the pairs that nobody needs; answers whether there are others that stay bound.
    mutating func closeUnused(atMost count: Int, at now: Instant) -> Bool {
        _ = close(atMost: count, unusedFor: Self.patience, at: now)
        return spare.count > 0
    }

    /// Closes pairs that have been free for `time`, with nil any; answers how many.
    private mutating func close(atMost count: Int, unusedFor time: Duration? = nil, at now: Instant) -> Int {
        for closed in 0..<count {
            guard let pair = spare.popFirst(unusedFor: time, at: now) else { return closed }
            close(pair, at: now)
        }
        return count
    }

    /// Closes all that no leg has, at the end.
    mutating func closeAll() {
        while let pair = spare.popFirst(unusedFor: nil, at: .zero) { pair.close() }
    }
}
