package import Wire

/// The thread of control every control-plane actor lives on: an actor executor with a clock, a queue and timers.
///
/// `ControlLoop` is the real one, `SimulatedLoop` runs in virtual time. An actor names it as its executor
/// (`nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }`), must keep it alive,
/// and is entered from the loop's callbacks by `assumeIsolated`, without a hop.
///
/// Whatever a mutation causes is queued with `later`: a synchronous call back into an actor that is still mutating
/// aborts the process.
package protocol EventLoop: SerialExecutor {
    /// Monotonic time. It stands still within a turn, so that everything one turn does happens at one moment.
    var now: Instant { get }
    /// Civil time, for records and log lines only.
    var wallTime: WallTime { get }
    /// Whether the caller runs on this loop.
    var isCurrent: Bool { get }

    /// Queues a job from any thread; it runs in a later turn, first in, first out.
    func execute(_ job: @escaping @Sendable () -> Void)
    /// Queues a job from the loop itself; it runs in a later turn, first in, first out.
    func later(_ job: @escaping () -> Void)
    /// Queues a job from the loop itself for when it has nothing else to do in this turn.
    ///
    /// For what many jobs of one turn share: a wake-up of another thread, a write of what they collected.
    func atTurnsEnd(_ job: @escaping () -> Void)
    /// Runs a job once at `deadline` or as soon after as the loop comes to it; on the loop only.
    @discardableResult func schedule(at deadline: Instant, _ job: @escaping () -> Void) -> LoopTimer
    /// Forgets a timer; one that has fired or was cancelled before is ignored. On the loop only.
    func cancel(_ timer: LoopTimer)

    /// System randomness, or a child of the simulation's seed.
    func makeEntropy() -> Entropy
}

extension EventLoop {
    /// Where turns have no end that one could wait for, simply later.
    package func atTurnsEnd(_ job: @escaping () -> Void) { later(job) }

    /// Runs a job once, `delay` from now; on the loop only.
    @discardableResult
    package func schedule(after delay: Duration, _ job: @escaping () -> Void) -> LoopTimer {
        schedule(at: now + delay, job)
    }

    /// Comes back after some time; on the loop only.
    package func pause(_ time: Duration) async {
        guard time > .zero else { return }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            _ = schedule(after: time) { continuation.resume() }
        }
    }
}

/// A job queued or scheduled on a loop; the name the timer queue's payload has everywhere.
package typealias LoopJob = () -> Void

/// Names one scheduled job, so that it can be cancelled.
package struct LoopTimer: Hashable, Sendable {
    let token: TimerQueue<LoopJob>.Token
}
