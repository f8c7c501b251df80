#define OPENSSL_SUPPRESS_DEPRECATED /* the SHA1 functions, whose states can be copied */
#include "prekeyed.h"

#include <openssl/crypto.h>
#include <string.h>

enum { RTP_HEADER = 12, GCM_TAG = 16, SHA1_TAG = 10, KEY = 16, AUTHENTICATION_KEY = 20 };

static void put32(uint8_t *p, uint32_t value) {
    for (int i = 0; i < 4; i++) p[i] = value >> (24 - 8 * i);
}

/* Session keys from the master key (RFC 3711 section 4.3), with a key derivation rate of zero. */
static void derive(const uint8_t *master, int salt_length, int label, uint8_t *key, int length) {
    uint8_t vector[16] = {0}, zeros[32] = {0};
    int written;
    memcpy(vector, master + KEY, salt_length);
    vector[7] ^= label;
    EVP_CIPHER_CTX *counter = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(counter, EVP_aes_128_ctr(), NULL, master, vector);
    EVP_EncryptUpdate(counter, key, &written, zeros, length);
    EVP_CIPHER_CTX_free(counter);
}

static void start_hmac(SHA_CTX *state, const uint8_t *key, uint8_t pad) {
    uint8_t block[64];
    memset(block, pad, sizeof block);
    for (int i = 0; i < AUTHENTICATION_KEY; i++) block[i] ^= key[i];
    SHA1_Init(state);
    SHA1_Update(state, block, sizeof block);
}

void prekeyed_init(struct prekeyed *one, const uint8_t *master, int is_gcm, int opens) {
    uint8_t key[KEY], authentication[AUTHENTICATION_KEY];
    int salt_length = prekeyed_salt(is_gcm);
    memset(one, 0, sizeof *one);
    one->is_gcm = is_gcm;
    derive(master, salt_length, 0, key, sizeof key);
    derive(master, salt_length, 1, authentication, sizeof authentication);
    derive(master, salt_length, 2, one->salt, salt_length);
    one->cipher = EVP_CIPHER_CTX_new();
    /* Counter mode is its own inverse. */
    EVP_CipherInit_ex(
        one->cipher, is_gcm ? EVP_aes_128_gcm() : EVP_aes_128_ctr(), NULL, key, one->salt, !is_gcm || !opens);
    start_hmac(&one->inner, authentication, 0x36);
    start_hmac(&one->outer, authentication, 0x5c);
}

void prekeyed_end(struct prekeyed *one) { EVP_CIPHER_CTX_free(one->cipher); }

int rtp_header_length(const uint8_t *packet, int length) {
    int header = RTP_HEADER + 4 * (packet[0] & 15);
    if (packet[0] & 16) {
        if (length < header + 4) return length;
        header += 4 + 4 * (packet[header + 2] << 8 | packet[header + 3]);
    }
    return header < length ? header : length;
}

static int sequence_of(const uint8_t *packet) { return packet[2] << 8 | packet[3]; }

/* Gives the cipher the vector of a packet: salt, SSRC, roll-over counter and sequence number (RFC 3711 section 4.1.1,
 * RFC 7714 section 8.1). */
static void set_vector(struct prekeyed *one, const uint8_t *packet, uint32_t roll_over) {
    uint8_t vector[16], counter[4];
    int offset = one->is_gcm ? 2 : 4;
    memcpy(vector, one->salt, sizeof vector);
    put32(counter, roll_over);
    for (int i = 0; i < 4; i++) {
        vector[offset + i] ^= packet[8 + i];
        vector[offset + 4 + i] ^= counter[i];
    }
    vector[offset + 8] ^= packet[2];
    vector[offset + 9] ^= packet[3];
    EVP_CipherInit_ex(one->cipher, NULL, NULL, NULL, vector, -1);
}

static void digest(struct prekeyed *one, const uint8_t *packet, int length, uint32_t roll_over, uint8_t *out) {
    uint8_t counter[4];
    SHA_CTX state = one->inner;
    put32(counter, roll_over);
    SHA1_Update(&state, packet, length);
    SHA1_Update(&state, counter, sizeof counter);
    SHA1_Final(out, &state);
    state = one->outer;
    SHA1_Update(&state, out, SHA_DIGEST_LENGTH);
    SHA1_Final(out, &state);
}

int prekeyed_seal(struct prekeyed *one, uint8_t *packet, int length) {
    uint8_t code[SHA_DIGEST_LENGTH];
    int written;
    if (length < RTP_HEADER) return -1;
    int header = rtp_header_length(packet, length);
    if (one->has_started && sequence_of(packet) == 0) one->roll_over++;
    one->has_started = 1;
    set_vector(one, packet, one->roll_over);
    if (one->is_gcm) {
        EVP_CipherUpdate(one->cipher, NULL, &written, packet, header);
        EVP_CipherUpdate(one->cipher, packet + header, &written, packet + header, length - header);
        EVP_CipherFinal_ex(one->cipher, code, &written);
        EVP_CIPHER_CTX_ctrl(one->cipher, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, packet + length);
        return length + GCM_TAG;
    }
    EVP_CipherUpdate(one->cipher, packet + header, &written, packet + header, length - header);
    digest(one, packet, length, one->roll_over, code);
    memcpy(packet + length, code, SHA1_TAG);
    return length + SHA1_TAG;
}

/* The roll-over counter a sequence number most likely stands for (RFC 3711 section 3.3.1). */
static uint32_t likely_roll_over(struct prekeyed *one, const uint8_t *packet) {
    uint32_t ssrc;
    uint16_t sequence = sequence_of(packet);
    memcpy(&ssrc, packet + 8, sizeof ssrc);
    if (!one->has_started || ssrc != one->ssrc) {
        one->has_started = 1;
        one->ssrc = ssrc;
        one->roll_over = 0;
        one->newest = sequence;
    }
    int is_ahead = (uint16_t)(sequence - one->newest) < 0x8000;
    if (is_ahead) return one->roll_over + (sequence < one->newest);
    return one->roll_over - (sequence > one->newest && one->roll_over > 0);
}

static int open_gcm(struct prekeyed *one, uint8_t *packet, int header, int length) {
    uint8_t rest[16];
    int written;
    EVP_CipherUpdate(one->cipher, NULL, &written, packet, header);
    EVP_CIPHER_CTX_ctrl(one->cipher, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, packet + length);
    EVP_CipherUpdate(one->cipher, packet + header, &written, packet + header, length - header);
    return EVP_CipherFinal_ex(one->cipher, rest, &written) == 1;
}

int prekeyed_open(struct prekeyed *one, uint8_t *packet, int length) {
    uint8_t code[SHA_DIGEST_LENGTH];
    int written;
    length -= one->is_gcm ? GCM_TAG : SHA1_TAG;
    if (length < RTP_HEADER) return -1;
    int header = rtp_header_length(packet, length);
    uint32_t roll_over = likely_roll_over(one, packet);
    if (one->is_gcm) {
        set_vector(one, packet, roll_over);
        if (!open_gcm(one, packet, header, length)) return -1;
    } else {
        digest(one, packet, length, roll_over, code);
        if (CRYPTO_memcmp(code, packet + length, SHA1_TAG) != 0) return -1;
        set_vector(one, packet, roll_over);
        EVP_CipherUpdate(one->cipher, packet + header, &written, packet + header, length - header);
    }
    if ((uint16_t)(sequence_of(packet) - one->newest) < 0x8000) {
        one->newest = sequence_of(packet);
        one->roll_over = roll_over;
    }
    return length;
}
