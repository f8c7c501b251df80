import CLinux
import Glibc
import Wire

/// Pairs of ports that stay bound between two legs: to make sockets and to close them costs more than all else that the
/// system does for a leg without media.
///
/// One is given out when nothing has come to it for a while: what is still on its way to the old leg must not reach a
/// new one, and here it can be seen, also of a peer that has not noticed the end.
struct SparePairs {
    private struct Entry {
        let pair: BoundPair
        let freeFrom: Instant
    }

    /// Longest at rest first.
    private var entries = FIFO<Entry>()
    private let silence: Duration

    init(silence: Duration) { self.silence = silence }

    var count: Int { entries.count }

    /// Those that may not be given out yet.
    func restingCount(at now: Instant) -> Int { entries.count { $0.freeFrom > now } }

    mutating func append(_ pair: BoundPair, at now: Instant) {
        entries.append(Entry(pair: pair, freeFrom: now + silence))
    }

    /// One that has been silent; those that were not rest once more.
    mutating func take(at now: Instant) -> BoundPair? {
        for _ in 0..<Self.looks {
            guard let oldest = entries.first, oldest.freeFrom <= now else { return nil }
            _ = entries.popFirst()
            // Both are emptied.
            let hasHeard = (Self.hasHeard(oldest.pair.sockets.rtp), Self.hasHeard(oldest.pair.sockets.rtcp))
            if hasHeard == (false, false) { return oldest.pair }
            append(oldest.pair, at: now)
        }
        return nil
    }

    /// The one that rests longest, if nobody has needed it for `time` after it was free.
    mutating func popFirst(unusedFor time: Duration?, at now: Instant) -> BoundPair? {
        if let time { guard let oldest = entries.first, oldest.freeFrom + time <= now else { return nil } }
        return entries.popFirst()?.pair
    }

    /// Pairs looked at for one leg.
    private static let looks = 8
    /// Datagrams read of a socket before it is left, the rest for next time.
    private static let readAtOnce = 64

    /// Whether anything has come; an error that was reported to the socket is not.
    private static func hasHeard(_ socket: Int32) -> Bool {
        var hasHeard = false
        var byte: UInt8 = 0
        for _ in 0..<readAtOnce {
            if recv(socket, &byte, 1, Int32(MSG_DONTWAIT)) >= 0 {
                hasHeard = true
            } else if errno == EAGAIN {
                break
            }
        }
        return hasHeard
    }
}
