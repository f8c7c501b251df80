import Directory
package import Reactor
import SIP
package import Telemetry
package import Wire

/// SIP over UDP, TCP, TLS and WebSocket for the call side: registrar, trunks with our registrations there, and one leg
/// for each INVITE.
///
/// Lives on the loop and is entered from its callbacks by `assumeIsolated`. What it tells its handler is queued, each
/// in a turn of its own. An INVITE reaches the handler only from an account whose digest was right or from a trunk.
package actor SIPEndpoint {
    nonisolated package let loop: any EventLoop
    nonisolated package var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    var now: Instant { loop.now }

    let configuration: SIPEndpointConfiguration
    let accounts: any SIPAccountDirectory
    let logger: Logger
    let network: any Network
    private weak var handler: (any SIPCallHandler)?

    var agent: UserAgent
    var digest: DigestServer
    var bindings: BindingTable
    var sources: SourceGuard
    var trunks: TrunkTable
    var hunts = HuntTable()
    var transports: SIPTransports?
    var legs = LegTable()
    var counters = SIPCounters()
    var traces: SIPTraceRing
    /// What trunks were shown of ours last, by the names of its files.
    var trunkIdentities: [String: TLSIdentity] = [:]
    var ownAddresses = RecentTable<IPAddress, (address: IPAddress, until: Instant)>(limit: 1024)
    package private(set) var isDraining = false
    private var timer: (deadline: Instant, token: LoopTimer)?

    /// What every message says we support, besides what its session does.
    static let extensions = ["path"]
    /// What we answer ourselves; anything else is refused with 405 or 501.
    static let methods: [SIPMethod] = [
        .invite, .ack, .bye, .cancel, .options, .register, .prack, .update, .info, .refer, .notify,
    ]

    package init(
        loop: any EventLoop, network: any Network, accounts: any SIPAccountDirectory,
        configuration: SIPEndpointConfiguration, logger: Logger
    ) {
        (self.loop, self.network, self.accounts) = (loop, network, accounts)
        (self.configuration, self.logger) = (configuration, logger)
        var entropy = loop.makeEntropy()
        let profile = UserAgentProfile(
            name: configuration.productName, allowed: Self.methods, supported: Self.extensions)
        let validator = SIPRequestValidator(
            allowedMethods: Self.methods, extensions: ["path", "outbound"], bodies: [.invite: [.sdp], .update: [.sdp]])
        agent = UserAgent(
            profile: profile, validator: validator, timers: configuration.timers,
            limits: configuration.transactions, entropy: loop.makeEntropy())
        digest = DigestServer(realm: SIPAccount.realm, entropy: &entropy)
        bindings = BindingTable(limits: configuration.registrar)
        sources = SourceGuard(limits: configuration.sources)
        traces = SIPTraceRing(limit: configuration.traceBytes)
        trunks = TrunkTable(entropy: loop.makeEntropy())
        _ = trunks.set(configuration.trunks, now: loop.now)
    }

    /// Sets who is told, before `start`; it is held weakly.
    package func setHandler(_ handler: any SIPCallHandler) { self.handler = handler }

    /// Opens the listeners and begins to register upstream.
    package func start() throws(SIPEndpointError) {
        if traces.isOff, configuration.traceBytes > 0 {
            logger.warn("no room for the SIP trace", [LogField("bytes", configuration.traceBytes)])
        }
        let transports = SIPTransports(
            loop: loop, network: network, limits: configuration.transport,
            policy: TransportPolicy(
                admits: { [unowned self] source in assumeIsolated { $0.admits(source) } },
                trusts: { [unowned self] source in assumeIsolated { $0.trusts(source) } },
                isUsed: { [unowned self] flow in assumeIsolated { $0.agent.hasSession(on: flow) } },
                deliver: { [unowned self] input in assumeIsolated { $0.receive(input) } }),
            logger: logger)
        self.transports = transports
        try transports.open(on: configuration.listen)
        if let identity = configuration.identity {
            try transports.openSecure(on: configuration.tlsListen, identity)
        }
        trustServers(of: trunks.all)
        advanceTrunks()
        settle()
    }

    /// Where the endpoint listens with UDP and TCP.
    package var localAddresses: [SocketAddress] { transports?.localAddresses ?? [] }
    /// Where it listens with TLS.
    package var secureAddresses: [SocketAddress] { transports?.secureAddresses ?? [] }

    /// Shows an identity to whoever connects by TLS from now on; open connections stay as they are.
    package func show(_ identity: TLSIdentity) throws(SIPEndpointError) { try transports?.show(identity) }

    /// Refuses new calls with 503 from now on; what is up goes on.
    package func drain() { isDraining = true }

    /// Takes our registrations back and closes everything; calls should have been hung up before.
    package func stop() {
        isDraining = true
        perform(trunks.stop())
        settle()
        transports?.close()
        transports = nil
        if let timer { loop.cancel(timer.token) }
        timer = nil
    }

    // MARK: The network

    private func receive(_ input: TransportInput) {
        switch input {
        case .message(let message, let bytes, let flow):
            let isTrunk = trunks.isTrunk(flow.remote.ip)
            guard isWelcome(message, flow, isTrunk: isTrunk) else { return }
            note(message, bytes, from: flow, isTrunk: isTrunk)
            agent.receive(message, from: flow, now: now)
        case .malformed(let error, let flow):
            counters.malformed += 1
            refuse(error, flow)
        case .failed(let flow):
            bindings.connectionLost(flow)
            trunks.connectionLost(flow, now: now)
            agent.transportFailed(flow, now: now)
        }
        settle()
    }

    /// Answers what was meant as a request, if enough of it could be read.
    private func refuse(_ error: SIPParseError, _ flow: Flow) {
        guard let response = error.response(toTag: "malformed") else { return }
        transmit(response.serialized(), flow)
    }

    // MARK: Turns

    /// Carries out everything the machines put out, then sets the timer for what they want next.
    func settle() {
        while true {
            var outputs = agent.takeOutputs()
            if outputs.isEmpty { break }
            outputs.reverse()
            while let output = outputs.popLast() { perform(output) }
            agent.reuse(outputs)
        }
        for change in bindings.takeChanges() {
            tell { $0.registrationChanged(account: change.account, registered: change.isRegistered) }
        }
        let news = trunks.takeNews()
        if let change = news.upstream {
            tell { $0.upstreamChanged(registered: change.isRegistered, detail: change.detail) }
        }
        for status in news.trunks { tell { $0.trunkChanged(status) } }
        rearm()
    }

    private func perform(_ output: UserAgentOutput) {
        switch output {
        case .transmit(let bytes, let flow): transmit(bytes, flow)
        case .request(let request, let flow): take(request, flow)
        case .recognized(let flow): sources.trust(flow.remote.ip, until: now + .seconds(600))
        case .session(let session, let event): tell(event, of: session)
        case .response(let response, let transaction): trunkAnswered(response, transaction)
        case .failed(let transaction, let failure): trunkRequestFailed(failure, transaction)
        }
    }

    /// Tells the handler something, in a turn of its own.
    func tell(_ message: @escaping @Sendable (isolated any SIPCallHandler) -> Void) {
        loop.later { [weak handler] in
            guard let handler else { return }
            handler.assumeIsolated(message)
        }
    }

    /// Sees to it that the timer fires in time for the earliest deadline.
    ///
    /// One that is set for earlier stays: when it fires it finds nothing to do and is set anew, which is rarer than a
    /// deadline moving.
    private func rearm() {
        var next = agent.nextDeadline()
        next = earlier(next, bindings.nextDeadline())
        next = earlier(next, digest.nextDeadline())
        next = earlier(next, trunks.nextDeadline())
        next = earlier(next, hunts.nextDeadline())
        if let timer {
            if let next, timer.deadline <= next { return }
            loop.cancel(timer.token)
        }
        timer = next.map { deadline in
            (deadline, loop.schedule(at: deadline) { [weak self] in self?.assumeIsolated { $0.timerFired() } })
        }
    }

    /// Of two deadlines that may be missing.
    private func earlier(_ one: Instant?, _ other: Instant?) -> Instant? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }

    private func timerFired() {
        timer = nil
        agent.advance(to: now)
        bindings.advance(to: now)
        digest.forgetExpired(now: now)
        abandonSilentServers()
        advanceTrunks()
        settle()
    }
}
