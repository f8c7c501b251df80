#pragma once
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdlib.h>

/// Waits so long until there is something to read; 0 when there is not, less when it cannot be waited for.
static inline int tandem_redis_wait(const redisContext *context, int milliseconds) {
    struct pollfd descriptor = {.fd = context->fd, .events = POLLIN, .revents = 0};
    return poll(&descriptor, 1, milliseconds);
}
