#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WAITING = 128, SEND_BUFFER = 16 << 10 };

int tandem_tcp_listen(const struct sockaddr *address, socklen_t length) {
    int descriptor = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    int on = 1, off = 0, room = SEND_BUFFER;
    if (address->sa_family == AF_INET6) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // Connections inherit it.
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (bind(descriptor, address, length) != 0 || listen(descriptor, WAITING) != 0) {
        int reason = errno;
        close(descriptor);
        errno = reason;
        return -1;
    }
    return descriptor;
}

int tandem_tcp_accept(int listener, int *spare, struct sockaddr_in6 *address) {
    // Where others took the room that was made, there may be some now.
    if (*spare < 0) *spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    socklen_t length = sizeof *address;
    int connection = accept4(listener, (struct sockaddr *)address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection < 0 && (errno == EMFILE || errno == ENFILE) && *spare >= 0) {
        close(*spare);
        int refused = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (refused >= 0) close(refused);
        *spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return -1;
    }
    if (connection < 0) return -1;
    int on = 1, voice = 46 << 2;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(connection, IPPROTO_IP, IP_TOS, &voice, sizeof voice);
    if (address->sin6_family == AF_INET6) setsockopt(connection, IPPROTO_IPV6, IPV6_TCLASS, &voice, sizeof voice);
    return connection;
}

ssize_t tandem_tcp_send_frame(int descriptor, const void *bytes, uint16_t length) {
    uint16_t head = htons(length);
    struct iovec parts[] = {{&head, sizeof head}, {(void *)bytes, length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}
