package import Wire

/// What one source's packets tell about the path (RFC 3550 appendices A.1, A.3 and A.8).
///
/// A source that begins anew (other SSRC, or a jump in its numbers that holds) starts another count; what was lost
/// before is kept in the totals.
package struct ReceptionStatistics: Hashable, Sendable {
    private(set) package var ssrc: UInt32 = 0
    private(set) package var received: UInt64 = 0
    private(set) package var firstAt: Instant?
    private(set) package var lastAt: Instant = .zero
    /// Runs of missing packets, whatever came late included.
    private(set) package var gaps: UInt64 = 0
    private var clockRate: UInt32
    private var highest: UInt16 = 0
    private var cycles: UInt32 = 0
    private var base: UInt32 = 0
    /// The number that would confirm a jump, or a value no number has.
    private var confirming: UInt32 = .max
    private var receivedSinceBase: UInt32 = 0
    private var lostBeforeBase: UInt64 = 0
    private var expectedPrior: UInt32 = 0
    private var receivedPrior: UInt32 = 0
    private var transit: UInt32 = 0
    /// Sixteen times the jitter, in units of the clock.
    private var scaledJitter: UInt32 = 0
    private var lastSenderReport: UInt32 = 0
    private var lastSenderReportAt: Instant = .zero

    /// Larger steps forward than this are a restart, not a loss.
    package static let maximumDropout: UInt16 = 3000
    /// Steps back up to this are late packets.
    package static let maximumMisorder: UInt16 = 100

    package init(clockRate: UInt32) { self.clockRate = max(clockRate, 1) }

    package mutating func setClockRate(_ rate: UInt32) {
        guard rate != clockRate else { return }
        (clockRate, scaledJitter, transit) = (max(rate, 1), 0, 0)
    }

    /// Counts a packet of the peer.
    ///
    /// `isAudio` is false for packets whose timestamps stand still (telephone-event).
    package mutating func count(_ header: RTPHeader, at now: Instant, isAudio: Bool = true) {
        if firstAt == nil || header.ssrc != ssrc {
            restart(header)
            firstAt = firstAt ?? now
        } else if !follow(header.sequenceNumber) {
            restart(header)
        }
        received &+= 1
        receivedSinceBase &+= 1
        lastAt = now
        if isAudio { measureJitter(header.timestamp, now) }
    }

    /// Moves the highest number on; false when the source has restarted.
    private mutating func follow(_ sequence: UInt16) -> Bool {
        let step = sequence &- highest
        if step < Self.maximumDropout {
            if sequence < highest { cycles &+= 0x10000 }
            if step > 1 { gaps &+= 1 }
            highest = sequence
        } else if step <= UInt16.max - Self.maximumMisorder {
            if UInt32(sequence) == confirming { return false }
            confirming = UInt32(sequence &+ 1)
            return true
        }
        confirming = .max
        return true
    }

    private mutating func restart(_ header: RTPHeader) {
        lostBeforeBase = lost
        ssrc = header.ssrc
        highest = header.sequenceNumber
        (cycles, base, confirming) = (0, UInt32(header.sequenceNumber), .max)
        (receivedSinceBase, expectedPrior, receivedPrior) = (0, 0, 0)
        (transit, lastSenderReport) = (0, 0)
    }

    private mutating func measureJitter(_ timestamp: UInt32, _ now: Instant) {
        let current = ClockTicks.ticks(now.nanoseconds, clockRate) &- timestamp
        defer { transit = current }
        guard transit != 0 else { return }
        let difference = Int32(bitPattern: current &- transit).magnitude
        // A jump of the timestamps by over ten seconds is another source's, not the path's.
        guard difference < clockRate &* 10 else { return }
        scaledJitter = scaledJitter &+ difference &- ((scaledJitter &+ 8) >> 4)
    }

    /// Forgets the timestamps, when the sender was told to change its clock or pauses on purpose.
    package mutating func pause() { transit = 0 }
}

extension ReceptionStatistics {
    package var extendedHighest: UInt32 { cycles &+ UInt32(highest) }

    private var expected: UInt32 { receivedSinceBase == 0 ? 0 : extendedHighest &- base &+ 1 }

    /// Packets that never came, of all counts together.
    package var lost: UInt64 {
        lostBeforeBase &+ (expected > receivedSinceBase ? UInt64(expected - receivedSinceBase) : 0)
    }

    /// In units of the clock.
    package var jitter: UInt32 { scaledJitter >> 4 }

    package var jitterDuration: Duration {
        .nanoseconds(Int64(ClockTicks.nanoseconds(jitter, clockRate)))
    }

    /// Remembers the peer's sender report, so that our next report can answer it.
    package mutating func heardSenderReport(from source: UInt32, _ time: NTPTime, at now: Instant) {
        guard source == ssrc else { return }
        (lastSenderReport, lastSenderReportAt) = (time.middle, now)
    }

    /// The block of our next report, whose interval ends now; nil before the first packet.
    package mutating func makeReport(at now: Instant) -> ReportBlock? {
        guard receivedSinceBase > 0 else { return nil }
        let expectedInterval = expected &- expectedPrior
        let lostInterval = Int64(expectedInterval) - Int64(receivedSinceBase &- receivedPrior)
        (expectedPrior, receivedPrior) = (expected, receivedSinceBase)
        let fraction = expectedInterval == 0 || lostInterval <= 0 ? 0 : (lostInterval << 8) / Int64(expectedInterval)
        let cumulative = Int64(expected) - Int64(receivedSinceBase)
        return ReportBlock(
            ssrc: ssrc, fractionLost: UInt8(clamping: fraction),
            cumulativeLost: Int32(min(max(cumulative, -0x80_0000), 0x7F_FFFF)), highestSequence: extendedHighest,
            jitter: jitter, lastSenderReport: lastSenderReport,
            delaySinceLastReport: lastSenderReport == 0 ? 0 : NTPTime.shortSpan(now - lastSenderReportAt))
    }
}
