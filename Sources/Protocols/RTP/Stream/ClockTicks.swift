/// Conversions between nanoseconds and a stream's clock that cannot overflow.
package enum ClockTicks {
    /// Modulo 2^32, as timestamps count.
    @inlinable
    package static func ticks(_ nanoseconds: UInt64, _ clockRate: UInt32) -> UInt32 {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return UInt32(truncatingIfNeeded: seconds &* UInt64(clockRate) &+ rest &* UInt64(clockRate) / 1_000_000_000)
    }

    @inlinable
    package static func nanoseconds(_ ticks: UInt32, _ clockRate: UInt32) -> UInt64 {
        UInt64(ticks) &* 1_000_000_000 / UInt64(max(clockRate, 1))
    }
}
