#pragma once
#include <opusenc.h>

/* Swift calls no functions of variable arguments. */
static inline int tandem_opusenc_set_bitrate(OggOpusEnc *encoder, opus_int32 bits) {
    return ope_encoder_ctl(encoder, OPUS_SET_BITRATE(bits));
}

static inline int tandem_opusenc_set_decision_delay(OggOpusEnc *encoder, opus_int32 samples) {
    return ope_encoder_ctl(encoder, OPE_SET_DECISION_DELAY(samples));
}

static inline int tandem_opusenc_set_complexity(OggOpusEnc *encoder, opus_int32 complexity) {
    return ope_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(complexity));
}
