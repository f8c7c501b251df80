/* relay - the least a gateway can spend: a UDP relay between SRTP and RTP in the socket layout of Tandem's media worker.
 *
 * All browsers send to one socket, read with recvmmsg and told apart by their source address; each call has a connected
 * socket of its own for the SIP side, read one packet an event. What goes to browsers is gathered and sent with sendmmsg
 * when a turn of the loop ends; what goes to the SIP side is sent at once. One thread, level-triggered epoll, sockets
 * with the options Tandem's have. SRTP is opened and sealed with contexts keyed beforehand.
 *
 * What a gateway has to do and this does not: ICE and DTLS (calls come with their keys), replay check, RTCP, other
 * formats than the one, headers of its own, statistics, timers, the calls themselves.
 *
 * Usage: relay AES_CM|GCM. It prints "WEB port", and for each line on standard input
 *   CALL webip webport sipip sipport key       (master key and salt in hexadecimal, the same for both directions)
 * it prints "RTP port", the port the call's SIP side sends to. It ends with its standard input.
 */
#define _GNU_SOURCE
#include "../prekeyed.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, BUFFER = 2048, LONGEST = 1600, READY = 256, BATCHES_IN_A_ROW = 4, PLACES = 1 << 14 };

struct call {
    struct sockaddr_in web;
    int sip;
    struct prekeyed from_web, to_web;
};

/* Datagrams with their places, prepared once. */
struct batch {
    struct mmsghdr headers[BATCH];
    struct iovec vectors[BATCH];
    struct sockaddr_in addresses[BATCH];
    uint8_t bytes[BATCH][BUFFER];
    int count;
};

static struct batch incoming, outgoing;
static struct call *calls[PLACES]; /* by the browser's address: open addressing with linear probing */
static int poll_set, web, is_gcm;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void prepare(struct batch *batch) {
    for (int i = 0; i < BATCH; i++) {
        batch->vectors[i] = (struct iovec){batch->bytes[i], LONGEST};
        batch->headers[i].msg_hdr = (struct msghdr){
            .msg_name = &batch->addresses[i],
            .msg_namelen = sizeof batch->addresses[i],
            .msg_iov = &batch->vectors[i],
            .msg_iovlen = 1,
        };
    }
}

static int bind_socket(int receive_buffer) {
    int one = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), voice = 46 << 2, whole = IP_PMTUDISC_PROBE;
    struct sockaddr_in any = {.sin_family = AF_INET};
    setsockopt(one, IPPROTO_IP, IP_TOS, &voice, sizeof voice);
    setsockopt(one, IPPROTO_IP, IP_MTU_DISCOVER, &whole, sizeof whole);
    if (receive_buffer) setsockopt(one, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer);
    if (bind(one, (struct sockaddr *)&any, sizeof any)) fail("bind");
    return one;
}

static int port_of(int descriptor) {
    struct sockaddr_in own;
    socklen_t length = sizeof own;
    getsockname(descriptor, (struct sockaddr *)&own, &length);
    return ntohs(own.sin_port);
}

static void watch(int descriptor, void *token) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = token};
    if (epoll_ctl(poll_set, EPOLL_CTL_ADD, descriptor, &event)) fail("epoll_ctl");
}

/* The call's place in the table, or the free place where it belongs. */
static struct call **place_of(const struct sockaddr_in *address) {
    uint64_t key = (uint64_t)address->sin_addr.s_addr << 16 | address->sin_port;
    unsigned place = (key * 0x9E3779B97F4A7C15u) >> 50;
    while (calls[place] && (calls[place]->web.sin_addr.s_addr != address->sin_addr.s_addr ||
                            calls[place]->web.sin_port != address->sin_port))
        place = (place + 1) % PLACES;
    return &calls[place];
}

static void flush(void) {
    for (int sent = 0; sent < outgoing.count;) {
        int step = sendmmsg(web, outgoing.headers + sent, outgoing.count - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += step > 0 ? step : 1; /* skips what the kernel refuses */
    }
    outgoing.count = 0;
}

static void from_web(void) {
    for (int round = 0; round < BATCHES_IN_A_ROW; round++) {
        int count = recvmmsg(web, incoming.headers, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count; i++) {
            struct call *call = *place_of(&incoming.addresses[i]);
            if (!call) continue;
            int length = prekeyed_open(&call->from_web, incoming.bytes[i], incoming.headers[i].msg_len);
            if (length > 0) send(call->sip, incoming.bytes[i], length, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        if (count < BATCH) return;
    }
}

static void from_sip(struct call *call) {
    int slot = outgoing.count;
    int length = recv(call->sip, outgoing.bytes[slot], LONGEST, MSG_DONTWAIT);
    if (length <= 0) return;
    length = prekeyed_seal(&call->to_web, outgoing.bytes[slot], length);
    if (length < 0) return;
    outgoing.vectors[slot].iov_len = length;
    outgoing.addresses[slot] = call->web;
    if (++outgoing.count == BATCH) flush();
}

static void add_call(const char *line) {
    char web_ip[16], sip_ip[16], hex[61];
    uint8_t master[30];
    int web_port, sip_port;
    if (sscanf(line, "CALL %15s %d %15s %d %60s", web_ip, &web_port, sip_ip, &sip_port, hex) != 5) fail(line);
    for (int i = 0; i < 16 + prekeyed_salt(is_gcm); i++) sscanf(hex + 2 * i, "%2hhx", &master[i]);
    struct call *call = calloc(1, sizeof *call);
    struct sockaddr_in sip = {.sin_family = AF_INET, .sin_port = htons(sip_port)};
    call->web = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(web_port)};
    inet_aton(web_ip, &call->web.sin_addr);
    inet_aton(sip_ip, &sip.sin_addr);
    prekeyed_init(&call->from_web, master, is_gcm, 1);
    prekeyed_init(&call->to_web, master, is_gcm, 0);
    call->sip = bind_socket(0);
    if (connect(call->sip, (struct sockaddr *)&sip, sizeof sip)) fail("connect");
    *place_of(&call->web) = call;
    watch(call->sip, call);
    printf("RTP %d\n", port_of(call->sip));
    fflush(stdout);
}

/* One line a call: the bench waits for the answer before it writes the next. */
static void from_bench(void) {
    char line[256];
    if (!fgets(line, sizeof line, stdin)) exit(0);
    add_call(line);
}

int main(int count, char **arguments) {
    is_gcm = count > 1 && !strcmp(arguments[1], "GCM");
    prepare(&incoming);
    prepare(&outgoing);
    poll_set = epoll_create1(0);
    web = bind_socket(8 << 20);
    watch(0, &poll_set); /* any two addresses that are no call's */
    watch(web, &web);
    printf("WEB %d\n", port_of(web));
    fflush(stdout);
    for (;;) {
        struct epoll_event events[READY];
        int ready = epoll_wait(poll_set, events, READY, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == &web) from_web();
            else if (events[i].data.ptr == &poll_set) from_bench();
            else from_sip(events[i].data.ptr);
        }
        flush();
    }
}
