import Calls
import Reactor
import Wire

/// What the service manager that started us is told while the gateway runs.
///
/// Signs of life come from the control loop alone: one that hangs is silent, and its watchdog sees it.
final class Supervision: Sendable {
    let manager: ServiceManager
    private let interval: Duration
    private let isWatched: Bool
    private let loop: ControlLoop
    private let calls: CallManager
    private let told = Locked("")

    private static let longestInterval = Duration.seconds(5)
    /// What the end takes besides the calls: deliveries, sockets, the store.
    private static let farewell = Duration.seconds(15)

    /// Nil when nobody asks to be told.
    init?(_ loop: ControlLoop, _ calls: CallManager) {
        guard let manager = Program.serviceManager() else { return nil }
        let environment = Program.environment()
        let watchdog = ServiceManager.watchdogInterval(
            microseconds: environment["WATCHDOG_USEC"], process: environment["WATCHDOG_PID"])
        (self.manager, self.loop, self.calls) = (manager, loop, calls)
        interval = min(watchdog ?? Self.longestInterval, Self.longestInterval)
        isWatched = watchdog != nil
    }

    /// Calls are taken from now on.
    func began() {
        manager.tell(.ready)
        loop.execute { self.beat() }
    }

    /// The first signal to end has come; calls may go on for `drain`, and have `limit` to end.
    func stopping(drain: Duration, within limit: Duration) {
        manager.tell(.stopping, .extend(drain + limit + Self.farewell))
    }

    /// On the loop, again and again until it ends.
    private func beat() {
        manager.tell((isWatched ? [.alive] : []) + news)
        loop.schedule(after: interval) { [self] in beat() }
    }

    /// How we are, if that is not what was said last.
    private var news: [ServiceManager.Notice] {
        let words = calls.assumeIsolated { calls in
            calls.isDraining ? "stopping, calls left: \(calls.liveCount)" : "taking calls, now: \(calls.liveCount)"
        }
        return told.withLock { told in
            guard told != words else { return [] }
            told = words
            return [.status(words)]
        }
    }
}
