import Glibc
import Reactor

/// SIGHUP, as often as it comes.
final class HangUpSignals: Sendable {
    let stream: AsyncStream<Void>

    /// Watches on the loop; called before the loop runs.
    init(_ loop: ControlLoop) throws(NetworkError) {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.stream = stream
        try loop.onSignal(SIGHUP) { continuation.yield() }
    }
}

/// Reads the settings again whenever SIGHUP comes, and takes over what a running server can.
struct Rereading {
    private let work: Task<Void, Never>

    /// Files are read beside the loop, which never waits for a disk.
    init(_ signals: HangUpSignals, _ settings: RunningSettings, _ supervisor: ServiceManager?) {
        work = Task.detached {
            for await _ in signals.stream {
                supervisor?.tell(.reloading(at: SystemClock.now()))
                await settings.reread()
                supervisor?.tell(.ready)
            }
        }
    }

    func stop() { work.cancel() }
}
