#pragma once
// SRTP keeps the SHA-1 state after the HMAC pads and copies it for each packet, which only SHA1_Update and its kin can.
#define OPENSSL_SUPPRESS_DEPRECATED
// OpenSSL as Swift sees it. The functions below stand for macros, which Swift cannot import.
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/time.h>
#include "readers.h"

static inline EVP_PKEY *tandem_generate_p256(void) { return EVP_EC_gen("P-256"); }

static inline int tandem_utf8_string(void) { return MBSTRING_UTF8; }

/// DTLS 1.2 only: no renegotiation, tickets, compression, session cache or path MTU queries.
static inline int tandem_dtls_restrict(SSL_CTX *ctx) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_NO_QUERY_MTU | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    // No record of ours is longer than a datagram: OpenSSL would otherwise make room for 16 KB.
    return SSL_CTX_set_max_send_fragment(ctx, 2048) == 1 &&
           SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION) == 1;
}

/// TLS 1.2 and later: no renegotiation, compression or session cache; what a write could not place is kept by us, and
/// written again from wherever it then is.
static inline int tandem_tls_restrict(SSL_CTX *ctx) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1;
}

/// Gives a context the certificate, chain and key of another.
static inline int tandem_tls_use_identity(SSL_CTX *ctx, SSL_CTX *from) {
    STACK_OF(X509) *chain = NULL;
    return SSL_CTX_use_certificate(ctx, SSL_CTX_get0_certificate(from)) == 1 &&
           SSL_CTX_use_PrivateKey(ctx, SSL_CTX_get0_privatekey(from)) == 1 &&
           (SSL_CTX_get0_chain_certs(from, &chain) != 1 || chain == NULL || SSL_CTX_set1_chain(ctx, chain) == 1);
}

static inline int tandem_tls_set_host_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline int tandem_ctx_set_groups(SSL_CTX *ctx, const char *list) {
    return (int)SSL_CTX_set1_groups_list(ctx, list);
}

static inline void tandem_ssl_set_mtu(SSL *ssl, long mtu) { SSL_set_mtu(ssl, mtu); }

/// Microseconds until the handshake wants to retransmit, -1 when nothing is waiting for an answer.
static inline long tandem_dtls_timeout(SSL *ssl) {
    struct timeval left;
    return DTLSv1_get_timeout(ssl, &left) == 1 ? left.tv_sec * 1000000L + left.tv_usec : -1;
}

static inline int tandem_dtls_handle_timeout(SSL *ssl) { return (int)DTLSv1_handle_timeout(ssl); }

static inline void tandem_bio_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
