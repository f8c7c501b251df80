package import Directory
package import Reactor
package import SDP
package import SIPEndpoint
import Telemetry
package import Wire

/// A SIP phone in the simulation: it registers at the gateway, calls, and answers as its script says.
///
/// It is an endpoint of our own whose trunk is the gateway.
package actor ScriptedPhone: SIPCallHandler {
    package enum Answer: Sendable {
        case accept(after: Duration)
        /// Says something before it answers (183 with a session description).
        case earlyMedia(thenAccept: Duration)
        /// At once means without having rung.
        case reject(status: Int, after: Duration)
        /// Rings for ever.
        case ignore
    }

    /// What happened to one call of this phone, as the phone saw it.
    package enum Fate: Sendable, Equatable {
        case pending
        case talking
        case ended
        case rejected(status: Int)
        case cancelled
    }

    package nonisolated let loop: SimulatedLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    package nonisolated let number: String
    package nonisolated let endpoint: SIPEndpoint
    package internal(set) var fates: [SIPLegID: Fate] = [:]
    /// Every call of this phone, with the times as the phone saw them.
    package internal(set) var diaries: [SIPLegID: CallDiary] = [:]
    /// Told when a call of its is up.
    private var whenTalking: @Sendable (SIPLegID) -> Void = { _ in }
    /// A phone that was switched off does nothing any more.
    package private(set) var isOff = false
    package private(set) var isRegistered = false
    /// Re-offers of the far end, in the order they came.
    package private(set) var offers: [AudioStream] = []
    package private(set) var calledBy: [String] = []
    private var script: @Sendable (IncomingInvite) -> Answer
    var sessions: [SIPLegID: LocalSession] = [:]
    /// What it agreed on with the far end of each call.
    package private(set) var agreed: [SIPLegID: NegotiatedAudio] = [:]
    var transport: LocalTransport
    var encryption = SDESPolicy.off
    /// What it understands, best first.
    let codecs: [Codec]
    /// What it was told of the transfers it asked for.
    package private(set) var progress: [SIPLegID: [Int]] = [:]
    /// Digits that came by INFO.
    package private(set) var digits: [SIPLegID: String] = [:]
    package private(set) var refusedOffers = 0
    package private(set) var referredBy: [String] = []

    package init(
        _ number: String, on host: SimulatedHost, of loop: SimulatedLoop, gateway: IPAddress,
        codecs: [Codec] = [.pcma, .pcmu], over signalling: SignallingTransport = .udp, registers: Bool = true,
        session: TrunkSession = TrunkSession(), script: @escaping @Sendable (IncomingInvite) -> Answer
    ) throws {
        (self.loop, self.number, self.codecs, self.script) = (loop, number, codecs, script)
        let ip = host.addresses.first ?? .loopbackIPv4
        transport = .rtp(SocketAddress(ip: ip, port: 4000))
        let account = SIPAccount(
            id: 1, extension: number, username: number, secret: .password("secret-\(number)"), displayName: number)
        var trunk = Trunk(
            name: "gateway", host: "\(gateway)", port: 5060, transport: signalling,
            credentials: registers ? [account].compactMap(TrunkCredentials.init) : [])
        trunk.keepAlive = nil
        trunk.session = session
        endpoint = SIPEndpoint(
            loop: loop, network: host, accounts: NoAccounts(),
            configuration: SIPEndpointConfiguration(trunks: [trunk], addressFacing: { _ in ip }), logger: .silent)
        let (endpoint, handler) = (endpoint, self)
        try endpoint.assumeIsolated {
            $0.setHandler(handler)
            try $0.start()
        }
    }

    package func setWhenTalking(_ told: @escaping @Sendable (SIPLegID) -> Void) { whenTalking = told }
    package func setScript(_ script: @escaping @Sendable (IncomingInvite) -> Answer) { self.script = script }

    /// Lets it speak another kind of media: SRTP with keys, RTP on another address, or WebRTC.
    package func speak(_ transport: LocalTransport? = nil, encryption: SDESPolicy = .off) {
        self.transport = transport ?? self.transport
        self.encryption = encryption
    }

    /// Places a call; its fate is under the leg answered.
    package func call(_ number: String) -> SIPLegID {
        var session = makeSession()
        let offer = session.offer(LocalAudioOffer(transport: transport, codecs: codecs, encryption: encryption))
        let invite = OutgoingInvite(
            target: .trunk(TrunkRoute(number: number)), from: CallerIdentity(user: self.number), offer: offer)
        let leg = endpoint.assumeIsolated { $0.invite(invite) }
        begin(leg, session, to: number)
        return leg
    }

    func begin(_ leg: SIPLegID, _ session: LocalSession, to number: String) {
        sessions[leg] = session
        fates[leg] = .pending
        let callID = endpoint.assumeIsolated { $0.callID(of: leg) }
        diaries[leg] = CallDiary(callID: callID, isIncoming: false, partner: number, beganAt: loop.now)
    }

    package func hangUp(_ leg: SIPLegID) {
        guard !isOff else { return }
        note(leg) { if $0.endedAt == nil, $0.gaveUpAt == nil { $0.gaveUpAt = loop.now } }
        endpoint.assumeIsolated { $0.hangUp(leg, cause: .normal) }
    }

    /// Puts the far end on hold, or takes it back.
    package func hold(_ on: Bool, _ leg: SIPLegID) {
        guard !isOff, var session = sessions[leg] else { return }
        let direction: MediaDirection = on ? .sendonly : .sendrecv
        let offer = session.offer(
            LocalAudioOffer(
                transport: transport, codecs: [codecs[0]], direction: direction, encryption: encryption))
        sessions[leg] = session
        endpoint.assumeIsolated { $0.offer(leg, sdp: offer) }
    }

    package func stop() {
        isOff = true
        for (leg, fate) in fates where fate == .pending || fate == .talking {
            note(leg) { ($0.endedAt, $0.isLost) = (loop.now, true) }
        }
        endpoint.assumeIsolated { $0.stop() }
    }

    func makeSession() -> LocalSession {
        var entropy = loop.makeEntropy()
        return LocalSession(id: entropy.next())
    }

    // MARK: - SIPCallHandler

    package func inviteArrived(_ leg: SIPLegID, _ invite: IncomingInvite) {
        guard !isOff else { return }
        fates[leg] = .pending
        diaries[leg] = CallDiary(
            callID: invite.sipCallID, isIncoming: true, partner: invite.from.user, beganAt: loop.now)
        calledBy.append(invite.from.user)
        if let referrer = invite.referredBy { referredBy.append(referrer) }
        switch script(invite) {
        case .ignore: ring(leg)
        case .accept(let delay):
            ring(leg)
            loop.schedule(after: delay) { [self] in assumeIsolated { $0.accept(leg, invite.offer) } }
        case .earlyMedia(let delay):
            let early = answer(to: invite.offer, on: leg)
            ring(leg, answer: early)
            loop.schedule(after: delay) { [self] in assumeIsolated { $0.accept(leg, invite.offer, saying: early) } }
        case .reject(let status, .zero): reject(leg, status)
        case .reject(let status, let delay):
            ring(leg)
            loop.schedule(after: delay) { [self] in assumeIsolated { $0.reject(leg, status) } }
        }
    }

    private func ring(_ leg: SIPLegID, answer: [UInt8]? = nil) {
        endpoint.assumeIsolated { $0.ring(leg, answer: answer) }
    }

    private func reject(_ leg: SIPLegID, _ status: Int) {
        guard !isOff, fates[leg] == .pending else { return }
        note(leg) { ($0.refusedWith, $0.gaveUpAt) = (status, loop.now) }
        endpoint.assumeIsolated { $0.reject(leg, status: status, reason: nil) }
    }

    /// `early` is what it has answered to the offer before.
    private func accept(_ leg: SIPLegID, _ offer: [UInt8]?, saying early: [UInt8]? = nil) {
        guard !isOff, fates[leg] == .pending else { return }
        guard let body = early ?? answer(to: offer, on: leg) else { return reject(leg, 488) }
        note(leg) { $0.acceptedAt = loop.now }
        endpoint.assumeIsolated { $0.accept(leg, answer: body) }
    }

    func note(_ leg: SIPLegID, _ change: (inout CallDiary) -> Void) {
        guard var diary = diaries[leg] else { return }
        change(&diary)
        diaries[leg] = diary
    }

    private func talks(_ leg: SIPLegID) {
        guard fates[leg] == .pending else { return }
        fates[leg] = .talking
        note(leg) { $0.talkingAt = loop.now }
        whenTalking(leg)
    }

    private func end(_ leg: SIPLegID, _ fate: Fate, isLost: Bool = false) {
        fates[leg] = fate
        note(leg) { ($0.endedAt, $0.isLost) = (loop.now, isLost) }
    }

    private func answer(to offer: [UInt8]?, on leg: SIPLegID) -> [UInt8]? {
        var session = sessions[leg] ?? makeSession()
        defer { sessions[leg] = session }
        guard let offer, let remote = try? RemoteAudio(parsing: offer),
            let codec = remote.stream.codecs(alsoIn: codecs).first
        else { return session.offer(LocalAudioOffer(transport: transport, codecs: codecs, encryption: encryption)) }
        let request = LocalAudioAnswer(transport: transport, to: remote, codec: codec, encryption: encryption)
        let made = session.answer(request)
        agreed[leg] = made?.negotiated
        return made?.body
    }

    package func sipEvent(_ leg: SIPLegID, _ event: SIPLegEvent) {
        guard !isOff else { return }
        switch event {
        case .answered(let answer):
            if let answer, let remote = try? RemoteAudio(parsing: answer) {
                agreed[leg] = sessions[leg]?.negotiated(from: remote)
            }
            talks(leg)
        case .established: talks(leg)
        case .rejected(let status, _, _):
            note(leg) { $0.toldStatus = status }
            end(leg, .rejected(status: status), isLost: status == 408)
        case .cancelled: end(leg, .cancelled)
        case .ended(let reason): end(leg, .ended, isLost: reason?.isLoss ?? false)
        case .offered(let offer):
            if let offer, let remote = try? RemoteAudio(parsing: offer) { offers.append(remote.stream) }
            if let body = answer(to: offer, on: leg) { endpoint.assumeIsolated { $0.answerOffer(leg, sdp: body) } }
        case .digit(let digit, _): digits[leg, default: ""].append(digit)
        case .transferProgress(let status): progress[leg, default: []].append(status)
        case .offerRejected: refusedOffers += 1
        case .ringing, .acceptable, .offerAnswered, .offerWanted, .transferRequested: break
        }
    }

    package func registrationChanged(account: String, registered: Bool) {}
    package func upstreamChanged(registered: Bool, detail: String) { isRegistered = registered }
    package func trunkChanged(_ status: TrunkStatus) {}
}

private struct NoAccounts: SIPAccountDirectory {
    func sipAccount(username: String) -> SIPAccount? { nil }
}
