import Glibc
package import Wire

/// The machine's clocks, for the few places that are not given the time: loops and media workers.
package enum SystemClock {
    /// Monotonic time; every thread of the process sees the same clock.
    package static func now() -> Instant { Instant(nanoseconds: read(CLOCK_MONOTONIC)) }

    /// Civil time.
    package static func wallTime() -> WallTime {
        WallTime(milliseconds: Int64(clamping: read(CLOCK_REALTIME) / 1_000_000))
    }

    /// The same in nanoseconds since 1970.
    package static func civilNanoseconds() -> Int64 { Int64(clamping: read(CLOCK_REALTIME)) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }
}
