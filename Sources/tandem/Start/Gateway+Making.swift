import API
import CallModel
import Calls
import Console
import Crypto
import Directory
import Mango
import Media
import Observability
import RTP
import Reactor
import SIPEndpoint
import Signalling
import Store
import Telemetry
import Web
import Webhooks
import Wire

/// What the web application is made of.
struct Parts {
    let loop: ControlLoop
    let calls: CallManager
    let sip: SIPEndpoint
    let store: SQLStore
    let roster: RosterBox
    let access: Access
    let signalling: Signalling
    let mango: MangoParts
    let passwords: PasswordChecker
    let metrics: GatewayMetrics
    let registry: MetricRegistry
    let health: HealthSource
    let admin: AdminServices
    let pbx: PBXServices
    let sessions: OpenSessions
    /// Where long answers are made.
    let answers: BlockingThread
    let tracer: Tracer?
    let logger: Logger
}

struct OpenedStore {
    let store: SQLStore
    let credentials: [FirstStart.Credentials]?
    let roster: Roster
    /// The accounts of the environment, with their users.
    let adopted: [SIPAccount]
}

/// How each part is made from the configuration.
extension Gateway {
    static func openStore(
        _ configuration: Configuration, _ registry: MetricRegistry, _ logger: Logger
    ) async throws -> OpenedStore {
        do {
            let store = try await reachStore(configuration, StoreMetrics(registry), registry, logger)
            let start = FirstStart(adminPassword: configuration.service.adminPassword)
            let credentials: [FirstStart.Credentials]?
            if configuration.service.isTest {
                credentials = try await store.fill(with: start, at: SystemClock.wallTime(), using: .system)
            } else {
                try await store.resetPresence()
                credentials = try await store.seed(start, using: .system)
            }
            var adopted: [SIPAccount] = []
            for account in configuration.sip.users { adopted.append(try await store.adopt(account)) }
            let trunks = configuration.sip.trunk.map { [$0] } ?? []
            let roster = try await store.roster().adding(adopted).adding(trunks)
            return OpenedStore(store: store, credentials: credentials, roster: roster, adopted: adopted)
        } catch let error as StoreError {
            throw StartError.store(error, configuration.storeVariable)
        }
    }

    /// Opens the store; while a server is away, the health endpoints say so and everything else waits.
    private static func reachStore(
        _ configuration: Configuration, _ metrics: StoreMetrics, _ registry: MetricRegistry, _ logger: Logger
    ) async throws -> SQLStore {
        let log = logger.labelled(.store)
        func open() throws(StoreError) -> SQLStore {
            let location = configuration.service.isTest ? .memory : configuration.storeLocation
            // A migration takes as long as it takes.
            let notice = StartNotice("opening the database")
            defer { notice?.end() }
            return try SQLStore(location, metrics: metrics, logger: log)
        }
        do throws(StoreError) {
            return try open()
        } catch {
            guard case .unavailable(let reason) = error else { throw error }
            log.warn("the database is waited for", [LogField("reason", reason)])
            return try await WaitingRoom(configuration, registry, logger).wait(until: open)
        }
    }

    /// Ends what an earlier run left open, and has those told who want to know.
    static func closeInterrupted(_ store: SQLStore, _ webhooks: Webhooks, _ logger: Logger) async throws {
        do throws(StoreError) {
            let closed = try await store.closeInterrupted(at: SystemClock.wallTime()) { record in
                webhooks.rows(for: CallEvent(record: record, notice: .life(.ended), offeredTo: []))
            }
            if closed > 0 { logger.warn("calls of an earlier run were cut off", [LogField("calls", closed)]) }
        } catch {
            throw StartError.store(error)
        }
    }

    static func makeMedia(
        _ configuration: Configuration, _ stored: ServerSettings, _ loop: ControlLoop, _ addresses: [IPAddress]
    ) throws -> MediaPlane {
        var settings = MediaConfiguration()
        settings.workers = configuration.media.workers
        settings.advertisedAddresses = addresses
        settings.browserPort = configuration.media.browserPort
        settings.advertisedBrowserPort = configuration.media.advertisedBrowserPort
        settings.rtpPorts = configuration.rtpPorts(stored)
        // Two sockets each: at most an eighth of what the process may have open.
        settings.sparePairs = Int(min(ServerProcess.maximumDescriptors / 16, 4096))
        settings.timeout = configuration.media.timeout
        var recording = RecordingConfiguration(dataFolder: configuration.service.callFolder)
        recording.limit = configuration.recording.limit << 20
        settings.recording = recording
        settings.sounds = configuration.media.sounds
        settings.engine = configuration.media.usesLibSRTP ? .libsrtp2 : .openssl
        let certificate = try Certificate.selfSigned(commonName: "tandem", now: SystemClock.wallTime())
        do {
            return try MediaPlane(settings, loop: loop, certificate: certificate)
        } catch {
            throw StartError.media(error, configuration.media)
        }
    }

    static func makeTraces(
        _ configuration: Configuration, _ place: (loop: ControlLoop, network: SystemNetwork),
        _ registry: MetricRegistry, _ logger: Logger
    ) -> TraceParts? {
        configuration.traces.map { settings in
            let client = makeClient("traces-http", configuration, place, hosts: [settings.endpoint.host]) {
                $0.authorities = settings.authorities
            }
            return TraceParts(settings, client: client, registry, logger.labelled(.traces))
        }
    }

    /// The operator's certificate, or the one we made for ourselves.
    static func makeIdentity(_ configuration: Configuration, _ secrets: Secrets) throws(StartError) -> TLSIdentity {
        do throws(TLSFailure) {
            if let files = configuration.web.certificate {
                return try TLSIdentity(certificateFile: files.certificate, keyFile: files.key)
            }
            return try TLSIdentity(secrets.certificate)
        } catch {
            throw .identity(error)
        }
    }

    static func makeSIP(
        _ configuration: Configuration, _ loop: ControlLoop, _ network: SystemNetwork, _ roster: RosterBox,
        _ identity: TLSIdentity, _ logger: Logger
    ) -> SIPEndpoint {
        let addresses = configuration.sip.listenAddresses
        var settings = SIPEndpointConfiguration(
            listen: addresses.map { SocketAddress(ip: $0, port: configuration.sip.port) },
            publicAddress: configuration.media.publicAddress, trunks: roster.current.trunks)
        settings.tlsListen = addresses.map { SocketAddress(ip: $0, port: configuration.sip.securePort) }
        settings.identity = identity
        settings.maximumSessions = configuration.calls.maximum * 2
        settings.traceBytes = configuration.sip.traceMegabytes << 20
        settings.traceHeader = configuration.sip.traceHeader
        settings.domain = configuration.sip.domain
        return SIPEndpoint(
            loop: loop, network: network, accounts: RosterAccounts(roster: roster), configuration: settings,
            logger: logger.labelled(.sip))
    }

    static func makeSignalling(
        _ configuration: Configuration, _ loop: ControlLoop, _ calls: CallManager, _ store: SQLStore,
        _ roster: RosterBox, _ access: Access, _ logger: Logger
    ) -> Signalling {
        let admission = SignallingAccess(
            verify: { (token: String) throws(TokenError) in try access.verify(token, now: SystemClock.wallTime()) },
            isOpen: { access.isOpen(to: $0) }, asksNobody: access.mode == .off,
            origins: OriginPolicy(configuration.web.origins.joined(separator: ",")))
        var services = SignallingServices(
            loop: loop, calls: calls, callStore: store, userStore: store, roster: roster, access: admission,
            logger: logger.labelled(.signalling))
        if let server = configuration.media.stunServer {
            services.iceServers = [["urls": .string("stun:\(server)")]]
        }
        services.isTest = configuration.service.isTest
        return Signalling(services, socketIOPath: configuration.web.socketIOPath)
    }

    static func makeApplication(_ configuration: Configuration, parts: Parts) -> WebApplication {
        var router = Router()
        var api = API(
            loop: parts.loop, calls: parts.calls, store: parts.store, users: parts.store, roster: parts.roster,
            access: parts.access, passwords: parts.passwords)
        api.answers = parts.store
        api.dates = configuration.web.dates
        api.admin = parts.admin
        api.storedRecordings = parts.mango.storedRecordings
        api.pbx = parts.pbx
        api.sessions = parts.sessions
        api.background = BackgroundWork(thread: parts.answers)
        api.add(to: &router)
        parts.signalling.addRoutes(to: &router)
        parts.mango.routes.add(to: &router)
        parts.mango.broadcasts.add(to: &router)
        parts.mango.admin?.add(to: &router)
        HealthRoutes(
            service: configuration.service.name, version: configuration.service.version,
            metrics: MetricPage(
                service: configuration.service.name, registry: parts.registry, thread: parts.answers),
            wallTime: { SystemClock.wallTime() }, report: { await parts.health.report() }
        ).add(to: &router)
        OpenAPI.add(
            to: &router, title: "Tandem", version: configuration.service.version, families: API.families)
        Console.add(
            to: &router, securePort: configuration.web.securePort, tones: JSONValue(configuration.media.tones))
        let origins = OriginPolicy(configuration.web.origins.joined(separator: ","))
        var application = WebApplication(
            router: router, sockets: parts.signalling.endpoints + [parts.sip.webSocket(origins: origins)],
            middleware: middleware(configuration, parts))
        application.trustsProxy = configuration.web.trustsProxy
        return application
    }

    private static func middleware(_ configuration: Configuration, _ parts: Parts) -> [Middleware] {
        let (loop, metrics, logger) = (parts.loop, parts.metrics, parts.logger.labelled(.http))
        let web = configuration.web
        let observe = StandardMiddleware.observe(now: { loop.now }) { exchange in
            let (method, status) = (exchange.request.method.rawValue, exchange.response.status.code)
            metrics.countRequest(
                method: method, endpoint: exchange.template, status: status, duration: exchange.duration)
            logger.log(
                configuration.service.isTest ? .info : .debug, "request",
                [
                    LogField("method", method), LogField("route", exchange.template), LogField("status", status),
                    LogField("milliseconds", exchange.duration.inSeconds * 1000),
                    LogField("requestId", exchange.request.id),
                ])
        }
        // Who looks every few seconds whether we are well would fill the collector.
        let trace = parts.tracer.map { StandardMiddleware.trace($0, exempt: ["/health", "/metrics"]) }
        let marking: [Middleware] = configuration.service.isTest ? [markAsTest] : []
        return marking + [observe] + [trace].compactMap(\.self) + [
            StandardMiddleware.requestID, StandardMiddleware.securityHeaders,
            StandardMiddleware.cors(OriginPolicy(web.origins.joined(separator: ","))),
            Compression(thread: parts.answers).middleware,
            StandardMiddleware.rateLimit(
                RateLimiter(requests: web.rateLimit, per: web.rateWindow), now: { loop.now },
                exempt: [
                    "/health", "/metrics", "/ws", "/sip", "/api/webhooks", "/api/v1/webhook", web.socketIOPath,
                ] + [configuration.mango.webhookURL].filter { $0.hasPrefix("/") && $0.count > 1 }),
        ]
    }

    /// Lets clients see that what they are answered is not real.
    private static let markAsTest: Middleware = { request, _, next in
        var response = await next(request)
        response.fields["X-Test-Mode"] = "true"
        return response
    }

    /// Runs something that only the system can refuse.
    static func attempt<Value>(variable: String, _ body: () throws(NetworkError) -> Value) throws(StartError) -> Value {
        do throws(NetworkError) {
            return try body()
        } catch {
            throw StartError(.system, "\(variable): the system refused (\(error))")
        }
    }
}

extension Configuration {
    var storeLocation: StoreLocation {
        let outbox = OutboxSettings(folder: service.dataFolder, megabytes: service.outboxLimit)
        return service.database.flatMap { StoreLocation(url: $0.url, outbox: outbox) }
            ?? .dataFolder(service.dataFolder)
    }

    /// The variable that says where the store is.
    var storeVariable: String { service.database?.variable ?? "DATA_DIR" }

    /// What this machine can be reached at, from outside or inside, as it is now.
    var ownAddresses: Set<IPAddress> { Set(LocalAddresses.all()).union(advertisedAddresses) }

    /// What descriptions and SIP headers say, best first.
    var advertisedAddresses: [IPAddress] { media.publicAddress.map { [$0] } ?? LocalAddresses.all() }

    var authMode: AuthMode {
        AuthMode(web.authentication.rawValue, hasConfiguredSecret: web.secret != nil) ?? .required
    }
}

extension JSONValue {
    /// As pages are told of it.
    fileprivate init(_ plan: TonePlan) {
        let tones = [("ringback", plan.ringBack), ("busy", plan.busy), ("congestion", plan.congestion)]
        self = .object(JSONObject(tones.map { JSONObject.Member($0, JSONValue($1)) }))
    }

    private init(_ tone: CallTone) {
        let frequencies = tone.frequencies.map { JSONValue.integer(Int64($0)) }
        self = [
            "frequencies": .array(frequencies), "on": .integer(Int64(tone.on)), "off": .integer(Int64(tone.off)),
        ]
    }
}

/// The registrar's view of the directory.
struct RosterAccounts: SIPAccountDirectory {
    let roster: RosterBox

    func sipAccount(username: String) -> SIPAccount? {
        let current = roster.current
        return (current.account(username: username) ?? current.account(extension: username)).flatMap {
            $0.isEnabled ? $0 : nil
        }
    }
}
