import Glibc
import Observability
import Reactor
import Synchronization
import Telemetry
import Wire

/// `tandem serve`: runs the gateway in the foreground until it is told to stop.
enum ServeCommand {
    static func run() async {
        let configuration = Program.configuration()
        _ = ServerProcess.raiseDescriptorLimit()
        let memory = SpareMemory()
        do {
            let gateway = try await Gateway(configuration)
            gateway.loop.claim()
            let signals = try StopSignals(gateway.loop)
            let supervision = Supervision(gateway.loop, gateway.calls)
            let rereading = Rereading(try HangUpSignals(gateway.loop), RunningSettings(gateway), supervision?.manager)
            gateway.loop.start()
            try await gateway.listen()
            supervision?.began()
            for warning in configuration.warnings { gateway.logger.warn(warning) }
            Banner(configuration: configuration, credentials: gateway.credentials).show()
            gateway.logger.info("ready", [LogField("port", configuration.web.port)])
            await serve(gateway, signals, configuration.service, supervision)
            rereading.stop()
            memory.stop()
        } catch let error as StartError {
            Program.fail(error.failure, error.description)
        } catch let error as ConfigurationError {
            Program.fail(.configuration, error.description)
        } catch {
            Program.fail(.system, "the gateway cannot start: \(error)")
        }
    }

    /// Waits for a signal; the first SIGTERM lets calls finish, SIGINT or another signal does not.
    private static func serve(
        _ gateway: Gateway, _ signals: StopSignals, _ settings: Configuration.Service, _ supervision: Supervision?
    ) async {
        let first = await signals.first()
        gateway.logger.info("stopping", [LogField("signal", first)])
        supervision?.stopping(drain: settings.drainTimeout, within: settings.shutdownTimeout)
        await gateway.stop(
            drain: settings.drainTimeout, within: settings.shutdownTimeout, hurry: { signals.mayNotWait })
        gateway.logger.info("stopped")
        gateway.sink.flush()
        gateway.logFiles?.stop()
    }
}

/// The signals that end the program: SIGTERM asks to let calls finish, SIGINT or a second signal does not.
final class StopSignals: Sendable {
    private let stream: AsyncStream<String>
    private let impatience = Atomic(0)

    /// Watches on the loop; called before the loop runs.
    init(_ loop: ControlLoop) throws(NetworkError) {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        self.stream = stream
        try loop.onSignal(SIGTERM) { [self] in
            impatience.add(1, ordering: .relaxed)
            continuation.yield("SIGTERM")
        }
        try loop.onSignal(SIGINT) { [self] in
            impatience.add(2, ordering: .relaxed)
            continuation.yield("SIGINT")
        }
    }

    /// Calls are not to finish first: asked for once by SIGINT, or twice.
    var mayNotWait: Bool { impatience.load(ordering: .relaxed) > 1 }

    /// The name of the first signal, once it has come.
    func first() async -> String {
        for await name in stream { return name }
        return "none"
    }
}
