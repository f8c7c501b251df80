#pragma once
// A library context for DTLS, in which a peer's certificate is read without asking every decoder there is.
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <string.h>
#include <strings.h>

/// OpenSSL 3.0 sets up all hundred decoders of its default provider to read the key in one certificate, which takes longer
/// than the rest of a handshake's bookkeeping. A provider of ours has the default provider's algorithms, and of the
/// decoders only those of public keys that sign. All of this is public API; nothing is implemented anew.
struct tandem_readers {
    OSSL_PROVIDER *everything;
    OSSL_ALGORITHM decoders[12];
};

/// Set up once, before any handshake, and only read afterwards. In a function, since Swift does not make a header's variables.
static inline struct tandem_readers *tandem_readers(void) {
    static struct tandem_readers readers;
    return &readers;
}

static inline int tandem_reads_signing_key(const OSSL_ALGORITHM *decoder) {
    static const char *const kinds[] = {"EC", "RSA", "RSA-PSS", "ED25519", "ED448"};
    if (strstr(decoder->property_definition, "input=der,structure=SubjectPublicKeyInfo") == NULL) return 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t length = strlen(kinds[i]);
        char next = strncasecmp(decoder->algorithm_names, kinds[i], length) == 0 ? decoder->algorithm_names[length] : 'x';
        if (next == ':' || next == '\0') return 1;
    }
    return 0;
}

static inline const OSSL_ALGORITHM *tandem_query(void *context, int operation, int *no_cache) {
    (void)context;
    if (operation == OSSL_OP_DECODER) {
        *no_cache = 0;
        return tandem_readers()->decoders;
    }
    return OSSL_PROVIDER_query_operation(tandem_readers()->everything, operation, no_cache);
}

static inline int tandem_capabilities(void *context, const char *capability, OSSL_CALLBACK *report, void *argument) {
    (void)context;
    return OSSL_PROVIDER_get_capabilities(tandem_readers()->everything, capability, report, argument);
}

static inline int tandem_provide(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                                 void **context) {
    static const OSSL_DISPATCH functions[] = {
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))tandem_query},
        {OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (void (*)(void))tandem_capabilities},
        {0, NULL},
    };
    (void)handle;
    (void)in;
    *out = functions;
    *context = OSSL_PROVIDER_get0_provider_ctx(tandem_readers()->everything);
    return 1;
}

/// The context, made anew at each call: call it once and keep it. Null, which stands for OpenSSL's own context, where it
/// cannot be made.
static inline OSSL_LIB_CTX *tandem_make_dtls_library(void) {
    struct tandem_readers *readers = tandem_readers();
    int no_cache = 0;
    size_t count = 0, most = sizeof readers->decoders / sizeof *readers->decoders - 1;
    readers->everything = OSSL_PROVIDER_load(NULL, "default");
    if (readers->everything == NULL) return NULL;
    const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(readers->everything, OSSL_OP_DECODER, &no_cache);
    for (; all != NULL && all->algorithm_names != NULL && count < most; all++)
        if (tandem_reads_signing_key(all)) readers->decoders[count++] = *all;
    OSSL_LIB_CTX *library = OSSL_LIB_CTX_new();
    if (library != NULL && OSSL_PROVIDER_add_builtin(library, "tandem", tandem_provide) == 1 &&
        OSSL_PROVIDER_load(library, "tandem") != NULL)
        return library;
    OSSL_LIB_CTX_free(library);
    return NULL;
}
