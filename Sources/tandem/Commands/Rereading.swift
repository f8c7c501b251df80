import Glibc
import Observability
import Reactor
import Telemetry

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

/// Reads the settings again whenever SIGHUP comes, and takes over what a running server can: `LOG_LEVEL`.
struct Rereading {
    private let work: Task<Void, Never>

    /// The file is read beside the loop, which never waits for a disk.
    init(_ signals: HangUpSignals, _ sink: JSONLogSink, _ logger: Logger) {
        work = Task.detached {
            for await _ in signals.stream { Self.reread(sink, logger) }
        }
    }

    func stop() { work.cancel() }

    /// A setting that is wrong changes nothing.
    private static func reread(_ sink: JSONLogSink, _ logger: Logger) {
        do throws(ConfigurationError) {
            let level = try Configuration.logLevel(ConfigurationReader(environment: Program.environment()))
            sink.setLevel(level)
            logger.warn("settings were read again", [LogField("logLevel", level.name)])
        } catch {
            logger.warn("settings cannot be read again", [LogField("reason", error.description)])
        }
    }
}
