/*
 * A slow path: two TUN interfaces in two network namespaces, and every IP packet of one comes out of the other after a time.
 * The kernel's netem does the same where it was built in.
 *
 *   delay NETNS INTERFACE NETNS INTERFACE DELAY_US JITTER_US      prints "ready" when both interfaces are there; runs until it is killed
 *
 * Order is kept: a packet is never sent before the one that came before it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX 2048
#define QUEUE 4096

struct packet {
  int64_t due;
  int length;
  char bytes[PACKET_MAX];
};

/* What goes from one interface to the other. */
struct way {
  int from, to;
  int64_t last;
  unsigned head, tail;
  struct packet queue[QUEUE];
};

static struct way ways[2];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static int open_tun(const char *namespace, const char *name) {
  char path[256];
  snprintf(path, sizeof path, "/var/run/netns/%s", namespace);
  int netns = open(path, O_RDONLY | O_CLOEXEC);
  if (netns < 0 || setns(netns, CLONE_NEWNET) != 0) fail(path);
  close(netns);
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) fail("/dev/net/tun");
  struct ifreq request;
  memset(&request, 0, sizeof request);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(fd, TUNSETIFF, &request) != 0) fail("TUNSETIFF");
  return fd;
}

static void take(struct way *way, int64_t delay, int64_t jitter) {
  while (way->tail - way->head < QUEUE) {
    struct packet *packet = &way->queue[way->tail % QUEUE];
    packet->length = read(way->from, packet->bytes, PACKET_MAX);
    if (packet->length <= 0) return;
    packet->due = now_us() + delay + (jitter > 0 ? random() % jitter : 0);
    if (packet->due < way->last) packet->due = way->last;
    way->last = packet->due;
    way->tail++;
  }
}

static void give(struct way *way, int64_t now) {
  while (way->head != way->tail && way->queue[way->head % QUEUE].due <= now) {
    struct packet *packet = &way->queue[way->head++ % QUEUE];
    if (write(way->to, packet->bytes, packet->length) < 0) continue; /* the interface is down: lost */
  }
}

int main(int count, char **words) {
  if (count != 7) {
    fprintf(stderr, "usage: delay NETNS INTERFACE NETNS INTERFACE DELAY_US JITTER_US\n");
    return 64;
  }
  int here = open_tun(words[1], words[2]), there = open_tun(words[3], words[4]);
  int64_t delay = atoll(words[5]), jitter = atoll(words[6]);
  ways[0].from = ways[1].to = here;
  ways[0].to = ways[1].from = there;
  prctl(PR_SET_TIMERSLACK, 1000);
  puts("ready");
  fflush(stdout);
  for (;;) {
    int64_t next = -1, now = now_us();
    for (int each = 0; each < 2; each++) {
      give(&ways[each], now);
      if (ways[each].head == ways[each].tail) continue;
      int64_t due = ways[each].queue[ways[each].head % QUEUE].due;
      if (next < 0 || due < next) next = due;
    }
    int64_t wait = next < 0 ? 1000000 : next - now;
    if (wait < 0) wait = 0;
    struct timespec timeout = {wait / 1000000, wait % 1000000 * 1000};
    struct pollfd polled[2] = {{ways[0].from, POLLIN, 0}, {ways[1].from, POLLIN, 0}};
    ppoll(polled, 2, &timeout, NULL);
    for (int each = 0; each < 2; each++) take(&ways[each], delay, jitter);
  }
}
