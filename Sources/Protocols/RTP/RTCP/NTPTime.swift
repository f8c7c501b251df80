internal import Wire

/// Civil time as RTCP carries it: seconds since 1900 in 32.32 fixed point (RFC 3550 section 4).
package struct NTPTime: Hashable, Sendable {
    package let value: UInt64

    package init(value: UInt64) { self.value = value }

    /// From nanoseconds since 1970.
    package init(unixNanoseconds: UInt64) {
        let seconds = unixNanoseconds / 1_000_000_000 &+ 2_208_988_800
        let fraction = ((unixNanoseconds % 1_000_000_000) << 32) / 1_000_000_000
        value = seconds << 32 | fraction
    }

    /// The middle 32 bits: 16.16 seconds, as reports echo it.
    package var middle: UInt32 { UInt32(truncatingIfNeeded: value >> 16) }

    /// A span in units of 1/65536 s.
    package static func shortSpan(_ duration: Duration) -> UInt32 {
        let nanoseconds = min(duration.wholeNanoseconds, 65_535_000_000_000)
        return UInt32(truncatingIfNeeded: (nanoseconds << 16) / 1_000_000_000)
    }

    /// The duration of a span in units of 1/65536 s.
    package static func duration(shortSpan span: UInt32) -> Duration {
        .nanoseconds(Int64((UInt64(span) * 1_000_000_000) >> 16))
    }
}
