import COpenSSL
import Wire

/// One TLS session without a socket: ciphertext and plain bytes go in, ciphertext and events come out.
///
/// After each call, drain `takeOutput` and `takeEvents`. The only clock is `now`, which certificates are judged by.
struct TLSSession: ~Copyable {
    enum Event: Equatable {
        /// The handshake is done and the peer is who it should be.
        case established
        case received([UInt8])
        /// The last event: the peer's close_notify, or what went wrong.
        case ended(TLSFailure?)
    }

    /// Bytes that may wait for the handshake.
    static let waitingLimit = 1 << 18
    private static let pieceSize = 16 * 1024

    private let session: OpaquePointer
    /// Ciphertext that came and is to be read, and that was written and is to be sent; owned by `session`.
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private let expectedName: String?
    private(set) var isEstablished = false
    private var isOver = false
    /// Plain bytes sent before the handshake was done.
    private var waiting: [UInt8] = []
    private var events: [Event] = []

    init?(_ context: TLSContext, now: WallTime) {
        guard let session = SSL_new(context.context) else { return nil }
        guard let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem()) else {
            SSL_free(session)
            return nil
        }
        SSL_set_bio(session, incoming, outgoing)
        X509_VERIFY_PARAM_set_time(SSL_get0_param(session), time_t(now.seconds))
        if context.isServer {
            SSL_set_accept_state(session)
        } else {
            SSL_set_connect_state(session)
            // A numeric address is no host name (RFC 6066 section 3).
            if let name = context.serverName, IPAddress(name) == nil { tandem_tls_set_host_name(session, name) }
        }
        (self.session, self.incoming, self.outgoing) = (session, incoming, outgoing)
        expectedName = context.checksName ? context.serverName : nil
    }

    deinit { SSL_free(session) }

    /// Plain bytes that wait for the handshake.
    var waitingBytes: Int { waiting.count }

    /// A client speaks first.
    mutating func start() { advance() }

    mutating func receive(_ bytes: [UInt8]) {
        guard !isOver, !bytes.isEmpty else { return }
        BIO_write(incoming, bytes, Int32(clamping: bytes.count))
        advance()
    }

    /// Encrypts bytes, or keeps them until the handshake is done; false when too many wait.
    mutating func send(_ bytes: [UInt8]) -> Bool {
        guard !isOver else { return true }
        guard isEstablished else {
            waiting += bytes
            return waiting.count <= Self.waitingLimit
        }
        write(bytes)
        return true
    }

    /// Says goodbye; nothing more is read or written.
    mutating func close() {
        guard !isOver else { return }
        isOver = true
        waiting = []
        if isEstablished { SSL_shutdown(session) }
        ERR_clear_error()
    }

    /// Ciphertext for the peer.
    mutating func takeOutput() -> [UInt8] {
        let size = BIO_ctrl_pending(outgoing)
        guard size > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = max(0, Int(BIO_read(outgoing, buffer.baseAddress, Int32(clamping: size))))
        }
    }

    mutating func takeEvents() -> [Event] {
        defer { events = [] }
        return events
    }
}

extension TLSSession {
    private mutating func advance() {
        guard !isOver else { return }
        if !isEstablished {
            ERR_clear_error()
            let status = SSL_do_handshake(session)
            guard status == 1 else { return pause(status) }
            establish()
        }
        if isEstablished, !isOver { read() }
    }

    private mutating func establish() {
        if let expectedName, !isPeer(expectedName) {
            return end(.nameMismatch(expected: expectedName))
        }
        isEstablished = true
        events.append(.established)
        let bytes = waiting
        waiting = []
        write(bytes)
    }

    /// What the peer showed, once the handshake is done.
    func peerCertificate() -> PeerCertificate? {
        guard let certificate = SSL_get1_peer_certificate(session) else { return nil }
        defer { X509_free(certificate) }
        return PeerCertificate(certificate)
    }

    private func isPeer(_ name: String) -> Bool {
        guard let certificate = SSL_get1_peer_certificate(session) else { return false }
        defer { X509_free(certificate) }
        return CertificateNames(certificate).include(name)
    }

    private mutating func read() {
        var plain = [UInt8]()
        var status: Int32 = 1
        while status > 0 {
            let piece = [UInt8](unsafeUninitializedCapacity: Self.pieceSize) { buffer, count in
                ERR_clear_error()
                status = SSL_read(session, buffer.baseAddress, Int32(clamping: buffer.count))
                count = max(0, Int(status))
            }
            plain += piece
        }
        if !plain.isEmpty { events.append(.received(plain)) }
        pause(status)
    }

    /// A memory BIO takes everything, so a write is only ever cut at the size of a record.
    private mutating func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            ERR_clear_error()
            let written = rest.withUnsafeBytes { SSL_write(session, $0.baseAddress, Int32(clamping: $0.count)) }
            guard written > 0 else { return pause(written) }
            rest = rest.dropFirst(Int(written))
        }
    }

    /// OpenSSL goes no further: more is needed from the peer, or this is the end.
    private mutating func pause(_ status: Int32) {
        let reason = SSL_get_error(session, status)
        defer { ERR_clear_error() }
        switch reason {
        case SSL_ERROR_WANT_READ: break
        case SSL_ERROR_ZERO_RETURN:
            SSL_shutdown(session)
            end(nil)
        default: end(failure())
        }
    }

    private mutating func end(_ failure: TLSFailure?) {
        isOver = true
        waiting = []
        events.append(.ended(failure))
    }

    /// What the certificate's check or OpenSSL's queue of errors says.
    private func failure() -> TLSFailure {
        let code = ERR_peek_last_error()
        let text = ERR_reason_error_string(code).map { String(cString: $0) } ?? "unexpected end"
        let reason = Int32(truncatingIfNeeded: code & 0x7F_FFFF)
        // A reason past this is the number of the peer's alert.
        if reason >= SSL_AD_REASON_OFFSET { return .refusedByPeer(alert: text) }
        switch Int32(truncatingIfNeeded: SSL_get_verify_result(session)) {
        case X509_V_OK: return .protocolViolation(reason: text)
        case X509_V_ERR_CERT_HAS_EXPIRED: return .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: return .notYetValid
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED:
            return .unknownAuthority
        case let result:
            let words = X509_verify_cert_error_string(Int(result)).map { String(cString: $0) }
            return .badCertificate(reason: words ?? text)
        }
    }
}
