package import Wire

/// Makes one digit of the many packets of a telephone-event (RFC 4733 section 2.5.2).
///
/// The digit is told at its first end packet. When all end packets are lost it is told when the next event begins or
/// nothing more comes for a while.
package struct TelephoneEventReceiver: Hashable, Sendable {
    /// A digit that has ended.
    package struct Digit: Hashable, Sendable {
        package let code: UInt8
        package let milliseconds: Int

        package init(code: UInt8, milliseconds: Int) { (self.code, self.milliseconds) = (code, milliseconds) }
    }

    private struct Current: Hashable {
        var code: UInt8
        var timestamp: UInt32
        var ssrc: UInt32
        /// Of segments that ended before this one (RFC 4733 section 2.5.1.3).
        var segments: UInt32 = 0
        var duration: UInt16
        var isTold: Bool
        var heardAt: Instant
    }

    private var current: Current?
    private var clockRate: UInt32

    /// Silence after which an event without an end packet has ended.
    package static let patience = Duration.milliseconds(400)

    package init(clockRate: UInt32) { self.clockRate = max(clockRate, 1) }

    package mutating func setClockRate(_ rate: UInt32) { clockRate = max(rate, 1) }

    /// The moment from which `expire` has something to tell.
    package var nextDeadline: Instant {
        guard let current, !current.isTold else { return .never }
        return current.heardAt + Self.patience
    }

    /// Takes one packet; answers the digits that ended: the one before, the packet's own, or both.
    package mutating func receive(
        _ event: TelephoneEvent, timestamp: UInt32, ssrc: UInt32, at now: Instant
    ) -> (Digit?, Digit?) {
        guard event.code < 16 else { return (nil, nil) }
        guard var known = current, known.ssrc == ssrc else { return begin(event, timestamp, ssrc, now) }
        let step = Int32(bitPattern: timestamp &- known.timestamp)
        if step < 0 { return (nil, nil) }
        if step > 0 {
            let isContinued = !known.isTold && event.code == known.code && UInt32(step) == UInt32(known.duration)
            guard isContinued else { return begin(event, timestamp, ssrc, now) }
            known.segments = known.segments &+ UInt32(known.duration)
            (known.timestamp, known.duration) = (timestamp, 0)
        }
        known.duration = max(known.duration, event.duration)
        known.heardAt = now
        current = known
        return (event.isEnd ? tell() : nil, nil)
    }

    /// Ends an event that went silent.
    package mutating func expire(_ now: Instant) -> Digit? { nextDeadline <= now ? tell() : nil }

    private mutating func begin(
        _ event: TelephoneEvent, _ timestamp: UInt32, _ ssrc: UInt32, _ now: Instant
    ) -> (Digit?, Digit?) {
        let previous = tell()
        current = Current(
            code: event.code, timestamp: timestamp, ssrc: ssrc, duration: event.duration, isTold: false, heardAt: now)
        return (previous, event.isEnd ? tell() : nil)
    }

    private mutating func tell() -> Digit? {
        guard let known = current, !known.isTold else { return nil }
        current?.isTold = true
        let ticks = UInt64(known.segments) + UInt64(known.duration)
        return Digit(code: known.code, milliseconds: Int(ticks * 1000 / UInt64(clockRate)))
    }
}
