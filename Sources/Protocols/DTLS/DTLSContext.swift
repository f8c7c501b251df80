internal import COpenSSL
package import Crypto

/// What all DTLS connections of a worker share: certificate, ciphers, SRTP profiles.
///
/// DTLS 1.2 alone (RFC 6347), forward secrecy alone, no renegotiation, no resumption. The peer must show a certificate,
/// which is checked against the fingerprints of its session description and against nothing else (RFC 8827).
package final class DTLSContext {
    let pointer: OpaquePointer
    /// The first retransmission comes after this time; each next one doubles it.
    let retransmission: Duration
    package let fingerprint: Fingerprint

    /// The profiles stand in the order of preference, which counts on the server's side.
    package init(
        certificate: Certificate,
        profiles: [SRTPProfile] = [.aeadAES128GCM, .aeadAES256GCM, .aes128CMHMACSHA1Tag80],
        ciphers: [String] = DTLSContext.ciphers,
        retransmission: Duration = .milliseconds(250)
    ) throws(DTLSError) {
        guard let pointer = SSL_CTX_new_ex(Self.library, nil, DTLS_method()) else { throw .unavailable }
        self.pointer = pointer
        self.retransmission = retransmission
        fingerprint = certificate.fingerprint()
        let names = profiles.map(\.openSSLName).joined(separator: ":")
        guard tandem_dtls_restrict(pointer) == 1, Self.load(certificate, into: pointer),
            SSL_CTX_set_cipher_list(pointer, ciphers.joined(separator: ":")) == 1,
            tandem_ctx_set_groups(pointer, Self.groups) == 1,
            SSL_CTX_set_tlsext_use_srtp(pointer, names) == 0
        else { throw .unavailable }
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        SSL_CTX_set_cert_verify_callback(
            pointer, { store, _ in DTLSExchange.verify(store) }, nil)
    }

    /// OpenSSL's names of the accepted ciphers, in the order of preference.
    package static let ciphers = ["ECDSA", "RSA"].flatMap { signature in
        ["AES128-GCM-SHA256", "CHACHA20-POLY1305", "AES256-GCM-SHA384"].map { "ECDHE-\(signature)-\($0)" }
    }
    /// Where certificates of peers are read without detours; made once and never freed.
    nonisolated(unsafe) private static let library: OpaquePointer? = tandem_make_dtls_library()
    private static let groups = "X25519:P-256:P-384"

    private static func load(_ certificate: Certificate, into context: OpaquePointer) -> Bool {
        let bytes = certificate.certificate
        let key = certificate.privateKey
        guard let size = Int32(exactly: bytes.count), SSL_CTX_use_certificate_ASN1(context, size, bytes) == 1,
            let parsed = key.withUnsafeBufferPointer({ buffer in
                var start = buffer.baseAddress
                return d2i_AutoPrivateKey(nil, &start, buffer.count)
            })
        else { return false }
        defer { EVP_PKEY_free(parsed) }
        return SSL_CTX_use_PrivateKey(context, parsed) == 1 && SSL_CTX_check_private_key(context) == 1
    }

    deinit { SSL_CTX_free(pointer) }
}
