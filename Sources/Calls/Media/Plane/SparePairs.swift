import CLinux
import Glibc
import Wire

/// Pairs of ports that stay bound between two legs: to make sockets and to close them costs more than all else that the
/// system does for a leg without media.
///
/// What is still on its way to the old leg must not reach a new one. Of a leg that nobody ever sent to, a short silence
/// shows that nothing is; the others rest for as long as if they had been closed. However much a stranger sends, a pair
/// comes back after both rests.
struct SparePairs {
    private struct Entry {
        let pair: BoundPair
        let freeFrom: Instant
    }

    /// Of legs that nobody sent to, and of the others; longest at rest first.
    private var unheard = FIFO<Entry>()
    private var heard = FIFO<Entry>()
    private let silence: Duration
    private let rest: Duration

    init(silence: Duration, rest: Duration) { (self.silence, self.rest) = (silence, rest) }

    var count: Int { unheard.count + heard.count }

    var ports: [UInt16] { unheard.map(\.pair.port) + heard.map(\.pair.port) }

    /// Those that may not be given out yet.
    func restingCount(at now: Instant) -> Int {
        unheard.count { $0.freeFrom > now } + heard.count { $0.freeFrom > now }
    }

    /// `wasSentTo`: something has come to the leg that had it.
    mutating func append(_ pair: BoundPair, wasSentTo: Bool, at now: Instant) {
        if wasSentTo {
            heard.append(Entry(pair: pair, freeFrom: now + rest))
        } else {
            unheard.append(Entry(pair: pair, freeFrom: now + silence))
        }
    }

    /// One that has rested, with nothing in its sockets.
    mutating func take(at now: Instant) -> BoundPair? {
        for _ in 0..<Self.looks {
            guard let pair = Self.popFree(&unheard, at: now) else { break }
            if !Self.empty(pair) { return pair }
            append(pair, wasSentTo: true, at: now)
        }
        guard let pair = Self.popFree(&heard, at: now) else { return nil }
        _ = Self.empty(pair)
        return pair
    }

    /// One that nobody has needed for `time` after it was free; with nil any.
    mutating func popFirst(unusedFor time: Duration?, at now: Instant) -> BoundPair? {
        func isUnused(_ entry: Entry) -> Bool { time.map { entry.freeFrom + $0 <= now } ?? true }
        if let oldest = unheard.first, isUnused(oldest) { return unheard.popFirst()?.pair }
        if let oldest = heard.first, isUnused(oldest) { return heard.popFirst()?.pair }
        return nil
    }

    private static func popFree(_ entries: inout FIFO<Entry>, at now: Instant) -> BoundPair? {
        guard let oldest = entries.first, oldest.freeFrom <= now else { return nil }
        return entries.popFirst()?.pair
    }

    /// Pairs looked at for one leg: somebody may send to all of them.
    private static let looks = 8
    /// More than a socket's buffer holds.
    private static let readAtMost = 1024

    /// Reads what has come; answers whether anything had.
    ///
    /// An error that was reported to a socket is not.
    private static func empty(_ pair: BoundPair) -> Bool {
        let (rtp, rtcp) = (empty(pair.sockets.rtp), empty(pair.sockets.rtcp))
        return rtp || rtcp
    }

    private static func empty(_ socket: Int32) -> Bool {
        var hasHeard = false
        var byte: UInt8 = 0
        for _ in 0..<readAtMost {
            if recv(socket, &byte, 1, Int32(MSG_DONTWAIT)) >= 0 {
                hasHeard = true
            } else if errno == EAGAIN {
                break
            }
        }
        return hasHeard
    }
}
