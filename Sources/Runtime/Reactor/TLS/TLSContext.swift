import COpenSSL
import Wire

/// How a TLS connection of ours is opened, and what the other side must show.
package struct TLSClientSettings: Sendable {
    /// The name asked for (SNI) and the certificate must be good for (RFC 5922): a domain or a numeric address.
    package var serverName: String
    /// False accepts any certificate: for a private network only.
    package var verifies: Bool
    /// A PEM file of the authorities that are trusted instead of the system's.
    package var authorities: String?
    /// What we show to a server that asks.
    package var identity: TLSIdentity?

    package init(
        serverName: String, verifies: Bool = true, authorities: String? = nil, identity: TLSIdentity? = nil
    ) {
        self.serverName = serverName
        self.verifies = verifies
        self.authorities = authorities
        self.identity = identity
    }
}

/// What the TLS connections of one listener, or to one server, have in common; TLS 1.2 and later.
///
/// Making one reads files and takes about a millisecond: keep it. Connections may outlive it.
package final class TLSContext: @unchecked Sendable {
    // Sendable: the context is not changed after `init`, and OpenSSL locks what its connections share.

    let context: OpaquePointer
    let isServer: Bool
    /// What a client asks for.
    let serverName: String?
    let checksName: Bool

    /// A listener's; with `clientAuthorities`, a PEM file, clients must show a certificate one of those vouches for.
    package init(server identity: TLSIdentity, clientAuthorities: String? = nil) throws(TLSFailure) {
        (isServer, serverName, checksName) = (true, nil, false)
        guard let clientAuthorities else {
            SSL_CTX_up_ref(identity.context)
            context = identity.context
            return
        }
        context = try Self.make(TLS_server_method())
        defer { ERR_clear_error() }
        try Self.use(identity, in: context)
        try Self.trust(clientAuthorities, in: context)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }

    /// A client's.
    package init(client settings: TLSClientSettings) throws(TLSFailure) {
        (isServer, serverName, checksName) = (false, settings.serverName, settings.verifies)
        context = try Self.make(TLS_client_method())
        defer { ERR_clear_error() }
        if let identity = settings.identity { try Self.use(identity, in: context) }
        if settings.verifies { try Self.trust(settings.authorities, in: context) }
        SSL_CTX_set_verify(context, settings.verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
    }

    deinit { SSL_CTX_free(context) }

    private static func make(_ method: OpaquePointer?) throws(TLSFailure) -> OpaquePointer {
        guard let context = SSL_CTX_new(method), tandem_tls_restrict(context) == 1 else {
            throw .unusable(problem: "OpenSSL cannot make a TLS context")
        }
        return context
    }

    private static func use(_ identity: TLSIdentity, in context: OpaquePointer) throws(TLSFailure) {
        guard tandem_tls_use_identity(context, identity.context) == 1 else {
            throw .unusable(problem: "the certificate cannot be used")
        }
    }

    /// Trusts those of a file, or the system's; a certificate in the file is trusted itself, whoever signed it.
    private static func trust(_ authorities: String?, in context: OpaquePointer) throws(TLSFailure) {
        guard let authorities else {
            guard SSL_CTX_set_default_verify_paths(context) == 1 else {
                throw .unusable(problem: "the system's certificate authorities cannot be read")
            }
            return
        }
        guard SSL_CTX_load_verify_file(context, authorities) == 1 else {
            throw .unusable(problem: "the file of authorities \(authorities) cannot be read as PEM")
        }
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), UInt(X509_V_FLAG_PARTIAL_CHAIN))
    }
}
