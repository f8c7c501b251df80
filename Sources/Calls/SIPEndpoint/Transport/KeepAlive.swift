import Wire

/// When a connection of ours is asked for a sign of life (RFC 5626 section 4.4.1): a double CRLF, answered with one.
struct KeepAlive {
    enum Step: Equatable {
        case nothing
        case ping
        /// No sign of life came.
        case dead
    }

    /// Shorter than any NAT forgets, and drawn anew each time, so that not all connections ask at once.
    private static let interval = 25_000...30_000
    private static let patience = Duration.seconds(10)

    private(set) var until = Instant.zero
    private var pingAt = Instant.never
    private var aliveBy = Instant.never
    private var expectsPong = true

    var nextDeadline: Instant { min(pingAt, aliveBy) }

    /// Asks from now to `end`; without `expectsPong`, of a peer that is not known to answer, silence is no failure.
    mutating func extend(until end: Instant, expectsPong: Bool, now: Instant, _ entropy: inout Entropy) {
        until = max(until, end)
        self.expectsPong = expectsPong
        if pingAt == .never { pingAt = now + Self.pause(&entropy) }
    }

    /// Whatever comes is a sign of life.
    mutating func heard(at now: Instant) { aliveBy = .never }

    mutating func advance(to now: Instant, _ entropy: inout Entropy) -> Step {
        if aliveBy <= now { return .dead }
        guard pingAt <= now else { return .nothing }
        guard until > now else {
            pingAt = .never
            return .nothing
        }
        pingAt = now + Self.pause(&entropy)
        if expectsPong { aliveBy = now + Self.patience }
        return .ping
    }

    private static func pause(_ entropy: inout Entropy) -> Duration {
        .milliseconds(Int.random(in: interval, using: &entropy))
    }
}
