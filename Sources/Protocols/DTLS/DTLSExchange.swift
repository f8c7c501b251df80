internal import COpenSSL
import Crypto
import Wire

/// What OpenSSL's callbacks of one connection see: datagrams in and out, the announced fingerprints, the alerts.
///
/// It lives as long as the `SSL` object that points to it.
final class DTLSExchange {
    /// More datagrams than this wait for nobody: a flight has at most a handful.
    private static let maximumOutgoing = 64

    let expected: [Fingerprint]
    let retransmission: Duration
    /// The datagram at hand, valid only during the call into OpenSSL that reads it.
    var incoming: UnsafeRawBufferPointer?
    var outgoing: [[UInt8]] = []
    var isFingerprintWrong = false
    var peerAlert: UInt8?
    var sentAlert: UInt8?

    init(expected: [Fingerprint], retransmission: Duration) {
        (self.expected, self.retransmission) = (expected, retransmission)
    }

    /// Connects `ssl` with this exchange: the BIO, the clock of retransmissions, the alerts.
    func attach(to ssl: OpaquePointer) -> Bool {
        guard let method = DatagramBIO.method, let bio = BIO_new(method) else { return false }
        let unmanaged = Unmanaged.passUnretained(self).toOpaque()
        BIO_set_data(bio, unmanaged)
        BIO_set_init(bio, 1)
        SSL_set_bio(ssl, bio, bio)
        SSL_set_ex_data(ssl, 0, unmanaged)
        DTLS_set_timer_cb(ssl) { ssl, previous in DTLSExchange.timer(ssl, after: previous) }
        SSL_set_info_callback(ssl) { ssl, kind, value in DTLSExchange.noteAlert(ssl, kind, value) }
        return true
    }

    func send(_ bytes: UnsafeRawBufferPointer) {
        if outgoing.count < Self.maximumOutgoing { outgoing.append([UInt8](bytes)) }
    }

    private static func of(_ ssl: OpaquePointer?) -> DTLSExchange? {
        guard let ssl, let data = SSL_get_ex_data(ssl, 0) else { return nil }
        return Unmanaged<DTLSExchange>.fromOpaque(data).takeUnretainedValue()
    }

    /// The peer's certificate against the announced fingerprints; a refusal makes OpenSSL send bad_certificate.
    static func verify(_ store: OpaquePointer?) -> Int32 {
        guard let store,
            let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
            let exchange = of(OpaquePointer(ssl))
        else { return 0 }
        if let certificate = X509_STORE_CTX_get0_cert(store),
            Fingerprint.match(exchange.expected, certificate: derBytes(of: certificate))
        {
            X509_STORE_CTX_set_error(store, X509_V_OK)
            return 1
        }
        exchange.isFingerprintWrong = true
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED)
        return 0
    }

    private static func derBytes(of certificate: OpaquePointer) -> [UInt8] {
        let size = Int(i2d_X509(certificate, nil))
        guard size > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            var position = buffer.baseAddress
            count = Int(max(0, i2d_X509(certificate, &position)))
        }
    }

    /// Microseconds to the next retransmission (RFC 6347 section 4.2.4.1): doubling, four seconds at most.
    private static func timer(_ ssl: OpaquePointer?, after previous: UInt32) -> UInt32 {
        guard previous == 0 else { return min(previous &* 2, 4_000_000) }
        let first = of(ssl)?.retransmission ?? .milliseconds(250)
        return UInt32(clamping: first.wholeNanoseconds / 1000)
    }

    private static func noteAlert(_ ssl: OpaquePointer?, _ kind: Int32, _ value: Int32) {
        let isFatal = value >> 8 == SSL3_AL_FATAL
        guard isFatal, let exchange = of(ssl) else { return }
        let alert = UInt8(truncatingIfNeeded: value)
        if kind == SSL_CB_READ_ALERT { exchange.peerAlert = alert }
        if kind == SSL_CB_WRITE_ALERT { exchange.sentAlert = alert }
    }
}
