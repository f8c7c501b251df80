import Wire

/// How much of the time something was busy of late, from the busy time that it counts; between 0 and 1 for one thread.
final class Share: Sendable {
    private struct State {
        var moment: Instant
        /// In seconds.
        var busy: Double
        var share = 0.0
    }

    private let state: Locked<State>

    /// Counters of busy time are brought up to date once a second: over less than this a share would jump.
    private static let shortest = Duration.seconds(4)

    /// `busy`: seconds so far.
    init(_ busy: Double, at now: Instant) { state = Locked(State(moment: now, busy: busy)) }

    /// The share since the look before the last, or the one before it.
    func look(_ busy: Double, at now: Instant) -> Double {
        state.withLock { state in
            let elapsed = now - state.moment
            guard elapsed >= Self.shortest else { return state.share }
            state = State(moment: now, busy: busy, share: max(0, busy - state.busy) / elapsed.inSeconds)
            return state.share
        }
    }
}
