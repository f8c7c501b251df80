import Wire

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
    private let rest: Duration

    init(_ range: ClosedRange<UInt16>, rest: Duration, entropy: inout Entropy) {
        let first = Int(range.lowerBound) + Int(range.lowerBound & 1)
        let ports = stride(from: first, to: Int(range.upperBound), by: 2).map { UInt16($0) }
        waiting = ports.shuffled(using: &entropy).map { Entry(port: $0, freeFrom: .zero) }
        self.rest = rest
    }

    /// Pairs that are not in use, resting ones included.
    var count: Int { waiting.count - head }

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

    /// Takes a port back.
    mutating func giveBack(_ port: UInt16, at now: Instant) {
        waiting.append(Entry(port: port, freeFrom: now + rest))
    }
}
