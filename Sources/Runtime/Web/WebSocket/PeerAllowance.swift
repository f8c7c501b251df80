import Wire

/// What a peer may send in time and ahead of it, so that it cannot keep the loop busy: a message counts as some bytes more.
struct PeerAllowance {
    /// When all that has come would have come at the allowed pace.
    private var paidUntil = Instant.zero

    static let bytesPerSecond = 256 * 1024
    static let bytesPerMessage = 1024
    /// 8 MiB.
    static let burst = Duration.seconds(32)

    /// False when it is more than allowed.
    mutating func spend(_ bytes: Int, at now: Instant) -> Bool {
        paidUntil = max(paidUntil, now) + .nanoseconds(Int64(bytes) * 1_000_000_000 / Int64(Self.bytesPerSecond))
        return paidUntil - now <= Self.burst
    }
}
