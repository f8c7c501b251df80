package import Wire

/// One stream as its receiver sees it: one SSRC, numbers without a seam, timestamps that only go forward.
///
/// Whatever is fed into it (relayed packets of changing sources, our own tones, telephone-events) comes out as if one
/// sender had made it all. A switch carries the marker and a timestamp gap of the time that passed.
package struct OutgoingStream: Hashable, Sendable {
    package let ssrc: UInt32
    private(set) package var clockRate: UInt32
    private(set) package var lastSequence: UInt16
    /// The newest timestamp, and when it was reached; nil before the first packet.
    private(set) package var lastTimestamp: UInt32
    private(set) package var lastAt: Instant?
    private var feed: Feed = .nothing
    private var sourceSSRC: UInt32 = 0
    private var sourceSequence: UInt16 = 0
    private var sourceTimestamp: UInt32 = 0
    private var sequenceOffset: UInt16 = 0
    private var timestampOffset: UInt32 = 0
    /// How far the source has come since it was switched to; older packets would fall before the seam.
    private var sinceSwitch: UInt32 = 0
    /// The number that would confirm a jump, or a value no number has.
    private var confirming: UInt32 = .max

    private enum Feed {
        case nothing
        case relayed
        case own
    }

    /// The first packet gets the number and timestamp after these.
    package init(ssrc: UInt32, sequenceNumber: UInt16, timestamp: UInt32, clockRate: UInt32) {
        (self.ssrc, self.clockRate) = (ssrc, max(clockRate, 1))
        (lastSequence, lastTimestamp) = (sequenceNumber, timestamp)
    }

    /// A stream with random identifiers (RFC 3550 section 5.1).
    ///
    /// The first number stays below 2^15, so that its loss cannot upset the receiver's roll-over counter (RFC 3711
    /// section 3.3.1).
    package init(_ entropy: inout Entropy, clockRate: UInt32) {
        let (first, second) = (entropy.next(), entropy.next())
        self.init(
            ssrc: UInt32(truncatingIfNeeded: first), sequenceNumber: UInt16(truncatingIfNeeded: second) & 0x7FFF,
            timestamp: UInt32(truncatingIfNeeded: first >> 32), clockRate: clockRate)
    }

    package mutating func setClockRate(_ rate: UInt32) {
        guard rate != clockRate else { return }
        clockRate = max(rate, 1)
        interrupt()
    }

    /// What comes next comes from somewhere else, or after a pause.
    package mutating func interrupt() { feed = .nothing }

    /// The stream's timestamp at a moment, for sender reports.
    package func timestamp(at now: Instant) -> UInt32 { lastTimestamp &+ elapsedTicks(now) }

    private func elapsedTicks(_ now: Instant) -> UInt32 {
        guard let lastAt, now > lastAt else { return 0 }
        return ClockTicks.ticks(now.nanoseconds - lastAt.nanoseconds, clockRate)
    }

    /// After a seam: the time that passed, one packet's worth at least.
    private func nextTimestamp(_ now: Instant) -> UInt32 {
        lastTimestamp &+ max(elapsedTicks(now), clockRate / 50)
    }
}

// Relayed packets.
extension OutgoingStream {
    /// The place of a relayed packet: its header with our SSRC, number and timestamp; nil: drop it.
    ///
    /// Late packets keep their place; duplicates of the newest, packets from before a switch and stray numbers are
    /// dropped. A jump that the next packet confirms is a switch.
    package mutating func place(_ header: RTPHeader, at now: Instant) -> RTPHeader? {
        guard feed == .relayed, header.ssrc == sourceSSRC else { return switched(to: header, now) }
        let step = header.sequenceNumber &- sourceSequence
        if step == 0 { return nil }
        if step < ReceptionStatistics.maximumDropout { return advanced(header, step, now) }
        let back = 0 &- step
        if back <= ReceptionStatistics.maximumMisorder {
            return UInt32(back) > sinceSwitch ? nil : mapped(header)
        }
        if UInt32(header.sequenceNumber) == confirming { return switched(to: header, now) }
        confirming = UInt32(header.sequenceNumber &+ 1)
        return nil
    }

    /// The source sent a packet that is not passed on; its number leaves no hole.
    package mutating func skip(_ header: RTPHeader) {
        guard feed == .relayed, header.ssrc == sourceSSRC, header.sequenceNumber == sourceSequence &+ 1 else { return }
        sourceSequence = header.sequenceNumber
        sequenceOffset &-= 1
        sinceSwitch = 0
    }

    private mutating func switched(to header: RTPHeader, _ now: Instant) -> RTPHeader {
        sequenceOffset = lastSequence &+ 1 &- header.sequenceNumber
        timestampOffset = nextTimestamp(now) &- header.timestamp
        (sourceSSRC, sourceSequence, sourceTimestamp) = (header.ssrc, header.sequenceNumber, header.timestamp)
        (feed, sinceSwitch, confirming) = (.relayed, 0, .max)
        var placed = mapped(header)
        placed.marker = true
        reached(placed, now)
        return placed
    }

    private mutating func advanced(_ header: RTPHeader, _ step: UInt16, _ now: Instant) -> RTPHeader {
        // A source may jump in time and not in number. Over a minute it is no event and no pause: bridge it.
        let jump = Int32(bitPattern: header.timestamp &- sourceTimestamp).magnitude
        if jump > clockRate &* 60 { timestampOffset = nextTimestamp(now) &- header.timestamp }
        (sourceSequence, sourceTimestamp) = (header.sequenceNumber, header.timestamp)
        sinceSwitch = min(sinceSwitch &+ UInt32(step), 1 << 20)
        confirming = .max
        let placed = mapped(header)
        reached(placed, now)
        return placed
    }

    private func mapped(_ header: RTPHeader) -> RTPHeader {
        var placed = header
        placed.sequenceNumber = header.sequenceNumber &+ sequenceOffset
        placed.timestamp = header.timestamp &+ timestampOffset
        placed.ssrc = ssrc
        return placed
    }

    private mutating func reached(_ placed: RTPHeader, _ now: Instant) {
        lastSequence = placed.sequenceNumber
        // All packets of a telephone-event bear the time of its beginning: they do not move the clock.
        guard lastAt == nil || Int32(bitPattern: placed.timestamp &- lastTimestamp) > 0 else { return }
        (lastTimestamp, lastAt) = (placed.timestamp, now)
    }
}

// Packets of our own.
extension OutgoingStream {
    /// The place of a packet of ours that begins `samples` after the last one.
    ///
    /// At a steady pace the clock's jitter does not show; after a pause the time that passed does.
    package mutating func placeOwn(payloadType: UInt8, samples: UInt32, at now: Instant) -> RTPHeader {
        let elapsed = elapsedTicks(now)
        let isSteady = feed == .own && elapsed <= samples &* 4
        let marker = feed != .own
        lastTimestamp &+= isSteady ? samples : max(samples, elapsed)
        (lastAt, feed) = (now, .own)
        return nextOwn(payloadType, marker)
    }

    /// Sets the time of a telephone-event that begins now.
    package mutating func beginEvent(at now: Instant) {
        lastTimestamp = nextTimestamp(now)
        (lastAt, feed) = (now, .nothing)
    }

    /// The place of one more packet of the telephone-event begun last.
    package mutating func placeEvent(payloadType: UInt8, isFirst: Bool) -> RTPHeader {
        nextOwn(payloadType, isFirst)
    }

    private mutating func nextOwn(_ payloadType: UInt8, _ marker: Bool) -> RTPHeader {
        lastSequence &+= 1
        return RTPHeader(
            marker: marker, payloadType: payloadType, sequenceNumber: lastSequence, timestamp: lastTimestamp,
            ssrc: ssrc)
    }
}
