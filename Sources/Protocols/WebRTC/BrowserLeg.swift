package import DTLS
package import ICE
package import Wire

/// The transport of one browser: ICE-lite, then DTLS, then SRTP keys for whoever handles RTP.
///
/// A machine without thread, socket or clock: hand it STUN and DTLS datagrams with their source, drain `nextOutput`
/// after every call, and call `handleTimeout` at `nextDeadline`. It belongs to one thread at a time.
///
///     opened ──ClientHello from a validated path, or selected (client)──► handshaking ──► connected
///        └────────────── failure, close_notify, consent lost, close() ──────────┴───────────────┴──► ended
///
/// DTLS is taken only from paths that ICE has validated, so nobody who merely races the browser's ClientHello to
/// the port can disturb the handshake (CVE-2023-49786).
package final class BrowserLeg {
    /// How long a repeated last flight of the browser is still answered when no media shows that ours arrived.
    package static let settleTime: Duration = .seconds(5)
    /// Handshake datagrams kept until the browser's description comes; a post-quantum ClientHello fills two.
    private static let maximumEarly = 4

    private enum Phase {
        case opened
        case handshaking
        case connected
        case ended
    }

    private let context: DTLSContext
    private var ice: ICELiteAgent
    private var dtls: DTLSConnection?
    /// Takes the place of `dtls` once the handshake is over.
    private var alerts: DTLSAlerts?
    /// What ended the handshake on our side, until the browser is known to have it.
    private var lastFlight: [[UInt8]] = []
    private var remote: RemotePeer?
    private var phase = Phase.opened
    /// Keys of a handshake that finished before any nomination.
    private var heldKeys: SRTPKeys?
    /// Where handshake datagrams go as long as nothing is selected.
    private var handshakePath: RemotePath?
    /// Until when a selected browser may keep its ClientHello to itself.
    private var helloDeadline = Instant.never
    private var settleDeadline = Instant.never
    /// A ClientHello that overtook the browser's description: signalling and media race each other.
    private var early: [(bytes: [UInt8], source: RemotePath)] = []
    private var outputs = FIFO<BrowserLegOutput>()
    private var noted = TransportFacts()

    /// `credentials` are fresh ones, made by whoever writes our session description.
    package init(context: DTLSContext, credentials: ICECredentials) {
        self.context = context
        ice = ICELiteAgent(local: credentials)
    }

    /// Our half for the session description.
    package var localCredentials: ICECredentials { ice.local }
    /// The ufrags by which Binding requests for this leg are known.
    package var localUfrags: [String] { ice.localUfrags }
    /// Where media goes; nil before the first nomination.
    package var selected: RemotePath? { ice.selected }

    /// How far the transport has come; kept when the leg has ended.
    package var facts: TransportFacts {
        var facts = noted
        facts.validated = ice.validated.map(\.address)
        (facts.selected, facts.isOverTCP) = (ice.selected?.address, ice.selected?.connection != nil)
        facts.role = remote?.role
        return facts
    }

    package var nextDeadline: Instant {
        guard phase != .ended else { return .never }
        let handshake = dtls?.nextDeadline ?? .never
        return min(ice.nextDeadline, handshake, helloDeadline, settleDeadline)
    }

    /// What to do next; nil when drained.
    package func nextOutput() -> BrowserLegOutput? { outputs.popFirst() }

    /// Takes the browser's description, again after each exchange of descriptions.
    ///
    /// Other fingerprints than before start another handshake; with the same ones the association and our part in it
    /// stay what they are (RFC 8842 section 5). For fresh ICE credentials of the browser `restartICE` comes first.
    package func configure(_ peer: RemotePeer, now: Instant) {
        guard phase != .ended else { return }
        let isSame = remote.map { Set($0.fingerprints) == Set(peer.fingerprints) }
        if isSame == false { forgetHandshake() }
        let role = isSame == true ? remote?.role ?? peer.role : peer.role
        remote = RemotePeer(credentials: peer.credentials, fingerprints: peer.fingerprints, role: role)
        ice.setRemote(peer.credentials, now: now)
        expectHandshake(now)
        let waiting = early
        early = []
        for datagram in waiting { receiveDTLS(datagram.bytes.span.bytes, from: datagram.source, now: now) }
    }

    /// Restarts ICE with fresh credentials of ours; media goes on meanwhile.
    package func restartICE(with credentials: ICECredentials) {
        guard phase != .ended, let ufrag = ice.restart(with: credentials) else { return }
        outputs.append(.event(.retired(ufrag: ufrag)))
    }

    package func receiveSTUN(_ datagram: RawSpan, from source: RemotePath, now: Instant) {
        guard phase != .ended else { return }
        let reaction = ice.receive(datagram, from: source, now: now)
        if let response = reaction.response { outputs.append(.transmit(response, to: source)) }
        if let path = reaction.evicted { outputs.append(.event(.forgotten(path))) }
        if let path = reaction.validated {
            noted.noteCheck(at: now)
            outputs.append(.event(.validated(path)))
        }
        if let ufrag = reaction.retiredUfrag { outputs.append(.event(.retired(ufrag: ufrag))) }
        guard let selected = reaction.selected else { return }
        outputs.append(.event(.selected(selected)))
        if let keys = heldKeys { becomeConnected(keys, over: selected) }
        expectHandshake(now)
    }

    package func receiveDTLS(_ datagram: RawSpan, from source: RemotePath, now: Instant) {
        guard phase != .ended, ice.isValidated(source) else { return }
        guard let remote else {
            if early.count < Self.maximumEarly { early.append((datagram.withUnsafeBytes { [UInt8]($0) }, source)) }
            return
        }
        if let alerts {
            switch alerts.message(in: datagram) {
            case .end: end(.closed)
            case .finished: for flight in lastFlight { outputs.append(.transmit(flight, to: ice.selected ?? source)) }
            case nil: break
            }
            return
        }
        if phase == .opened {
            guard remote.role == .server, startHandshake(remote, now) else { return }
        }
        handshakePath = source
        handle(dtls?.receive(datagram, now: now) ?? nil, now)
    }

    /// Tells that a connection of the browser's is closed.
    package func lose(_ path: RemotePath) { ice.lose(path) }

    /// Tells that SRTP from the browser has been authenticated: it has our last flight.
    package func mediaArrived() {
        if phase == .connected { settle() }
    }

    package func handleTimeout(now: Instant) {
        guard phase != .ended else { return }
        if let expiry = ice.expire(now: now) {
            noted.isConsentLost = expiry == .consentLost
            end(expiry == .consentLost ? .consentLost : .failed(.noConnectivity))
            return
        }
        if helloDeadline <= now {
            failHandshake(.timedOut)
            return
        }
        if settleDeadline <= now { settle() }
        handle(dtls?.handleTimeout(now: now) ?? nil, now)
    }

    /// Ends the leg from our side, with a close_notify where there is an association.
    package func close() {
        guard phase != .ended else { return }
        if let farewell = alerts?.closeNotify(), let path = ice.selected {
            outputs.append(.transmit(farewell, to: path))
        }
        if noted.handshake == .connected { noted.handshake = .closed }
        phase = .ended
        release()
    }

    /// Once description and path are there: begins the handshake as the client, or waits for the browser to do so.
    private func expectHandshake(_ now: Instant) {
        guard phase == .opened, let remote, ice.selected != nil else { return }
        switch remote.role {
        case .client: if startHandshake(remote, now) { flushHandshake() }
        case .server: if helloDeadline == .never { helloDeadline = now + DTLSConnection.handshakeTimeout }
        }
    }

    private func startHandshake(_ remote: RemotePeer, _ now: Instant) -> Bool {
        do {
            dtls = try DTLSConnection(context: context, role: remote.role, expecting: remote.fingerprints, now: now)
            (phase, noted.handshake) = (.handshaking, .underWay)
            helloDeadline = .never
            return true
        } catch {
            failHandshake(error)
            return false
        }
    }

    private func handle(_ event: DTLSEvent?, _ now: Instant) {
        let flight = flushHandshake()
        switch event {
        case nil: break
        case .connected(let keys):
            (phase, noted.handshake) = (.connected, .connected)
            noted.connectedAt = noted.connectedAt ?? now
            finishHandshake(flight, now)
            if let selected = ice.selected { becomeConnected(keys, over: selected) } else { heldKeys = keys }
        case .failed(let error): failHandshake(error)
        case .closed: end(.closed)
        }
    }

    private func failHandshake(_ error: DTLSError) {
        (noted.handshake, noted.failure) = (.failed, error)
        noted.sentAlert = dtls?.sentAlert
        end(.failed(.handshake(error)))
    }

    private func becomeConnected(_ keys: SRTPKeys, over path: RemotePath) {
        heldKeys = nil
        outputs.append(.event(.connected(keys, remote: path)))
    }

    /// Sends what the handshake has to say, and answers what that was.
    @discardableResult
    private func flushHandshake() -> [[UInt8]] {
        var flight: [[UInt8]] = []
        guard let path = ice.selected ?? handshakePath else { return flight }
        while let datagram = dtls?.nextDatagram() {
            outputs.append(.transmit(datagram, to: path))
            flight.append(datagram)
        }
        return flight
    }

    /// Frees the handshake's memory: all that can still be asked of us is to say the last of it again.
    private func finishHandshake(_ flight: [[UInt8]], _ now: Instant) {
        alerts = dtls?.alerts()
        dtls = nil
        (lastFlight, settleDeadline) = (flight, now + Self.settleTime)
    }

    /// Nobody can need a repetition any more.
    private func settle() { (lastFlight, settleDeadline) = ([], .never) }

    private func forgetHandshake() {
        release()
        (phase, noted.handshake) = (.opened, .waiting)
    }

    private func end(_ event: BrowserLegEvent) {
        if case .closed = event { noted.handshake = .closed }
        phase = .ended
        release()
        outputs.append(.event(event))
    }

    private func release() {
        dtls = nil
        (alerts, heldKeys, handshakePath, lastFlight) = (nil, nil, nil, [])
        (helloDeadline, settleDeadline) = (.never, .never)
        early = []
    }
}
