import API
import CallModel
import Calls
import Cluster
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

/// All parts of a running gateway, joined; started in the order of the properties and stopped in reverse.
///
/// Made and used by the main actor; the parts themselves live on the control loop.
final class Gateway {
    let configuration: Configuration
    let registry = MetricRegistry()
    let metrics: GatewayMetrics
    let sink: JSONLogSink
    let logFiles: LogFiles?
    let logger: Logger
    let store: SQLStore
    let credentials: [FirstStart.Credentials]?
    let roster: RosterBox
    let loop: ControlLoop
    let network: SystemNetwork
    let media: MediaPlane
    let sip: SIPEndpoint
    let keeper: DirectoryKeeper
    let webhooks: Webhooks
    let calls: CallManager
    let signalling: Signalling
    /// Nil: this node is alone.
    let cluster: Cluster?
    let mango: MangoParts
    /// Nil: nothing is traced.
    let traces: TraceParts?
    let web: WebServer
    let secrets: Secrets
    /// What HTTPS and SIP over TLS show.
    let identity: TLSIdentity
    /// When the certificate ends that HTTPS and SIP over TLS show now.
    let shownUntil: Locked<WallTime?>
    let startedAt: WallTime
    private let passwordThread = BlockingThread(name: "passwords")
    private let answerThread = BlockingThread(name: "answers")
    private let soundThread = BlockingThread(name: "sounds")
    private let recordingThread = BlockingThread(name: "fetched")
    private let soundClient: HTTPClient
    private let webhookClient: HTTPClient
    private let realtimeClient: HTTPClient?

    init(_ configuration: Configuration) async throws {
        self.configuration = configuration
        let metrics = GatewayMetrics(registry)
        self.metrics = metrics
        startedAt = SystemClock.wallTime()
        sink = JSONLogSink(
            level: configuration.service.logLevel, prefix: configuration.service.isTest ? "[TEST MODE] " : "",
            wallTime: { SystemClock.wallTime() })
        let logger = Logger(.tandem, sink: sink)
        self.logger = logger
        logFiles = configuration.service.logFolder.map { folder in
            LogFiles(folder: folder) { logger.warn("log files cannot be written", [LogField("reason", $0)]) }
        }
        if let logFiles { sink.keep(in: logFiles) }
        sink.countErrors { metrics.countError(of: $0) }
        let opened = try await Self.openStore(configuration, registry, logger)
        (store, credentials, roster) = (opened.store, opened.credentials, RosterBox(opened.roster))
        let node = await store.gatewayID
        let addresses = configuration.advertisedAddresses
        secrets = try await Secrets(
            store: store, configured: configuration.web.secret,
            hostName: configuration.sip.domain ?? Program.hostName(), addresses: addresses,
            now: startedAt)
        identity = try Self.makeIdentity(configuration, secrets)
        shownUntil = Locked(identity.expires)
        loop = try Self.attempt(variable: "DATA_DIR") { () throws(NetworkError) in
            try ControlLoop(lag: metrics.loopLag.with())
        }
        sink.gather { [loop] flush in
            guard loop.isCurrent else { return false }
            loop.atTurnsEnd(flush)
            return true
        }
        let names = NameServiceSettings(servers: configuration.service.nameServers)
        network = SystemNetwork(loop: loop, names: names)
        traces = Self.makeTraces(configuration, (loop, network), registry, logger)
        media = try Self.makeMedia(configuration, opened.roster.settings, loop, addresses)
        sip = Self.makeSIP(configuration, loop, network, roster, identity, logger)
        webhookClient = Self.makeWebhookClient(configuration, loop, network)
        let mangoMetrics = MangoMetrics(registry)
        realtimeClient = Self.makeRealtimeClient(configuration, loop, network)
        webhooks = Webhooks(
            loop: loop, roster: roster, store: store, client: webhookClient,
            realtime: Self.makeRealtime(configuration, loop, realtimeClient, store, node, mangoMetrics),
            metrics: OutboxMetrics(registry) { SystemClock.wallTime() }, logger: logger.labelled(.webhooks))
        try await Self.closeInterrupted(store, webhooks, logger)
        loop.claim()
        keeper = Self.makeKeeper(configuration, opened, (loop, sip, media, webhooks), roster, logger)
        let services = CallServices(
            loop: loop, sip: sip, media: media, store: store, roster: roster, logger: logger.labelled(.calls))
        services.maximumCalls = configuration.calls.maximum
        services.timing.resuming = configuration.calls.resumeTimeout
        services.conferenceRooms = configuration.calls.conferenceRooms
        services.bridgesRooms = configuration.media.bridgesPages
        services.day = { [dates = configuration.web.dates] in dates.day(of: $0) }
        services.recording = configuration.recording.settings
        services.traces = configuration.sip.traces
        services.tracer = traces?.tracer
        let sessions = OpenSessions()
        services.publish = { [webhooks] event in webhooks.rows(for: event) + sessions.rows(for: event) }
        services.tollRefusals = Self.countRefusals(registry)
        services.streams = StreamSettings(
            network: network, hosts: configuration.calls.streamHosts, authorities: configuration.calls.streamAuthorities
        )
        services.sounds = configuration.media.sounds
        services.soundFiles = SoundFiles(folder: configuration.service.soundFolder, thread: soundThread)
        soundClient = Self.makeSoundClient(configuration, loop, network)
        services.fetchSound = { [soundClient] url throws(HTTPClientError) in
            try await soundClient.get(url, longest: SoundFiles.longestFetched)
        }
        calls = CallManager(services)
        let access = Access(mode: configuration.authMode, key: secrets.tokenKey) { [roster] in roster.current }
        signalling = Self.makeSignalling(configuration, loop, calls, store, roster, access, logger)
        cluster = Self.makeCluster(configuration, loop, registry, logger)
        mango = MangoParts(
            configuration,
            MangoParts.Needs(
                loop: loop, network: network, calls: calls, store: store, roster: roster, access: access,
                signalling: signalling, keeper: keeper, metrics: mangoMetrics, files: recordingThread,
                tracer: traces?.tracer, logger: logger))
        services.vendor = mango.exchange
        let checks = TrunkChecks(configuration, loop: loop, network: network)
        let settings = Self.makeSettings(configuration, (loop, media, sip), checks)
        let health = HealthSource(
            calls: calls, sip: sip, store: store, media: media, roster: roster, mango: mango,
            tellsRealtime: webhooks.realtime != nil, cluster: cluster, startedAt: loop.now,
            isTest: configuration.service.isTest)
        var admin = Self.makeAdmin(store, keeper, sip, webhooks, settings, sink)
        admin.running = Self.makeRunning(configuration, health, sip, roster)
        // An answer is queued whole: the limit must hold the longest list, for a client that reads slowly.
        var webLimits = NetworkLimits()
        webLimits.queuedBytesPerConnection = 32 << 20
        web = WebServer(
            loop: loop, network: SystemNetwork(loop: loop, limits: webLimits),
            application: Self.makeApplication(
                configuration,
                parts: Parts(
                    loop: loop, calls: calls, sip: sip, store: store, roster: roster, access: access,
                    signalling: signalling, mango: mango,
                    passwords: PasswordChecker(thread: passwordThread), metrics: metrics, registry: registry,
                    health: health, admin: admin,
                    pbx: Self.makePBX(sip, roster, checks), sessions: sessions, answers: answerThread,
                    tracer: traces?.tracer, logger: logger)),
            logger: logger.labelled(.web))
        connect()
    }

    /// Lets the parts hear each other; before the loop runs, so that nothing is missed.
    private func connect() {
        let (calls, media, realtime) = (calls, media, webhooks.realtime)
        media.handler = { event in calls.assumeIsolated { $0.mediaEvent(event) } }
        sip.assumeIsolated { $0.setHandler(calls) }
        let observer = GatewayObserver(metrics: metrics, logger: logger.labelled(.calls))
        let memberships = StoredMemberships(loop: loop, store: store, logger: logger.labelled(.queues)) { [keeper] in
            await keeper.reload()
        }
        calls.assumeIsolated { calls in
            calls.addObserver(observer)
            if let realtime { calls.addObserver(realtime) }
            calls.setMemberships(memberships)
        }
        SampledMetrics.add(
            to: registry,
            MeasuredParts(loop: loop, media: media, sip: sip, calls: calls, signalling: signalling, web: web),
            mango: mango.metrics, maximumCalls: configuration.calls.maximum,
            startedAt: Double(startedAt.milliseconds) / 1000)
        SampledMetrics.addCertificates(to: registry, tls: shownUntil, dtls: media.certificateExpires)
    }

    /// Opens every port; a port that cannot be had ends the start.
    func listen() async throws {
        let settings = configuration
        // What came before is dealt with before anything that comes now.
        await mango.ingest.start()
        do {
            try await web.listen(onPort: settings.web.port)
        } catch {
            throw StartError.web(error, "PORT", settings.web.port)
        }
        if let port = settings.web.securePort {
            do throws(WebError) {
                try await web.listen(onPort: port, identity: identity)
            } catch {
                throw StartError.web(error, "HTTPS_PORT", port)
            }
        }
        do {
            try await sip.start()
        } catch {
            throw StartError.sip(error)
        }
        traces?.start()
        if settings.service.diagnosisDays > 0 { store.keepDetails(forDays: settings.service.diagnosisDays) }
        await keeper.start()
        await webhooks.courier.start()
        await joinOthers()
        await mango.desk.start()
        if configuration.service.isTest { await showTestCall() }
    }

    /// The live call that document 002 prints.
    private func showTestCall() async {
        var call = ReportedCall(callerNumber: "+7 (495) 123-45-67", receiverNumber: "+7 (495) 987-65-43")
        call.channelID = "SIP/1001-00000001"
        call.assignedUserID = roster.current.owner(of: call.receiverNumber)
        let wanted = call
        do throws(CallError) {
            _ = try await calls.report(wanted)
        } catch {
            logger.warn("the test call cannot be made", [LogField("reason", "\(error)")])
        }
    }

    /// Ends in reverse order: no new calls, live ones may finish, then BYE, records and sockets.
    ///
    /// `hurry` is asked again and again and cuts the first wait short; a call that is told to end has `limit` to do so.
    func stop(drain: Duration, within limit: Duration, hurry: () -> Bool) async {
        await calls.drain()
        await sip.drain()
        await waitForCalls(drain, unless: hurry)
        await calls.endAll()
        await waitForCalls(limit, unless: { false })
        await webhooks.courier.halt()
        await keeper.stop()
        await mango.stop()
        loop.execute { [signalling] in signalling.stop() }
        await web.stop(within: .seconds(2))
        soundClient.stop()
        webhookClient.stop()
        realtimeClient?.stop()
        await webhooks.courier.finish()
        await cluster?.stop()
        await traces?.stop()
        await sip.stop()
        media.stop()
        // What the recorder told last reaches the calls, and they the store, before this turn of the loop.
        _ = await calls.liveCount
        await store.close()
        passwordThread.stop()
        answerThread.stop()
        soundThread.stop()
        recordingThread.stop()
        loop.stop()
        loop.join()
    }

    private func waitForCalls(_ limit: Duration, unless hurry: () -> Bool) async {
        let deadline = loop.now + limit
        while await !calls.isQuiet, loop.now < deadline, !hurry() {
            await withCheckedContinuation { continuation in
                let loop = loop
                loop.execute { loop.schedule(after: .milliseconds(100)) { continuation.resume() } }
            }
        }
    }
}
