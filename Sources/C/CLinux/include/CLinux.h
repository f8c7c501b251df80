#pragma once
// What Glibc's module hides from Swift. `_GNU_SOURCE` stays in the .c files: in a header it breaks debug builds.
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Names the calling thread as shown by `top -H` (at most 15 bytes are kept).
void tandem_thread_name(const char *name);

/// Gives the calling thread the niceness of the program's first thread, and so much more; where that would be less than the
/// thread has and lowering it is not allowed, nothing changes.
void tandem_thread_niceness(int more);

/// The calling thread's CPU time in nanoseconds.
uint64_t tandem_thread_cpu_time(void);

/// A file in memory with these bytes, to be read from its start; -1 and errno on failure.
int tandem_memory_file(const char *name, const void *bytes, size_t count);

/// Makes an epoll set; -1 and errno on failure.
int tandem_epoll_create(void);

/// Watches a descriptor for input, level-triggered; `token` comes back from `tandem_epoll_wait`.
int tandem_epoll_add(int epoll, int descriptor, uint64_t token);

/// Watches a descriptor that is watched already for room to write, too, or for input alone.
int tandem_epoll_want_room(int epoll, int descriptor, uint64_t token, int wanted);

/// Watches a descriptor no longer, which stays open.
int tandem_epoll_remove(int epoll, int descriptor);

/// Waits for input and fills in the tokens of what is ready; an interrupted wait counts as nothing ready.
int tandem_epoll_wait(int epoll, uint64_t *tokens, int capacity, int timeout_ms);

/// An event counter for waking a thread that waits on an epoll set.
int tandem_eventfd(void);
void tandem_eventfd_signal(int descriptor);
void tandem_eventfd_clear(int descriptor);

/// A non-blocking UDP socket bound to an address, marked as voice (DSCP EF); -1 and errno on failure.
/// `buffer` is the receive buffer wanted in bytes, 0 for the system's own; an IPv6 socket takes IPv4 too.
int tandem_udp_bind(const struct sockaddr *address, socklen_t length, int buffer);

/// Forgets the peer of a connected UDP socket and keeps its port; 0 on success.
///
/// Of IPv6 the descriptor is another socket afterwards, which nobody watches yet, and what waited in the old one is lost: Linux
/// would go on to compare every sender with the old peer.
int tandem_udp_disconnect(int descriptor);

/// A non-blocking TCP socket that listens at an address; -1 and errno on failure. An IPv6 socket takes IPv4 too.
int tandem_tcp_listen(const struct sockaddr *address, socklen_t length);

/// The next connection that waits, non-blocking, without delay, marked as voice and with a small send buffer: what does
/// not fit is too late anyway. Fills in who it is; -1 when none waits.
///
/// `*spare` is a descriptor of no use: when the process may open no more, it makes room for a moment, in which the
/// connection is closed, so that it does not wake us for ever.
int tandem_tcp_accept(int listener, int *spare, struct sockaddr_in6 *address);

/// Sends one frame (RFC 4571: its length in two bytes, then the bytes) as far as there is room; what `send` answers.
ssize_t tandem_tcp_send_frame(int descriptor, const void *bytes, uint16_t length);

/// One datagram of a batch: where its bytes are and whom it is from or for.
struct tandem_datagram {
    uint8_t *bytes;
    uint32_t length;
    socklen_t address_length;
    struct sockaddr_in6 address; // or sockaddr_in: the family says which
};

/// Datagrams in one system call at most.
enum { TANDEM_BATCH = 64 };

/// Receives up to `count` datagrams of up to `capacity` bytes into the places that `bytes` points to.
/// Fills in lengths and addresses; longer datagrams are cut and told by a length above `capacity`.
int tandem_receive_batch(int descriptor, struct tandem_datagram *datagrams, int count, uint32_t capacity);

/// Sends `count` datagrams in order; those the kernel refuses are skipped. Returns how many went out.
int tandem_send_batch(int descriptor, const struct tandem_datagram *datagrams, int count);

/// Lets `take` have the Swift jobs that belong to no actor, instead of Swift's thread pool; it answers 0 to decline one.
///
/// `take` is given the job and what `tandem_thread_owner_set` left on the calling thread, and is asked only when that is
/// not null. For simulations, which must run every step of a task on the thread that pumps them.
void tandem_intercept_jobs(int (*take)(void *job, void *owner));
void tandem_thread_owner_set(void *owner);
void *tandem_thread_owner(void);

/// Asks the processor for the cache lines of `length` bytes, which will be read soon. A hint: any address does no harm.
static inline void tandem_prefetch(const void *start, uint32_t length) {
    for (uint32_t offset = 0; offset < length; offset += 64) __builtin_prefetch((const char *)start + offset);
}
