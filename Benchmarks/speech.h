/* Two seconds of something like speech, over and over, as frames of 20 ms in Opus and in G.711 µ-law: what transcoders
 * are measured with.  A voice of 120 Hz with formants and syllables, made here, so that codecs have real work. */
#ifndef SPEECH_H
#define SPEECH_H
#include <stdint.h>

#define SPEECH_OPUS 111 /* the payload type of Opus in the offers */

/* Makes the frames, so loud (1: as somebody who speaks up); answers 0, or -1 when Opus cannot be had. */
int speech_init(double loudness);

/* The frame number `index` (any number) as a payload; answers its length. */
int speech_opus(unsigned index, uint8_t *payload);
int speech_ulaw(unsigned index, uint8_t *payload);

/* Whether what came back is speech, not silence: µ-law by its loudness, Opus by its size. */
int speech_heard_ulaw(const uint8_t *payload, int length);
int speech_heard_opus(const uint8_t *payload, int length);
#endif
