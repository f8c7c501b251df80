#include "speech.h"

#include <math.h>
#include <opus/opus.h>
#include <string.h>

#define FRAMES 100 /* 2 s */
#define WIDE 960   /* samples of a frame at 48 kHz */
#define NARROW 160 /* at 8 kHz */
#define LARGEST 200

static struct { int length; uint8_t bytes[LARGEST]; } opus[FRAMES];
static uint8_t ulaw[FRAMES][NARROW];

/* Harmonics of 120 Hz below 3.4 kHz, louder around the formants of an open vowel, four syllables a second. */
static double sample(double seconds) {
    double sum = 0, syllable = 0.5 - 0.5 * cos(2 * M_PI * 4 * seconds);
    for (int n = 1; n * 120 < 3400; n++) {
        double hertz = n * 120, first = (hertz - 700) / 200, second = (hertz - 1200) / 300;
        sum += (0.1 + exp(-first * first) + 0.6 * exp(-second * second)) * sin(2 * M_PI * hertz * seconds + n * n);
    }
    return 2500 * syllable * sum;
}

/* ITU-T G.711 */
static uint8_t to_ulaw(int value) {
    int sign = value < 0 ? 0x80 : 0, magnitude = (value < 0 ? -value : value) + 132, exponent = 7;
    if (magnitude > 32767) magnitude = 32767;
    while (exponent > 0 && magnitude < 256 << exponent >> 1) exponent--;
    return ~(sign | exponent << 4 | (magnitude >> (exponent + 3) & 15));
}

int speech_init(double loudness) {
    int error;
    OpusEncoder *encoder = opus_encoder_create(48000, 1, OPUS_APPLICATION_VOIP, &error);
    if (!encoder) return -1;
    opus_encoder_ctl(encoder, OPUS_SET_BITRATE(32000));
    for (int frame = 0; frame < FRAMES; frame++) {
        opus_int16 wide[WIDE];
        for (int i = 0; i < WIDE; i++) wide[i] = (opus_int16)(loudness * sample((frame * WIDE + i) / 48000.0));
        for (int i = 0; i < NARROW; i++) ulaw[frame][i] = to_ulaw((int)(loudness * sample((frame * NARROW + i) / 8000.0)));
        opus[frame].length = opus_encode(encoder, wide, WIDE, opus[frame].bytes, LARGEST);
        if (opus[frame].length < 0) return -1;
    }
    opus_encoder_destroy(encoder);
    return 0;
}

int speech_opus(unsigned index, uint8_t *payload) {
    memcpy(payload, opus[index % FRAMES].bytes, opus[index % FRAMES].length);
    return opus[index % FRAMES].length;
}

int speech_ulaw(unsigned index, uint8_t *payload) {
    memcpy(payload, ulaw[index % FRAMES], NARROW);
    return NARROW;
}

/* Between syllables there is silence, for a frame or two. */
int speech_heard_ulaw(const uint8_t *payload, int length) {
    for (int i = 0; i < length; i++) if ((~payload[i] & 0x7F) > 0x30) return 1;
    return 0;
}

int speech_heard_opus(const uint8_t *payload, int length) { return length > 8 && opus_packet_get_nb_frames(payload, length) > 0; }
