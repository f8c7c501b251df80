#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int voice_socket(int family) {
    int descriptor = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    int voice = 46 << 2, off = 0, whole = IP_PMTUDISC_PROBE;
    if (family == AF_INET6) {
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_TCLASS, &voice, sizeof voice);
    }
    setsockopt(descriptor, IPPROTO_IP, IP_TOS, &voice, sizeof voice);
    // Media packets are never fragmented, so the kernel need not number them for reassembly: 2 % of a packet's cost.
    setsockopt(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, &whole, sizeof whole);
    return descriptor;
}

int tandem_udp_bind(const struct sockaddr *address, socklen_t length, int buffer) {
    int descriptor = voice_socket(address->sa_family);
    if (descriptor < 0) return -1;
    if (buffer > 0 && setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (bind(descriptor, address, length) != 0) {
        int reason = errno;
        close(descriptor);
        errno = reason;
        return -1;
    }
    return descriptor;
}

int tandem_udp_disconnect(int descriptor) {
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    struct sockaddr_in6 local;
    socklen_t length = sizeof local;
    // It is bound to what it was bound to only once it has no peer.
    if (connect(descriptor, &none, sizeof none) != 0) return -1;
    if (getsockname(descriptor, (struct sockaddr *)&local, &length) != 0) return -1;
    if (local.sin6_family != AF_INET6) return 0;
    int fresh = voice_socket(AF_INET6);
    if (fresh < 0) return -1;
    int status = dup3(fresh, descriptor, O_CLOEXEC) < 0 ? -1 : bind(descriptor, (struct sockaddr *)&local, length);
    close(fresh);
    return status;
}

int tandem_receive_batch(int descriptor, struct tandem_datagram *datagrams, int count, uint32_t capacity) {
    struct mmsghdr headers[TANDEM_BATCH];
    struct iovec vectors[TANDEM_BATCH];
    if (count > TANDEM_BATCH) count = TANDEM_BATCH;
    for (int i = 0; i < count; i++) {
        vectors[i] = (struct iovec){datagrams[i].bytes, capacity};
        headers[i].msg_hdr = (struct msghdr){
            .msg_name = &datagrams[i].address,
            .msg_namelen = sizeof datagrams[i].address,
            .msg_iov = &vectors[i],
            .msg_iovlen = 1,
        };
    }
    int received = recvmmsg(descriptor, headers, (unsigned)count, MSG_DONTWAIT | MSG_TRUNC, NULL);
    for (int i = 0; i < received; i++) {
        datagrams[i].length = headers[i].msg_len;
        datagrams[i].address_length = headers[i].msg_hdr.msg_namelen;
    }
    return received;
}

int tandem_send_batch(int descriptor, const struct tandem_datagram *datagrams, int count) {
    struct mmsghdr headers[TANDEM_BATCH];
    struct iovec vectors[TANDEM_BATCH];
    if (count > TANDEM_BATCH) count = TANDEM_BATCH;
    for (int i = 0; i < count; i++) {
        vectors[i] = (struct iovec){datagrams[i].bytes, datagrams[i].length};
        headers[i].msg_hdr = (struct msghdr){
            .msg_name = (void *)&datagrams[i].address,
            .msg_namelen = datagrams[i].address_length,
            .msg_iov = &vectors[i],
            .msg_iovlen = 1,
        };
    }
    int done = 0, sent = 0;
    while (done < count) {
        int step = sendmmsg(descriptor, headers + done, (unsigned)(count - done), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (step > 0) {
            done += step;
            sent += step;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break; // the socket's buffer is full: the rest is late anyway
        } else if (errno != EINTR) {
            done++; // this one cannot go out (no route, an ICMP error waiting), the next perhaps can
        }
    }
    return sent;
}
