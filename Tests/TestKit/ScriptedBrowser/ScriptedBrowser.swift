package import Crypto
package import DTLS
package import ICE
package import Wire

/// A browser's transport as a test drives it: full ICE, controlling, then DTLS.
///
/// Like the code it tests, it has no socket and no clock: hand it datagrams, drain `nextOutput` after every call, and
/// call `handleTimeout` at `nextDeadline`. It behaves as Chromium does towards a lite peer: the handshake begins with
/// the first answered check, and every check of the selected pair nominates it again.
package final class ScriptedBrowser {
    /// The other side's description.
    package struct Peer: Sendable {
        package let credentials: ICECredentials
        package let candidates: [SocketAddress]
        package let fingerprints: [Fingerprint]

        package init(credentials: ICECredentials, candidates: [SocketAddress], fingerprints: [Fingerprint]) {
            (self.credentials, self.candidates, self.fingerprints) = (credentials, candidates, fingerprints)
        }
    }

    package struct Datagram: Sendable {
        package let bytes: [UInt8]
        package let source: SocketAddress
        package let destination: SocketAddress
    }

    package enum Event: Sendable {
        /// The peer confirmed the nomination of the pair with this remote address.
        case nominated(SocketAddress)
        case connected(SRTPKeys)
        case failed(DTLSError)
        /// The peer said close_notify.
        case closed
        /// RTP or RTCP, still protected.
        case media([UInt8], from: SocketAddress)
    }

    package enum Output: Sendable {
        case transmit(Datagram)
        case event(Event)
    }

    /// Between checks of the selected pair; `nil` falls silent, as a browser that crashed.
    package var checkInterval: Duration? = .seconds(2)
    /// Whether checks carry ICE-CONTROLLING; a 487 answer turns it on.
    package private(set) var isControlling: Bool
    package let fingerprint: Fingerprint
    package private(set) var credentials: ICECredentials
    package private(set) var localAddress: SocketAddress
    package private(set) var selected: SocketAddress?

    private struct PendingCheck {
        let remote: SocketAddress
        let nominates: Bool
    }

    private let context: DTLSContext
    private let role: DTLSRole
    private let tieBreaker: UInt64
    private var entropy: Entropy
    private var peer: Peer?
    private var pending: [STUNTransactionID: PendingCheck] = [:]
    private var dtls: DTLSConnection?
    private var handshakeAddress: SocketAddress?
    private var nextCheck = Instant.never
    private var outputs: [Output] = []

    /// `role` is `.client` for `a=setup:active`, what browsers answer to us.
    package init(
        context: DTLSContext, localAddress: SocketAddress, seed: UInt64, role: DTLSRole = .client,
        isControlling: Bool = true
    ) {
        (self.context, self.localAddress, self.role) = (context, localAddress, role)
        self.isControlling = isControlling
        fingerprint = context.fingerprint
        entropy = Entropy(seed: seed)
        credentials = ICECredentials(from: &entropy)
        tieBreaker = entropy.next()
    }

    package var nextDeadline: Instant { min(nextCheck, dtls?.nextDeadline ?? .never) }

    package func nextOutput() -> Output? { outputs.isEmpty ? nil : outputs.removeFirst() }

    /// Takes the other side's description and begins to check its candidates.
    package func connect(to peer: Peer, now: Instant) {
        self.peer = peer
        selected = nil
        nextCheck = now
        handleTimeout(now: now)
    }

    /// Takes a fresh ufrag and password for the next description, as for an ICE restart.
    package func refreshCredentials() { credentials = ICECredentials(from: &entropy) }

    /// Changes the network: the old address is gone, and the new one checks and nominates.
    package func move(to address: SocketAddress, now: Instant) {
        localAddress = address
        nextCheck = now
        handleTimeout(now: now)
    }

    package func send(_ bytes: [UInt8]) {
        guard let destination = selected ?? handshakeAddress else { return }
        transmit(bytes, to: destination)
    }

    /// Says close_notify and falls silent.
    package func close() {
        dtls?.close()
        flushHandshake()
        dtls = nil
        nextCheck = .never
    }

    package func handleTimeout(now: Instant) {
        if nextCheck <= now { sendChecks(now) }
        note(dtls?.handleTimeout(now: now) ?? nil)
    }

    package func receive(_ bytes: [UInt8], from source: SocketAddress, now: Instant) {
        switch DatagramKind(bytes.span.bytes) {
        case .stun: receiveSTUN(bytes, now)
        case .dtls:
            if dtls == nil, role == .server { startHandshake(with: source, now) }
            note(dtls?.receive(bytes.span.bytes, now: now) ?? nil)
        case .rtp: outputs.append(.event(.media(bytes, from: source)))
        case .other: break
        }
    }
}

// MARK: - Connectivity checks

extension ScriptedBrowser {
    private func sendChecks(_ now: Instant) {
        guard let peer else { return }
        if let selected {
            sendCheck(to: selected, nominates: true)
            nextCheck = checkInterval.map { now + $0 } ?? .never
        } else {
            for candidate in peer.candidates { sendCheck(to: candidate, nominates: false) }
            nextCheck = now + .milliseconds(100)
        }
    }

    private func sendCheck(to remote: SocketAddress, nominates: Bool) {
        guard let peer else { return }
        if pending.count > 256 { pending.removeAll() }
        let transaction = STUNTransactionID(from: &entropy)
        pending[transaction] = PendingCheck(remote: remote, nominates: nominates)
        var request = STUNWriter(.request, transactionID: transaction)
        request.username(receiver: peer.credentials.ufrag, sender: credentials.ufrag)
        request.priority(0x6E7F_00FF)
        if isControlling { request.iceControlling(tieBreaker) } else { request.iceControlled(tieBreaker) }
        if nominates, isControlling { request.useCandidate() }
        transmit(request.finish(integrityKey: Array(peer.credentials.password.utf8)), to: remote)
    }

    private func receiveSTUN(_ bytes: [UInt8], _ now: Instant) {
        guard let peer, let message = try? STUNMessage(bytes.span.bytes),
            message.integrity(key: Array(peer.credentials.password.utf8)) == .valid,
            let check = pending.removeValue(forKey: message.transactionID)
        else { return }
        if message.messageClass == .error, message.errorCode == 487 {
            isControlling = true
            sendCheck(to: check.remote, nominates: false)
        }
        guard message.messageClass == .success else { return }
        if check.nominates {
            guard selected != check.remote else { return }
            selected = check.remote
            nextCheck = checkInterval.map { now + $0 } ?? .never
            outputs.append(.event(.nominated(check.remote)))
        } else if selected == nil {
            sendCheck(to: check.remote, nominates: true)
            if role == .client, dtls == nil { startHandshake(with: check.remote, now) }
        }
    }

    private func transmit(_ bytes: [UInt8], to destination: SocketAddress) {
        outputs.append(.transmit(Datagram(bytes: bytes, source: localAddress, destination: destination)))
    }
}

// MARK: - Handshake

extension ScriptedBrowser {
    private func startHandshake(with remote: SocketAddress, _ now: Instant) {
        guard let peer else { return }
        handshakeAddress = remote
        do {
            dtls = try DTLSConnection(context: context, role: role, expecting: peer.fingerprints, now: now)
            flushHandshake()
        } catch {
            outputs.append(.event(.failed(error)))
        }
    }

    private func note(_ event: DTLSEvent?) {
        flushHandshake()
        switch event {
        case nil: break
        case .connected(let keys): outputs.append(.event(.connected(keys)))
        case .failed(let error): outputs.append(.event(.failed(error)))
        case .closed: outputs.append(.event(.closed))
        }
    }

    private func flushHandshake() {
        guard let destination = selected ?? handshakeAddress else { return }
        while let datagram = dtls?.nextDatagram() { transmit(datagram, to: destination) }
    }
}
