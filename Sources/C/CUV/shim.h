#pragma once
#include <uv.h>

/// Makes the loop count the time it spends waiting (`uv_loop_configure` is variadic: Swift cannot import it).
static inline int tandem_uv_measure_idle_time(uv_loop_t *loop) { return uv_loop_configure(loop, UV_METRICS_IDLE_TIME); }
