import API
import CallViews
import Calls
import Directory
import Mango
import Observability
import Reactor
import Signalling
import Store
import Telemetry
import Web
import Wire

/// The parts that speak with the Mango Office exchange, and with those that keep what it recorded.
struct MangoParts {
    let metrics: MangoMetrics
    let ingest: MangoIngest
    let routes: MangoRoutes
    let broadcasts: BroadcastRoutes
    let desk: RecordingDesk
    /// Nil: the exchange cannot be commanded.
    let exchange: MangoExchange?
    /// Where recordings go; nil: nowhere.
    let objects: ObjectStore?
    /// Nil: there is nothing to be brought over.
    let admin: MangoAdminRoutes?
    private let clients: [HTTPClient]

    /// Whence recordings can be had that are not here.
    var storedRecordings: StoredRecordings? {
        objects.map { objects in
            StoredRecordings(link: { objects.link(to: $0) }, has: { try? await objects.has($0) })
        }
    }

    func stop() async {
        await desk.stop()
        for client in clients { client.stop() }
    }
}

extension MangoParts {
    /// What they are made of.
    struct Needs {
        let loop: ControlLoop
        let network: SystemNetwork
        let calls: CallManager
        let store: SQLStore
        let roster: RosterBox
        let access: Access
        let signalling: Signalling
        let keeper: DirectoryKeeper
        let metrics: MangoMetrics
        /// Where files are read.
        let files: BlockingThread
        let tracer: Tracer?
        let logger: Logger
    }

    init(_ configuration: Configuration, _ needs: Needs) {
        let logger = needs.logger.labelled(.mango)
        var services = MangoServices(
            loop: needs.loop, calls: needs.calls, callStore: needs.store, userStore: needs.store, store: needs.store,
            backlog: needs.store, roster: needs.roster, logger: logger,
            dayStart: { [dates = configuration.web.dates] in dates.midnight(ofDay: dates.day(of: $0)) })
        services.tracer = needs.tracer
        metrics = needs.metrics
        ingest = MangoIngest(services, configuration.mango)
        routes = Self.makeRoutes(configuration, needs, ingest, metrics, logger)
        let hub = needs.signalling.hub
        broadcasts = BroadcastRoutes(token: configuration.realtime.token, metrics: metrics) { event, call, rooms in
            hub.assumeIsolated { $0.relay(event, call, rooms: rooms) }
        }
        let vendor = Self.makeClient("mango-http", needs, hosts: Self.vendorHosts(configuration), configuration)
        let others = Self.makeClient("services-http", needs, hosts: Self.serviceHosts(configuration), configuration)
        clients = [vendor, others]
        exchange = MangoExchange(
            services, settings: configuration.mango, client: vendor, ingest: ingest, metrics: metrics)
        objects = configuration.objects.map { settings in
            ObjectStore(settings, client: others, wallTime: { SystemClock.wallTime() })
        }
        desk = RecordingDesk(
            services, source: RecordingSource(client: vendor, settings: configuration.mango), objects: objects,
            files: RecordingFiles(folder: "\(configuration.service.callFolder)/fetched", thread: needs.files),
            metrics: metrics)
        admin = exchange.map { exchange in
            let (access, keeper) = (needs.access, needs.keeper)
            let sync = MangoSync(
                exchange, settings: configuration.mango, directory: needs.store, reload: { await keeper.reload() })
            return MangoAdminRoutes(sync: sync) { access.refusal(unlessAdministrator: $0) }
        }
        let (ingest, desk) = (ingest, desk)
        needs.loop.execute { ingest.assumeIsolated { $0.setRecordingsChanged { desk.wake() } } }
    }

    private static func makeRoutes(
        _ configuration: Configuration, _ needs: Needs, _ ingest: MangoIngest, _ metrics: MangoMetrics,
        _ logger: Logger
    ) -> MangoRoutes {
        let access = needs.access
        return MangoRoutes(
            loop: needs.loop, ingest: ingest, settings: configuration.mango, metrics: metrics,
            version: configuration.service.version, logger: logger
        ) { access.refusal(of: $0) }
    }

    /// The exchange leads on to servers whose names nobody knows before; those of this network it must not reach.
    private static func vendorHosts(_ configuration: Configuration) -> [String] {
        ["*"] + [HTTPURL(configuration.mango.apiURL)?.host].compactMap(\.self)
    }

    private static func serviceHosts(_ configuration: Configuration) -> [String] {
        [(configuration.objects?.url).flatMap { HTTPURL($0)?.host }].compactMap(\.self)
    }

    private static func makeClient(
        _ name: String, _ needs: Needs, hosts: [String], _ configuration: Configuration
    ) -> HTTPClient {
        Gateway.makeClient(name, configuration, (needs.loop, needs.network), hosts: hosts) { $0.simultaneous = 12 }
    }
}

extension Access {
    /// Why a request is not answered; nil: it is.
    fileprivate func refusal(of request: HTTPRequest) -> Failure? {
        do throws(Failure) {
            _ = try caller(of: request, now: SystemClock.wallTime())
            return nil
        } catch {
            return error
        }
    }

    /// The same, where only administrators are answered.
    fileprivate func refusal(unlessAdministrator request: HTTPRequest) -> Failure? {
        do throws(Failure) {
            guard case .user(_, let role) = try caller(of: request, now: SystemClock.wallTime()) else {
                return .unauthorized
            }
            return role == .admin ? nil : .forbidden
        } catch {
            return error
        }
    }
}
