/* SRTP (RFC 3711, RFC 7714) in one direction on OpenSSL, with everything that depends on the key done beforehand.
 *
 * For the load generator and the floor relay. No replay check and no SRTCP: what they need and no more.
 * Debian's libsrtp2 is built on NSS and costs seven times as much. */
#pragma once
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdint.h>

struct prekeyed {
    EVP_CIPHER_CTX *cipher;
    SHA_CTX inner, outer; /* HMAC-SHA1 after the padded key (RFC 2104 section 4) */
    uint8_t salt[16];
    int is_gcm, has_started;
    uint32_t roll_over, ssrc;
    uint16_t newest; /* sequence number */
};

/* AEAD_AES_128_GCM has a salt of 12 bytes, AES_CM_128_HMAC_SHA1_80 of 14. */
static inline int prekeyed_salt(int is_gcm) { return is_gcm ? 12 : 14; }

/* `master` is the master key (16 bytes) followed by the salt. */
void prekeyed_init(struct prekeyed *one, const uint8_t *master, int is_gcm, int opens);

void prekeyed_end(struct prekeyed *one);

/* Both work in place and answer the new length, or -1. Sealing adds up to 16 bytes. */
int prekeyed_seal(struct prekeyed *one, uint8_t *packet, int length);
int prekeyed_open(struct prekeyed *one, uint8_t *packet, int length);

/* Where the payload of an RTP packet begins; at most `length`. */
int rtp_header_length(const uint8_t *packet, int length);
