import Directory
import Glibc
import Observability
import Reactor
import Store
import Telemetry
import Web
import Wire

/// What there is of the gateway before its database was reached for the first time.
///
/// The health endpoints answer, so that whoever supervises it sees that it lives and is not ready; nothing else is known
/// yet, neither users nor secrets.
struct WaitingRoom {
    private let configuration: Configuration
    private let registry: MetricRegistry
    private let logger: Logger
    private let startedAt = SystemClock.now()
    private let supervisor = Program.serviceManager()

    private static let firstPause = Duration.milliseconds(250)
    private static let longestPause = Duration.seconds(5)

    init(_ configuration: Configuration, _ registry: MetricRegistry, _ logger: Logger) {
        (self.configuration, self.registry, self.logger) = (configuration, registry, logger)
    }

    /// Tries again and again, ever more seldom, until the database is there or refuses for good.
    func wait(until open: () throws(StoreError) -> SQLStore) async throws -> SQLStore {
        let loop = try Gateway.attempt(variable: "DATA_DIR") { () throws(NetworkError) in try ControlLoop() }
        for signal in [SIGTERM, SIGINT] {
            try loop.onSignal(signal) { [logger] in
                logger.info("stopped before the database was reached")
                exit(0)
            }
        }
        let web = WebServer(
            loop: loop, network: SystemNetwork(loop: loop), application: application(on: loop), logger: logger)
        loop.start()
        do {
            try await web.listen(onPort: configuration.web.port)
        } catch {
            throw StartError.web(error, "PORT", configuration.web.port)
        }
        let store = try await reach(open, on: loop)
        await web.stop(within: .milliseconds(200))
        loop.stop()
        loop.join()
        return store
    }

    private func reach(_ open: () throws(StoreError) -> SQLStore, on loop: ControlLoop) async throws -> SQLStore {
        var pause = Self.firstPause
        while true {
            await withCheckedContinuation { [pause] continuation in
                loop.execute { loop.schedule(after: pause) { continuation.resume() } }
            }
            do throws(StoreError) {
                return try open()
            } catch {
                guard case .unavailable = error else { throw error }
                pause = min(pause * 2, Self.longestPause)
                // Whoever waits for the start waits for the database, too.
                supervisor?.tell(.status("waiting for the database"), .extend(pause + .seconds(30)))
            }
        }
    }

    private func application(on loop: ControlLoop) -> WebApplication {
        var router = Router()
        HealthRoutes(
            service: configuration.service.name, version: configuration.service.version,
            metrics: MetricPage(service: configuration.service.name, registry: registry, thread: loop),
            wallTime: { SystemClock.wallTime() }, report: { [startedAt] in Self.report(since: startedAt) }
        ).add(to: &router)
        let refusing: Middleware = { request, template, next in
            guard template.hasPrefix("/health") || template == "/metrics" else {
                return Failure(.serviceUnavailable, "DEPENDENCY_UNAVAILABLE", "База данных ещё недоступна").response
            }
            return await next(request)
        }
        return WebApplication(router: router, middleware: [StandardMiddleware.requestID, refusing])
    }

    private static func report(since start: Instant) -> HealthReport {
        let away = "the database has not been reached yet"
        return HealthReport(
            isTrunkUp: false, registeredUsers: 0, uptime: SystemClock.now() - start, notReady: away, degraded: [],
            checks: [
                ("database", HealthReport.Check(isOK: false, message: away)), ("redis", .notConfigured),
                ("callManager", HealthReport.Check(isOK: true, message: "Active calls: 0, Active sessions: 0")),
            ])
    }
}
