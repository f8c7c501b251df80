import COpenSSL
package import Crypto
package import Wire

/// A certificate chain and its key, shown by a listener or by a client that is asked who it is.
///
/// Immutable once made; OpenSSL counts references to what it holds, so connections may outlive this value.
package final class TLSIdentity: @unchecked Sendable {
    // Sendable: the context is not changed after `init`, and OpenSSL locks what its connections share.
    let context: OpaquePointer

    /// Reads PEM files: the certificate first, then its chain.
    package convenience init(certificateFile: String, keyFile: String) throws(TLSFailure) {
        try self.init { context throws(TLSFailure) in
            guard SSL_CTX_use_certificate_chain_file(context, certificateFile) == 1 else {
                throw .unusable(problem: "the certificate file \(certificateFile) cannot be read as PEM")
            }
            // Without this, a key with a passphrase would be asked for on the terminal.
            SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in -1 }
            guard SSL_CTX_use_PrivateKey_file(context, keyFile, SSL_FILETYPE_PEM) == 1 else {
                throw .unusable(
                    problem: "the key file \(keyFile) cannot be read as PEM or is not the certificate's")
            }
        }
    }

    /// Uses a certificate of our own making.
    package convenience init(_ certificate: Certificate) throws(TLSFailure) {
        try self.init { context throws(TLSFailure) in
            let chain = certificate.certificate
            let key = certificate.privateKey
            guard SSL_CTX_use_certificate_ASN1(context, Int32(clamping: chain.count), chain) == 1,
                SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_EC, context, key, key.count) == 1
            else { throw .unusable(problem: "the certificate made for TLS cannot be used") }
        }
    }

    private init(load: (OpaquePointer) throws(TLSFailure) -> Void) throws(TLSFailure) {
        guard let context = SSL_CTX_new(TLS_server_method()), tandem_tls_restrict(context) == 1 else {
            throw .unusable(problem: "OpenSSL cannot make a TLS context")
        }
        self.context = context
        defer { ERR_clear_error() }
        SSL_CTX_set_alpn_select_cb(context, Self.chooseProtocol, nil)
        try load(context)
        guard SSL_CTX_check_private_key(context) == 1 else {
            throw .unusable(problem: "the key does not belong to the certificate")
        }
    }

    deinit { SSL_CTX_free(context) }

    /// When the certificate, the first of its chain, ceases to be good.
    package var expires: WallTime? { SSL_CTX_get0_certificate(context).map { PeerCertificate($0).expires } }

    /// ALPN (RFC 7301): HTTP/1.1 is all that we speak and that is chosen by it.
    private static let chooseProtocol: SSL_CTX_alpn_select_cb_func = { _, chosen, chosenLength, offered, length, _ in
        guard let chosen, let chosenLength, let offered else { return SSL_TLSEXT_ERR_NOACK }
        var offset = 0
        while offset < Int(length) {
            let size = Int(offered[offset])
            guard offset + 1 + size <= Int(length) else { break }
            let name = UnsafeBufferPointer(start: offered + offset + 1, count: size)
            if name.elementsEqual("http/1.1".utf8) {
                chosen.pointee = offered + offset + 1
                chosenLength.pointee = UInt8(size)
                return SSL_TLSEXT_ERR_OK
            }
            offset += 1 + size
        }
        return SSL_TLSEXT_ERR_NOACK
    }
}
