#pragma once
#include <opus.h>

/* Swift calls no functions of variable arguments. */
static inline int tandem_opus_encoder_set(OpusEncoder *encoder, int request, opus_int32 value) {
    return opus_encoder_ctl(encoder, request, value);
}
