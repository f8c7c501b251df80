import Wire

/// Pairs of ports, RTP and RTCP, by what they do.
package struct PortPairs: Sendable, Equatable {
    package var used = 0
    /// They were given back a moment ago, and are not given out yet.
    package var resting = 0
    package var free = 0

    package init(used: Int = 0, resting: Int = 0, free: Int = 0) {
        (self.used, self.resting, self.free) = (used, resting, free)
    }

    package var all: Int { used + resting + free }
}

/// Even ports for RTP, each with the odd one above it for RTCP, in an order that cannot be guessed.
///
/// A port that comes back rests before it is given out again: what is still on its way to the old leg must not reach
/// a new one.
struct PortAllocator {
    private struct Entry {
        let port: UInt16
        let freeFrom: Instant
    }

    /// Longest at rest first.
    private var waiting: [Entry]
    private var head = 0
    /// When ports of former ranges will have rested, should they come back.
    private var left: [UInt16: Instant] = [:]
    private let rest: Duration
    private(set) var range: ClosedRange<UInt16>

    init(_ range: ClosedRange<UInt16>, rest: Duration, entropy: inout Entropy) {
        (self.range, self.rest) = (range, rest)
        waiting = Self.ports(range).shuffled(using: &entropy).map { Entry(port: $0, freeFrom: .zero) }
    }

    private static func ports(_ range: ClosedRange<UInt16>) -> [UInt16] {
        let first = Int(range.lowerBound) + Int(range.lowerBound & 1)
        return stride(from: first, to: Int(range.upperBound), by: 2).map { UInt16($0) }
    }

    /// Gives ports of another range from now on; those in use may be kept until they are given back.
    mutating func move(
        to range: ClosedRange<UInt16>, inUse: Set<UInt16>, at now: Instant, entropy: inout Entropy
    ) {
        self.range = range
        let wanted = Set(Self.ports(range))
        let kept = waiting[head...].filter { wanted.contains($0.port) }
        for entry in waiting[head...] where !wanted.contains(entry.port) { left[entry.port] = entry.freeFrom }
        left = left.filter { $0.value > now }
        let added = wanted.subtracting(inUse).subtracting(kept.map(\.port)).sorted()
            .map { Entry(port: $0, freeFrom: left.removeValue(forKey: $0) ?? .zero) }
        let all = kept + added
        let resting = all.filter { $0.freeFrom != .zero }.sorted { $0.freeFrom < $1.freeFrom }
        waiting = all.filter { $0.freeFrom == .zero }.shuffled(using: &entropy) + resting
        head = 0
    }

    /// Pairs that are not in use, resting ones included.
    var count: Int { waiting.count - head }

    /// Those of them that may not be given out yet.
    func restingCount(at now: Instant) -> Int {
        // Those that rest longest stand first, so that the first which must rest on is found by halves.
        var (low, high) = (head, waiting.count)
        while low < high {
            let middle = (low + high) / 2
            if waiting[middle].freeFrom <= now { low = middle + 1 } else { high = middle }
        }
        return waiting.count - low
    }

    /// A port that has rested; nil when there is none.
    mutating func take(at now: Instant) -> UInt16? {
        guard head < waiting.count, waiting[head].freeFrom <= now else { return nil }
        defer {
            head += 1
            if head > 1024, head * 2 > waiting.count {
                waiting.removeFirst(head)
                head = 0
            }
        }
        return waiting[head].port
    }

    /// Whether a pair is of the range that is given out.
    func holds(_ port: UInt16) -> Bool { range.contains(port) && port < range.upperBound }

    /// Takes a port back; one of a former range goes out of use, and rests all the same.
    mutating func giveBack(_ port: UInt16, at now: Instant) {
        guard holds(port) else { return left[port] = now + rest }
        waiting.append(Entry(port: port, freeFrom: now + rest))
    }
}
