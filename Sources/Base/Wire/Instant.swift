/// A moment on the monotonic clock, in nanoseconds since an arbitrary start.
///
/// Machines never read a clock: they are given the current `Instant` and answer with the `Instant` at which they want
/// to be woken next (see `Deadline`).
public struct Instant: Hashable, Comparable, Sendable {
    public var nanoseconds: UInt64

    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    public static let zero = Instant(nanoseconds: 0)
    /// Later than every real moment: the deadline of a machine that waits for nothing.
    public static let never = Instant(nanoseconds: .max)

    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    public static func + (left: Instant, right: Duration) -> Instant {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.wholeNanoseconds)
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    /// The time from `right` to `left`; zero when `right` is the later one.
    public static func - (left: Instant, right: Instant) -> Duration {
        let elapsed = left.nanoseconds > right.nanoseconds ? left.nanoseconds - right.nanoseconds : 0
        return .nanoseconds(Int64(clamping: elapsed))
    }

    /// The last multiple of `step`, counted from the clock's start, that is not later; `step` is not zero.
    public func roundedDown(to step: Duration) -> Instant {
        Instant(nanoseconds: nanoseconds - nanoseconds % step.wholeNanoseconds)
    }
}

extension Duration {
    private static let attosecondsPerNanosecond: UInt64 = 1_000_000_000

    /// Nanoseconds, clamped to 0 … `UInt64.max`.
    public var wholeNanoseconds: UInt64 {
        // `components` divides twice, in 128 bits; every timer that is set asks for this.
        let total = attoseconds
        guard total >= 0 else { return 0 }
        let (high, low) = (UInt64(truncatingIfNeeded: total >> 64), UInt64(truncatingIfNeeded: total))
        guard high < Self.attosecondsPerNanosecond else { return .max }
        return Self.attosecondsPerNanosecond.dividingFullWidth((high, low)).quotient
    }

    /// Milliseconds, rounded down.
    public var wholeMilliseconds: Int64 { Int64(clamping: wholeNanoseconds / 1_000_000) }

    /// Seconds as a floating point number, for metrics.
    public var inSeconds: Double { Double(wholeNanoseconds) / 1e9 }
}
