package import Directory
package import Reactor
import SIP
import Telemetry
package import Wire

/// Examines a trunk from the outside: where its names lead, who answers there, whether our credentials are taken, and
/// how a call goes.
///
/// It speaks for itself on ports of its own, beside a gateway that may be running, and changes nothing at the provider:
/// registrars are only asked who is registered. Lives on its loop; examine once.
package actor TrunkExamination {
    /// Bounds of one examination.
    enum Limits {
        static let servers = 8
        static let accounts = 8
        /// How long an answer to OPTIONS or REGISTER is waited for.
        static let patience = Duration.seconds(6)
        /// A port of the system's choice is free for one protocol, and perhaps taken for another.
        static let portsTried = 8
    }

    nonisolated let loop: any EventLoop
    nonisolated package var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let network: any Network
    let trunk: Trunk
    let state: TrunkState
    let surroundings: TrunkExaminationSurroundings
    var agent: UserAgent
    var transports: SIPTransports?
    var entropy: Entropy
    var waiting: [ClientTransactionID: (RequestOutcome) -> Void] = [:]
    var call = TestCallEvents()
    private var timer: (deadline: Instant, token: LoopTimer)?

    package init(
        _ trunk: Trunk, loop: any EventLoop, network: any Network,
        surroundings: TrunkExaminationSurroundings = TrunkExaminationSurroundings()
    ) {
        (self.loop, self.network, self.trunk, self.surroundings) = (loop, network, trunk, surroundings)
        state = TrunkState(trunk)
        entropy = loop.makeEntropy()
        let methods: [SIPMethod] = [.invite, .ack, .bye, .cancel, .options, .update]
        let validator = SIPRequestValidator(
            allowedMethods: methods, extensions: [], bodies: [.invite: [.sdp], .update: [.sdp]])
        agent = UserAgent(
            profile: UserAgentProfile(name: "Tandem", allowed: methods, supported: []), validator: validator,
            entropy: loop.makeEntropy())
    }

    /// Makes every check there is; with a number, a test call to it as the last.
    package func examine(calling number: String?) async throws(SIPEndpointError) -> TrunkReport {
        var report = TrunkReport(trunk: trunk.name)
        transports = try open()
        defer { close() }
        let servers = await findServers(&report)
        for server in servers where server.flow.transport != .udp {
            report.add(await probe(server.flow).lines)
        }
        var alive: [TrunkServer] = []
        for server in servers {
            let finding = await askOptions(server)
            report.add(finding.lines)
            if finding.isAlive { alive.append(server) }
        }
        guard let server = alive.first ?? servers.first else { return report }
        for account in trunk.credentials.filter(\.registers).prefix(Limits.accounts) {
            report.add([await askRegistrar(server, account).line])
        }
        if let number { report.add(await callOut(number, through: server).lines) }
        return report
    }

    private func open() throws(SIPEndpointError) -> SIPTransports {
        var attempt = 1
        while true {
            let transports = makeTransports()
            do throws(SIPEndpointError) {
                try transports.open(on: surroundings.listen)
                return transports
            } catch {
                transports.close()
                guard attempt < Limits.portsTried else { throw error }
                attempt += 1
            }
        }
    }

    private func close() {
        transports?.close()
        transports = nil
        if let timer { loop.cancel(timer.token) }
        timer = nil
    }

    private func makeTransports() -> SIPTransports {
        let transports = SIPTransports(
            loop: loop, network: network, limits: TransportLimits(),
            policy: TransportPolicy(
                admits: { _ in true }, trusts: { _ in false }, isUsed: { _ in true },
                deliver: { [unowned self] input in assumeIsolated { $0.receive(input) } }),
            logger: .silent)
        for target in trunk.targets {
            let domain = IPAddress(target.host)?.description ?? target.host.lowercased()
            // Files that cannot be read are told by the probe of the connection.
            let settings = try? TLSClientSettings(trunk.tls, for: domain)
            if let settings { transports.outboundTLS.set(settings, for: domain) }
        }
        return transports
    }
}

// MARK: - Turns

extension TrunkExamination {
    private func receive(_ input: TransportInput) {
        switch input {
        case .message(let message, _, let flow):
            if case .response(let response) = message { call.note(response) }
            agent.receive(message, from: flow, now: loop.now)
        case .malformed: break
        case .failed(let flow): agent.transportFailed(flow, now: loop.now)
        }
        settle()
    }

    /// Carries out what the user agent put out, then sets the timer for what it wants next.
    func settle() {
        while true {
            let outputs = agent.takeOutputs()
            if outputs.isEmpty { break }
            for output in outputs { perform(output) }
        }
        rearm()
    }

    private func perform(_ output: UserAgentOutput) {
        switch output {
        case .transmit(let bytes, let flow): transports?.send(bytes, over: flow)
        case .request(let request, let flow):
            agent.answerStatelessly(request, status: 503, over: flow, now: loop.now)
        case .recognized: break
        case .session(_, let event): call.add(event)
        case .response(let response, let transaction):
            if response.isFinal { finish(transaction, .answered(response, after: .zero)) }
        case .failed(let transaction, let failure): finish(transaction, .failed(failure))
        }
    }

    private func finish(_ transaction: ClientTransactionID, _ outcome: RequestOutcome) {
        waiting.removeValue(forKey: transaction)?(outcome)
    }

    private func rearm() {
        let next = transports == nil ? nil : agent.nextDeadline()
        if let timer {
            if timer.deadline == next { return }
            loop.cancel(timer.token)
        }
        timer = next.map { deadline in
            (deadline, loop.schedule(at: deadline) { [weak self] in self?.assumeIsolated { $0.timerFired() } })
        }
    }

    private func timerFired() {
        timer = nil
        agent.advance(to: loop.now)
        settle()
    }

    // MARK: Waiting

    /// Sends a request and waits for its final response, which is given up after a while.
    func send(_ request: SIPRequest, over flow: Flow) async -> RequestOutcome {
        let start = loop.now
        return await withCheckedContinuation { continuation in
            let sentBy = advertised(facing: flow.remote.ip)
            guard let id = agent.sendRequest(request, over: flow, sentBy: sentBy, now: start) else {
                return continuation.resume(returning: .failed(.transport))
            }
            let limit = loop.schedule(after: Limits.patience) { [weak self] in
                self?.assumeIsolated { $0.finish(id, .failed(.timeout)) }
            }
            waiting[id] = { [loop] outcome in
                loop.cancel(limit)
                if case .answered(let response, _) = outcome {
                    continuation.resume(returning: .answered(response, after: loop.now - start))
                } else {
                    continuation.resume(returning: outcome)
                }
            }
            settle()
        }
    }

    /// The next thing that happens in the test call; nil when nothing does by `deadline`.
    func nextEvent(by deadline: Instant) async -> SessionEvent? {
        await withCheckedContinuation { continuation in
            guard let limit = call.wait({ continuation.resume(returning: $0) }) else { return }
            let timer = loop.schedule(at: deadline) { [weak self] in
                self?.assumeIsolated { $0.call.giveUp(limit) }
            }
            call.onArrival = { [loop] in loop.cancel(timer) }
        }
    }
}

// MARK: - Our own name

extension TrunkExamination {
    /// The address a peer reaches us at.
    func advertised(facing peer: IPAddress) -> SocketAddress {
        let local = transports?.localAddresses.first { $0.ip.isIPv4 == peer.isIPv4 }
        return SocketAddress(ip: address(facing: peer), port: local?.port ?? 5060)
    }

    func address(facing peer: IPAddress) -> IPAddress {
        if let own = surroundings.publicAddress, !peer.isPrivate, own.isIPv4 == peer.isIPv4 { return own }
        return surroundings.addressFacing(peer)
    }

    func contact(user: String?, facing flow: Flow) -> NameAddress {
        var uri = SIPURI(user: user, address: advertised(facing: flow.remote.ip))
        if flow.transport != .udp { uri.parameters.set("transport", flow.transport.rawValue.lowercased()) }
        return NameAddress(uri: uri)
    }
}

/// What an examination must be told of the machine it runs on.
package struct TrunkExaminationSurroundings: Sendable {
    /// Where it listens; port 0: wherever there is room.
    package var listen: [SocketAddress]
    /// `PUBLIC_IP`.
    package var publicAddress: IPAddress?
    /// Which address of ours a peer sees.
    package var addressFacing: @Sendable (IPAddress) -> IPAddress
    /// How long the test call may ring, and how long it is listened to.
    package var ringing = Duration.seconds(45)
    package var listening = Duration.seconds(3)

    package init(
        listen: [SocketAddress] = [SocketAddress(ip: .anyIPv4, port: 0), SocketAddress(ip: .anyIPv6, port: 0)],
        publicAddress: IPAddress? = nil,
        addressFacing: @escaping @Sendable (IPAddress) -> IPAddress = LocalAddress.facing
    ) {
        (self.listen, self.publicAddress, self.addressFacing) = (listen, publicAddress, addressFacing)
    }
}
