import Wire

/// The milliseconds that records without an id of their own are named after, each given out once: more than one may come
/// in a millisecond, and those that come later must not try all that were given before.
final class RecordMoment: Sendable {
    private let newest = Locked<Int64>(0)

    func next(at moment: WallTime) -> Int64 {
        newest.withLock { newest in
            newest = max(newest + 1, moment.milliseconds)
            return newest
        }
    }
}
