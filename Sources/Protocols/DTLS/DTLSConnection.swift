internal import COpenSSL
package import Crypto
package import Wire

/// What a datagram or a deadline led to.
package enum DTLSEvent: Sendable {
    case connected(SRTPKeys)
    case failed(DTLSError)
    /// The peer said close_notify.
    case closed
}

/// One DTLS association: handshake, key export, then only waiting for the peer's close_notify.
///
/// Datagrams and `now` go in; datagrams wait in `nextDatagram`; `handleTimeout` wants to be called at `nextDeadline`.
/// OpenSSL times its retransmissions with a clock of its own, so deadlines here are that clock's remainder added to
/// `now`. Application data is read and dropped.
package struct DTLSConnection: ~Copyable {
    /// Time for the whole handshake.
    package static let handshakeTimeout: Duration = .seconds(30)

    private enum State {
        case handshaking
        case connected
        case ended
    }

    private let session: SSLHandle
    private let exchange: DTLSExchange
    private let role: DTLSRole
    private let handshakeDeadline: Instant
    private var state = State.handshaking
    package private(set) var nextDeadline: Instant

    /// Begins a handshake; as the client its first flight is already waiting in `nextDatagram`.
    package init(
        context: DTLSContext, role: DTLSRole, expecting fingerprints: [Fingerprint], now: Instant
    ) throws(DTLSError) {
        exchange = DTLSExchange(expected: fingerprints, retransmission: context.retransmission)
        guard let session = SSLHandle(context), session.begin(role, exchange) else { throw .unavailable }
        self.session = session
        self.role = role
        handshakeDeadline = now + Self.handshakeTimeout
        nextDeadline = handshakeDeadline
        updateDeadline(now)
    }

    package var isConnected: Bool { state == .connected }

    /// The fatal alert we sent, if we did.
    package var sentAlert: UInt8? { exchange.sentAlert }

    /// What still hears and says close_notify when this connection is gone; nil before the handshake is over.
    package func alerts() -> DTLSAlerts? { isConnected ? DTLSAlerts(of: ssl, role: role) : nil }

    /// Takes a datagram that `DatagramKind` sorted as DTLS.
    package mutating func receive(_ datagram: RawSpan, now: Instant) -> DTLSEvent? {
        guard state != .ended else { return nil }
        let event = datagram.withUnsafeBytes { bytes in
            exchange.incoming = bytes
            defer { exchange.incoming = nil }
            return state == .handshaking ? handshake() : readRecords()
        }
        updateDeadline(now)
        return event
    }

    package mutating func handleTimeout(now: Instant) -> DTLSEvent? {
        guard state == .handshaking, nextDeadline <= now else { return nil }
        if handshakeDeadline <= now { return end(.failed(.timedOut)) }
        ERR_clear_error()
        let result = tandem_dtls_handle_timeout(ssl)
        defer { updateDeadline(now) }
        return result < 0 ? end(.failed(.timedOut)) : nil
    }

    /// The next datagram for the peer.
    package mutating func nextDatagram() -> [UInt8]? {
        exchange.outgoing.isEmpty ? nil : exchange.outgoing.removeFirst()
    }

    /// Says close_notify, once there is an association to close.
    package mutating func close() {
        if state == .connected { SSL_shutdown(ssl) }
        _ = end(.closed)
    }

    private var ssl: OpaquePointer { session.pointer }

    private mutating func handshake() -> DTLSEvent? {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        guard result == 1 else { return failure(result) }
        guard let keys = exportKeys() else {
            SSL_shutdown(ssl)
            return end(.failed(.noSRTPProfile))
        }
        state = .connected
        return .connected(keys)
    }

    /// Reads what the datagram holds besides the handshake: alerts, the peer's repeated last flight, foreign data.
    private mutating func readRecords() -> DTLSEvent? {
        withUnsafeTemporaryAllocation(byteCount: 2048, alignment: 1) { buffer in
            while true {
                ERR_clear_error()
                let count = SSL_read(ssl, buffer.baseAddress, Int32(buffer.count))
                guard count > 0 else { return failure(count) }
            }
        }
    }

    /// Nil when OpenSSL only waits for more.
    private mutating func failure(_ result: Int32) -> DTLSEvent? {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return nil
        case SSL_ERROR_ZERO_RETURN: return end(.closed)
        default: break
        }
        if exchange.isFingerprintWrong { return end(.failed(.fingerprintMismatch)) }
        if let alert = exchange.peerAlert { return end(.failed(.refusedByPeer(alert: alert))) }
        return end(.failed(.protocolViolation))
    }

    private mutating func end(_ event: DTLSEvent) -> DTLSEvent {
        state = .ended
        nextDeadline = .never
        return event
    }

    private mutating func updateDeadline(_ now: Instant) {
        guard state == .handshaking else {
            nextDeadline = .never
            return
        }
        let microseconds = tandem_dtls_timeout(ssl)
        // Never sooner than a millisecond: the two clocks may disagree about whether a timer has run out.
        let retransmission = microseconds < 0 ? .never : now + .microseconds(max(microseconds, 1000))
        nextDeadline = min(handshakeDeadline, retransmission)
    }

    private func exportKeys() -> SRTPKeys? {
        guard let selected = SSL_get_selected_srtp_profile(ssl),
            let number = UInt16(exactly: selected.pointee.id), let profile = SRTPProfile(rawValue: number)
        else { return nil }
        var material = [UInt8](repeating: 0, count: 2 * (profile.keyLength + profile.saltLength))
        let label = "EXTRACTOR-dtls_srtp"
        let done = SSL_export_keying_material(ssl, &material, material.count, label, label.utf8.count, nil, 0, 0)
        return done == 1 ? SRTPKeys(profile: profile, material: material, role: role) : nil
    }
}

/// An OpenSSL connection, freed with this value.
///
/// Not private: a release build for tests cannot link a private noncopyable type.
struct SSLHandle: ~Copyable {
    let pointer: OpaquePointer

    init?(_ context: DTLSContext) {
        guard let pointer = SSL_new(context.pointer) else { return nil }
        self.pointer = pointer
    }

    /// As the client, writes the ClientHello at once.
    func begin(_ role: DTLSRole, _ exchange: DTLSExchange) -> Bool {
        guard exchange.attach(to: pointer) else { return false }
        tandem_ssl_set_mtu(pointer, DatagramBIO.mtu)
        guard role == .client else {
            SSL_set_accept_state(pointer)
            return true
        }
        SSL_set_connect_state(pointer)
        ERR_clear_error()
        return SSL_get_error(pointer, SSL_do_handshake(pointer)) == SSL_ERROR_WANT_READ
    }

    deinit { SSL_free(pointer) }
}
