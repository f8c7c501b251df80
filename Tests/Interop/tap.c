// Loaded before a phone's own libraries: keeps a copy of each RTP packet that the phone receives, with its time.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int output = -1;

static void keep(const uint8_t *packet, uint32_t length) {
    struct timespec now;
    uint8_t entry[2048];
    double seconds;
    if (output < 0) {
        const char *path = getenv("TANDEM_TAP");
        output = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    }
    if (output < 0 || length > sizeof entry - 12)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    seconds = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
    memcpy(entry, &seconds, 8);
    memcpy(entry + 8, &length, 4);
    memcpy(entry + 12, packet, length);
    // One write for each entry: a reader never sees half of one.
    if (write(output, entry, length + 12) < 0)
        return;
}

ssize_t recvfrom(int socket, void *buffer, size_t size, int flags, struct sockaddr *source, socklen_t *length) {
    static ssize_t (*next)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
    const uint8_t *bytes = buffer;
    ssize_t count;
    if (!next)
        next = (ssize_t(*)(int, void *, size_t, int, struct sockaddr *, socklen_t *))dlsym(RTLD_NEXT, "recvfrom");
    count = next(socket, buffer, size, flags, source, length);
    // RTP version 2, and none of RTCP's packet types (RFC 5761 §4).
    if (count > 12 && bytes[0] >> 6 == 2 && (bytes[1] < 192 || bytes[1] > 223))
        keep(bytes, (uint32_t)count);
    return count;
}
