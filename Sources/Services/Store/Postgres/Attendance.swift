import Wire

/// Since when a gateway has said without a break that it is there, by the server's clock: a machine that was frozen does
/// not know for how long.
struct Attendance {
    private(set) var since: WallTime
    private(set) var latest: WallTime

    init(at now: WallTime) { (since, latest) = (now, now) }

    mutating func renew(at now: WallTime) {
        // One renewal may be late; whoever missed two has slept, and so may the others have.
        if silence(at: now) > SQLStore.renewal * 2 { since = now }
        latest = now
    }

    /// How long nothing was said.
    func silence(at now: WallTime) -> Duration { .milliseconds(now.milliseconds - latest.milliseconds) }

    func lasts(_ lease: Duration) -> Bool { .milliseconds(latest.milliseconds - since.milliseconds) >= lease }
}
