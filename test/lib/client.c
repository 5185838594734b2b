/*
 * HTTP/1.1 client for the end-to-end tests: opens connections with chosen socket options and prints every answer with the port it
 * was asked from. C because Bun cannot set IP_TTL, TCP_MAXSEG and SO_RCVBUF before connect().
 *
 * Output: "R connection request port status microseconds length\n", then length bytes of body and "\n";
 *         "E connection request port what\n" for a connection that failed; "D answers errors\n" at the end.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum state { FREE, CONNECTING, WAITING, READING };

struct connection {
  enum state state;
  int fd, number, request, port;
  int asked; /* requests on this socket */
  int64_t due_us, asked_us, deadline_us;
  char in[16384];
  int have;
};

static struct sockaddr_storage server, source;
static socklen_t server_length, source_length;
static int connections = 1, concurrency = 1, requests = 1, port = 80, ttl, mss, rcvbuf;
static int64_t first_delay_us, gap_us, timeout_us = 10000000, duration_us, pause_us;
static char request[8192], prefix[512];
static int request_length, epoll, started, answers, errors, active;
static int64_t begin_us;

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void address(const char *text, int port_number, struct sockaddr_storage *into, socklen_t *length) {
  struct sockaddr_in *four = (struct sockaddr_in *)into;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)into;
  memset(into, 0, sizeof *into);
  if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port_number);
    *length = sizeof *four;
  } else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port_number);
    *length = sizeof *six;
  } else {
    fprintf(stderr, "client: not an address: %s\n", text);
    exit(64);
  }
}

static void finish(struct connection *c) {
  close(c->fd);
  c->state = FREE;
  active--;
}

static void fail(struct connection *c, const char *what) {
  printf("E %d %d %d %s\n", c->number, c->request, c->port, what);
  errors++;
  finish(c);
}

static void option(int fd, int level, int name, int value, const char *text) {
  if (setsockopt(fd, level, name, &value, sizeof value) != 0) {
    fprintf(stderr, "client: setsockopt %s %d: %s\n", text, value, strerror(errno));
    exit(1);
  }
}

static void learn_port(struct connection *c) {
  struct sockaddr_storage own;
  socklen_t length = sizeof own;
  if (getsockname(c->fd, (struct sockaddr *)&own, &length) == 0)
    c->port = ntohs(own.ss_family == AF_INET ? ((struct sockaddr_in *)&own)->sin_port : ((struct sockaddr_in6 *)&own)->sin6_port);
}

static void dial(struct connection *c) {
  int six = server.ss_family == AF_INET6;
  c->fd = socket(server.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  c->asked = c->port = c->have = 0;
  c->deadline_us = now_us() + timeout_us;
  c->state = CONNECTING;
  active++;
  if (ttl) option(c->fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_UNICAST_HOPS : IP_TTL, ttl, "TTL");
  if (mss) option(c->fd, IPPROTO_TCP, TCP_MAXSEG, mss, "TCP_MAXSEG");
  if (rcvbuf) option(c->fd, SOL_SOCKET, SO_RCVBUF, rcvbuf, "SO_RCVBUF");
  option(c->fd, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
  if (source_length && bind(c->fd, (struct sockaddr *)&source, source_length) != 0) return fail(c, strerror(errno));
  if (connect(c->fd, (struct sockaddr *)&server, server_length) != 0 && errno != EINPROGRESS) return fail(c, strerror(errno));
  struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};
  epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
}

static void start(struct connection *c) {
  c->number = started++;
  c->request = 0;
  dial(c);
}

/* A server may close a connection that is idle while a request is on its way: as any client does, ask again on a new one
   (RFC 9112 section 9.3.1). */
static int ask_again(struct connection *c) {
  if (c->state != READING || c->asked < 2 || c->have > 0) return 0;
  finish(c);
  dial(c);
  return 1;
}

static void ask(struct connection *c) {
  if (c->asked == 0 && prefix[0] && send(c->fd, prefix, strlen(prefix), MSG_NOSIGNAL | MSG_MORE) < 0) return fail(c, strerror(errno));
  c->asked_us = now_us();
  c->deadline_us = c->asked_us + timeout_us;
  c->have = 0;
  c->asked++;
  c->state = READING;
  if (send(c->fd, request, request_length, MSG_NOSIGNAL) != request_length && !ask_again(c)) fail(c, strerror(errno));
}

static void wait_before(struct connection *c, int64_t delay_us) {
  if (delay_us == 0) return ask(c);
  c->state = WAITING;
  c->due_us = now_us() + delay_us;
  c->deadline_us = c->due_us + timeout_us;
}

static void receive(struct connection *c) {
  ssize_t n = recv(c->fd, c->in + c->have, sizeof c->in - 1 - c->have, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0 && c->state == WAITING) {
    /* Closed while idle: the next request goes over a new connection. */
    finish(c);
    dial(c);
    return;
  }
  if (n <= 0 && ask_again(c)) return;
  if (n < 0) return fail(c, strerror(errno));
  if (n == 0) return fail(c, "closed by the server before the answer");
  if (c->state == WAITING) return fail(c, "data without a request");
  c->have += n;
  c->in[c->have] = 0;
  char *end = strstr(c->in, "\r\n\r\n");
  if (!end) return;
  char *length_at = strcasestr(c->in, "content-length:");
  int length = length_at && length_at < end ? atoi(length_at + 15) : 0;
  char *body = end + 4;
  if (c->in + c->have < body + length) {
    if (c->have >= (int)sizeof c->in - 1) fail(c, "answer too large");
    return;
  }
  char *close_at = strcasestr(c->in, "connection: close");
  int closing = close_at && close_at < end;
  printf("R %d %d %d %d %lld %d\n", c->number, c->request, c->port, atoi(c->in + 9), (long long)(now_us() - c->asked_us), length);
  fwrite(body, 1, length, stdout);
  putchar('\n');
  answers++;
  if (++c->request >= requests) return finish(c);
  if (closing) {
    finish(c);
    return dial(c);
  }
  wait_before(c, gap_us);
}

int main(int count, char **values) {
  static const struct option options[] = {{"host", 1, 0, 'h'},        {"port", 1, 0, 'p'},    {"connections", 1, 0, 'n'},
                                          {"concurrency", 1, 0, 'c'}, {"requests", 1, 0, 'k'}, {"first-delay", 1, 0, 'f'},
                                          {"gap", 1, 0, 'g'},         {"ttl", 1, 0, 't'},     {"mss", 1, 0, 'm'},
                                          {"rcvbuf", 1, 0, 'r'},      {"header", 1, 0, 'H'},  {"proxy", 1, 0, 'P'},
                                          {"source", 1, 0, 's'},      {"timeout", 1, 0, 'T'}, {"duration", 1, 0, 'd'},
                                          {"pause", 1, 0, 'i'},       {0, 0, 0, 0}};
  const char *host = "127.0.0.1", *from = NULL;
  char extra[4096] = "";
  for (int o; (o = getopt_long(count, values, "", options, NULL)) != -1;) {
    switch (o) {
      case 'h': host = optarg; break;
      case 'p': port = atoi(optarg); break;
      case 'n': connections = atoi(optarg); break;
      case 'c': concurrency = atoi(optarg); break;
      case 'k': requests = atoi(optarg); break;
      case 'f': first_delay_us = atoll(optarg) * 1000; break;
      case 'g': gap_us = atoll(optarg) * 1000; break;
      case 't': ttl = atoi(optarg); break;
      case 'm': mss = atoi(optarg); break;
      case 'r': rcvbuf = atoi(optarg); break;
      case 'H': snprintf(extra + strlen(extra), sizeof extra - strlen(extra), "%s\r\n", optarg); break;
      case 'P': snprintf(prefix, sizeof prefix, "%s\r\n", optarg); break;
      case 's': from = optarg; break;
      case 'T': timeout_us = atoll(optarg) * 1000; break;
      case 'd': duration_us = atoll(optarg) * 1000; break;
      case 'i': pause_us = atoll(optarg) * 1000; break;
      default: return 64;
    }
  }
  address(host, port, &server, &server_length);
  if (from) address(from, 0, &source, &source_length);
  request_length = snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: site.example\r\n%s\r\n", extra);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  struct connection *all = calloc(concurrency, sizeof *all);
  int64_t next_start_us = 0;
  begin_us = now_us();
  for (;;) {
    int64_t now = now_us();
    int more = duration_us ? now - begin_us < duration_us : started < connections;
    if (!more && active == 0) break;
    for (int i = 0; i < concurrency; i++) {
      struct connection *c = &all[i];
      if (c->state == FREE) {
        if (more && now >= next_start_us) {
          start(c);
          if (pause_us) next_start_us = now + pause_us;
          more = duration_us ? more : started < connections;
        }
      } else if (c->state == WAITING && now >= c->due_us)
        ask(c);
      else if (now > c->deadline_us)
        fail(c, "timed out");
    }
    struct epoll_event events[64];
    int n = epoll_wait(epoll, events, 64, 1);
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;
      if (c->state == CONNECTING) {
        int error = 0;
        socklen_t length = sizeof error;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length);
        learn_port(c);
        if (error) {
          fail(c, strerror(error));
          continue;
        }
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
        wait_before(c, c->request == 0 ? first_delay_us : 0);
      } else if (c->state == READING || c->state == WAITING)
        receive(c);
    }
  }
  printf("D %d %d\n", answers, errors);
  return 0;
}
