/* fanout - the least that telling thousands of sockets something can cost: a bare loop of `send`.
 *
 * It takes WebSockets on one port, says what a Socket.IO client needs to be counted as connected, and frames nothing
 * twice: PUT {"notes":WORD} has the texts of MESSAGES framed once, with WORD where they say @WORD@, and all of them sent
 * to each socket by one `send`. One thread, epoll, and nothing else: no limits, no pings, no sessions, no JSON.
 *
 * Usage: fanout PORT MESSAGES, a file with a JSON array of texts whose only escapes are \" and \\.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PLACES = 1 << 16, BUFFER = 8192, TEXTS = 16 };

/* The answer to the one key that Benchmarks/fanout.c sends. */
static const char accepted[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static char *texts[TEXTS];
static int text_count, sockets[PLACES], socket_count;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void read_texts(const char *path) {
    FILE *file = fopen(path, "r");
    char *all = calloc(1, 1 << 20), *at = all;
    if (!file || !fread(all, 1, (1 << 20) - 1, file)) fail(path);
    while (text_count < TEXTS && (at = strchr(at, '"'))) {
        char *text = texts[text_count++] = malloc(strlen(at)), *end = text;
        for (at++; *at && *at != '"'; at++) *end++ = *at == '\\' ? *++at : *at;
        *end = 0;
        if (*at) at++;
    }
}

static size_t frame(unsigned char *to, const char *text, size_t size) {
    size_t head = 2;
    to[0] = 0x81;
    if (size < 126) {
        to[1] = (unsigned char)size;
    } else {
        to[1] = 126, to[2] = (unsigned char)(size >> 8), to[3] = (unsigned char)size;
        head = 4;
    }
    memcpy(to + head, text, size);
    return head + size;
}

static void say(int fd, const void *data, size_t size) {
    if (send(fd, data, size, MSG_NOSIGNAL) != (ssize_t)size && errno != EPIPE) fail("send");
}

static void publish(const char *word) {
    static unsigned char frames[1 << 16];
    static char text[1 << 14];
    size_t size = 0;
    for (int i = 0; i < text_count; i++) {
        char *to = text;
        for (const char *at = texts[i]; *at;) {
            if (!strncmp(at, "@WORD@", 6)) to = stpcpy(to, word), at += 6;
            else *to++ = *at++;
        }
        size += frame(frames + size, text, (size_t)(to - text));
    }
    for (int i = 0; i < socket_count; i++) say(sockets[i], frames, size);
}

static void request(int fd, char *data) {
    static const char open_text[] = "0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,"
                                    "\"maxPayload\":1000000}";
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    unsigned char hello[256];
    if (strcasestr(data, "upgrade: websocket")) {
        say(fd, accepted, sizeof accepted - 1);
        say(fd, hello, frame(hello, open_text, sizeof open_text - 1));
        if (socket_count < PLACES) sockets[socket_count++] = fd;
        return;
    }
    char *word = strstr(data, "{\"notes\":\"");
    if (word) {
        word += 10;
        word[strcspn(word, "\"")] = 0;
        publish(word);
    }
    say(fd, answer, sizeof answer - 1);
}

static void ready(int fd) {
    char data[BUFFER + 1];
    unsigned char welcome[64];
    ssize_t got = read(fd, data, BUFFER);
    if (got <= 0) {
        if (got < 0 && errno == EAGAIN) return;
        for (int i = 0; i < socket_count; i++)
            if (sockets[i] == fd) sockets[i--] = sockets[--socket_count];
        close(fd);
        return;
    }
    data[got] = 0;
    /* A frame of a client says 40: it is up. */
    if ((unsigned char)data[0] == 0x81) say(fd, welcome, frame(welcome, "40{\"sid\":\"y\"}", 13));
    else request(fd, data);
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "fanout PORT MESSAGES\n"), 2;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    read_texts(argv[2]);
    int listener = socket(AF_INET, SOCK_STREAM, 0), poll_set = epoll_create1(0), one = 1;
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&local, sizeof local) || listen(listener, 1024)) fail("listen");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(poll_set, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(poll_set, events, 256, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd != listener) {
                ready(events[i].data.fd);
                continue;
            }
            int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
            if (fd < 0) continue;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            event = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
            epoll_ctl(poll_set, EPOLL_CTL_ADD, fd, &event);
        }
    }
}
