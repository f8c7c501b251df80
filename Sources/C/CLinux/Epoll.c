#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { READY_AT_ONCE = 256 };

int tandem_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int tandem_epoll_add(int epoll, int descriptor, uint64_t token) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = token};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

int tandem_epoll_want_room(int epoll, int descriptor, uint64_t token, int wanted) {
    struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0), .data.u64 = token};
    return epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event);
}

int tandem_epoll_remove(int epoll, int descriptor) { return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, NULL); }

int tandem_epoll_wait(int epoll, uint64_t *tokens, int capacity, int timeout_ms) {
    struct epoll_event events[READY_AT_ONCE];
    if (capacity > READY_AT_ONCE) capacity = READY_AT_ONCE;
    int ready = epoll_wait(epoll, events, capacity, timeout_ms);
    if (ready < 0) return errno == EINTR ? 0 : -1;
    for (int i = 0; i < ready; i++) tokens[i] = events[i].data.u64;
    return ready;
}

int tandem_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

void tandem_eventfd_signal(int descriptor) {
    uint64_t one = 1;
    // Fails only when the counter is full, and then the reader will wake anyway.
    ssize_t written = write(descriptor, &one, sizeof one);
    (void)written;
}

void tandem_eventfd_clear(int descriptor) {
    uint64_t count;
    ssize_t length = read(descriptor, &count, sizeof count);
    (void)length;
}
