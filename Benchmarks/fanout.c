// Thousands of Socket.IO clients on one thread, and what makes the server tell them something.
//
//   fanout PORT CLIENTS EVENTS PAUSE_MS METHOD PATH TOKEN|- PID
//
// Each client opens a WebSocket at /socket.io, says 40 and answers pings. Then EVENTS times a request is sent over one
// kept connection with {"notes":"seq-000001"} as its body, and every frame that has that word in it is a delivered event.
// All frames of an event are awaited (at most two seconds) before the next one, PAUSE_MS later. How many there are for each
// client is learnt from the first events, which do not count.
// Prints one line of JSON: deliveries, those that were missed, bytes of them, the server's CPU seconds meanwhile, and
// percentiles of the time from the request's write to the frame's read in microseconds.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 16384, WARM = 5 };

struct client { int fd, used, isUp; unsigned char data[BUFFER]; };

static struct client *clients;
static int count, epoll, up;
static char marker[16];
static long delivered, bytes;
static double *delays, sentAt;
static long delayCount, delayRoom;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static double cpu(int pid) {
  struct timespec t;
  clock_gettime((clockid_t)(~pid << 3 | 2), &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) { perror(what); exit(1); }

static int dial(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

static void say(int fd, const void *data, size_t size) {
  if (write(fd, data, size) != (ssize_t)size) die("write");
}

// A text frame of a few bytes under a mask of zeros.
static void sayFrame(int fd, const char *text) {
  unsigned char frame[64] = {0x81, 0x80 | (unsigned char)strlen(text)};
  memcpy(frame + 6, text, strlen(text));
  say(fd, frame, 6 + strlen(text));
}

static void take(struct client *c, const unsigned char *text, size_t size) {
  if (size == 1 && text[0] == '2') return sayFrame(c->fd, "3");
  if (size > 1 && text[0] == '0') return sayFrame(c->fd, "40");
  if (size > 1 && text[0] == '4' && text[1] == '0') { if (!c->isUp) c->isUp = 1, up++; return; }
  if (size < 2 || text[0] != '4' || text[1] != '2' || !marker[0] || !memmem(text, size, marker, strlen(marker))) return;
  delivered++;
  bytes += size;
  if (delayCount < delayRoom) delays[delayCount++] = now() - sentAt;
}

static void readFrames(struct client *c) {
  ssize_t got = read(c->fd, c->data + c->used, BUFFER - c->used);
  if (got <= 0) { if (got < 0 && errno == EAGAIN) return; fprintf(stderr, "a client was closed\n"); exit(1); }
  c->used += got;
  int at = 0;
  while (c->used - at >= 2) {
    unsigned char *frame = c->data + at;
    size_t size = frame[1] & 127, head = 2;
    if (size == 126) { if (c->used - at < 4) break; size = frame[2] << 8 | frame[3]; head = 4; }
    if (size > BUFFER - 8) { fprintf(stderr, "a frame of %zu bytes\n", size); exit(1); }
    if ((size_t)(c->used - at) < head + size) break;
    if ((frame[0] & 15) == 1) take(c, frame + head, size);
    at += head + size;
  }
  memmove(c->data, c->data + at, c->used - at);
  c->used -= at;
}

static void spin(double until, long enough) {
  struct epoll_event events[512];
  while (now() < until && (enough < 0 || delivered < enough)) {
    int wait = (int)((until - now()) * 1e3) + 1, ready = epoll_wait(epoll, events, 512, wait < 1 ? 1 : wait);
    for (int i = 0; i < ready; i++) readFrames(events[i].data.ptr);
  }
}

static void openClients(int port) {
  char request[512], answer[4096];
  for (int i = 0; i < count; i++) {
    struct client *c = &clients[i];
    c->fd = dial(port);
    int size = snprintf(request, sizeof request,
                        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Version: 13\r\n\r\n", port);
    say(c->fd, request, size);
    // The head byte by byte, so that no frame is read with it.
    int used = 0;
    while (used < 4 || memcmp(answer + used - 4, "\r\n\r\n", 4)) {
      if (used == sizeof answer || read(c->fd, answer + used, 1) != 1) die("handshake");
      used++;
    }
    if (memcmp(answer, "HTTP/1.1 101", 12)) { fprintf(stderr, "%.60s\n", answer); exit(1); }
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event)) die("epoll_ctl");
    if (i % 200 == 199) spin(now() + 0.02, -1);
  }
  for (double end = now() + 30; up < count && now() < end;) spin(now() + 0.1, -1);
  if (up < count) { fprintf(stderr, "%d of %d clients are up\n", up, count); exit(1); }
  spin(now() + 1, -1);
}

static void trigger(int fd, const char *method, const char *path, const char *token, int number) {
  char request[1024], body[64];
  snprintf(marker, sizeof marker, "seq-%06d", number);
  snprintf(body, sizeof body, "{\"notes\":\"%s\"}", marker);
  int size = snprintf(request, sizeof request,
                      "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n%s%s%sContent-Length: %zu\r\n\r\n%s",
                      method, path, token[0] == '-' ? "" : "Authorization: Bearer ", token[0] == '-' ? "" : token,
                      token[0] == '-' ? "" : "\r\n", strlen(body), body);
  sentAt = now();
  say(fd, request, size);
}

static void drainAnswers(int fd) {
  char answer[65536];
  ssize_t got;
  while ((got = recv(fd, answer, sizeof answer, MSG_DONTWAIT)) > 0)
    if (!memcmp(answer, "HTTP/1.1 ", 9) && answer[9] != '2') { fprintf(stderr, "%.300s\n", answer); exit(1); }
}

static int byValue(const void *a, const void *b) { return (*(double *)a > *(double *)b) - (*(double *)a < *(double *)b); }

int main(int argc, char **argv) {
  if (argc != 9) { fprintf(stderr, "see the head of fanout.c\n"); return 2; }
  int port = atoi(argv[1]), events = atoi(argv[3]), pause = atoi(argv[4]), pid = atoi(argv[8]);
  count = atoi(argv[2]);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  clients = calloc(count, sizeof *clients);
  epoll = epoll_create1(0);
  openClients(port);
  int control = dial(port);
  long each = 0;
  for (int i = 0; i < WARM; i++) {
    delivered = bytes = 0;
    trigger(control, argv[5], argv[6], argv[7], i);
    spin(now() + 1.5, -1);
    drainAnswers(control);
    each = delivered / count;
  }
  if (!each) { fprintf(stderr, "nothing is delivered\n"); return 1; }
  delayRoom = each * count * events;
  delays = malloc(delayRoom * sizeof *delays);
  long all = 0, allBytes = 0;
  double before = cpu(pid), began = now();
  for (int i = 0; i < events; i++) {
    delivered = bytes = 0;
    trigger(control, argv[5], argv[6], argv[7], 1000 + i);
    spin(now() + 2, each * count);
    all += delivered;
    allBytes += bytes;
    marker[0] = 0;
    drainAnswers(control);
    spin(now() + pause / 1e3, -1);
  }
  double used = cpu(pid) - before;
  qsort(delays, delayCount, sizeof *delays, byValue);
#define AT(share) (delays[(long)((delayCount - 1) * (share))] * 1e6)
  printf("{\"clients\":%d,\"each\":%ld,\"delivered\":%ld,\"missed\":%ld,\"bytes\":%ld,\"cpu\":%.6f,\"seconds\":%.3f,"
         "\"p50\":%.0f,\"p99\":%.0f,\"max\":%.0f}\n",
         count, each, all, each * count * events - all, allBytes, used, now() - began, AT(0.5), AT(0.99), AT(1));
  return 0;
}
