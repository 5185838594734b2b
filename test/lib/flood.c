/*
 * SYN flood for the end-to-end tests: Linux-like SYNs with random IPv4 sources out of one interface, by sendmmsg on AF_PACKET, at a
 * given rate. Only used between namespaces that a test made.
 *
 * usage: flood INTERFACE DESTINATION-MAC DESTINATION-IPV4 PORT RATE SECONDS; prints "sent seconds".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define FRAME 74 /* Ethernet 14, IPv4 20, TCP 40 */

static uint64_t random_state = 88172645463325252ull;

static uint64_t random_bits(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  return random_state ^= random_state << 17;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static uint32_t sum(const uint8_t *bytes, int length, uint32_t total) {
  for (int i = 0; i < length; i += 2) total += bytes[i] << 8 | bytes[i + 1];
  return total;
}

static void put_checksum(uint8_t *at, uint32_t total) {
  while (total >> 16) total = (total & 0xffff) + (total >> 16);
  total = ~total;
  at[0] = total >> 8;
  at[1] = total;
}

int main(int count, char **values) {
  static uint8_t frames[BATCH][FRAME];
  if (count != 7) return 64;
  int port = atoi(values[4]);
  double rate = atof(values[5]), seconds = atof(values[6]);
  uint8_t frame[FRAME] = {0};
  unsigned mac[6];
  if (sscanf(values[2], "%x:%x:%x:%x:%x:%x", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6) return 64;
  for (int i = 0; i < 6; i++) frame[i] = mac[i];
  static const uint8_t rest[] = {2,    0,    0, 0,    0, 1,    8, 0,                                         /* source, IPv4 */
                                 0x45, 0,    0, 60,   0, 0,    0x40, 0, 64, 6, 0, 0,                         /* DF, TTL 64, TCP */
                                 0,    0,    0, 0,    0, 0,    0, 0,                                         /* addresses */
                                 0,    0,    0, 0,    0, 0,    0, 0, 0, 0, 0, 0, 0xa0, 2, 0xfa, 0xf0, 0, 0, 0, 0, /* ports, SYN, 64240 */
                                 2,    4,    5, 0xb4, 4, 2,    8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 10};  /* mss, sok, ts, nop, ws */
  memcpy(frame + 6, rest, sizeof rest);
  if (inet_pton(AF_INET, values[3], frame + 30) != 1) return 64;
  frame[36] = port >> 8;
  frame[37] = port;

  int fd = socket(AF_PACKET, SOCK_RAW, 0); /* protocol 0: receives nothing */
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(values[1]), .sll_halen = 6};
  memcpy(to.sll_addr, frame, 6);
  int one = 1;
  if (fd < 0 || to.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&to, sizeof to) != 0) {
    fprintf(stderr, "flood: cannot open %s: %s\n", values[1], strerror(errno));
    return 1;
  }
  setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one);

  struct iovec parts[BATCH];
  struct mmsghdr messages[BATCH] = {0};
  for (int i = 0; i < BATCH; i++) {
    memcpy(frames[i], frame, FRAME);
    parts[i] = (struct iovec){.iov_base = frames[i], .iov_len = FRAME};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  uint64_t sent = 0;
  double begin = now(), at = begin;
  while ((at = now()) - begin < seconds) {
    if (sent > (at - begin) * rate) {
      struct timespec pause = {.tv_nsec = 200000};
      nanosleep(&pause, NULL);
      continue;
    }
    for (int i = 0; i < BATCH; i++) {
      uint8_t *f = frames[i];
      uint64_t a = random_bits(), b = random_bits();
      /* 11.0.0.0 to 126.255.255.255: unicast, and never the addresses of the test (10.0.0.0/8). */
      f[26] = 11 + (a & 0xff) % 116, f[27] = a >> 8, f[28] = a >> 16, f[29] = a >> 24 | 1;
      f[18] = a >> 32, f[19] = a >> 40;
      f[34] = 4 + (a >> 48) % 250, f[35] = a >> 56;
      memcpy(f + 38, &b, 4);
      memcpy(f + 58 + 4, (uint8_t *)&b + 4, 4);
      memset(f + 24, 0, 2);
      put_checksum(f + 24, sum(f + 14, 20, 0));
      memset(f + 50, 0, 2);
      put_checksum(f + 50, sum(f + 34, 40, sum(f + 26, 8, 6 + 40)));
    }
    int n = sendmmsg(fd, messages, BATCH, 0);
    if (n > 0) sent += n;
    else if (errno != ENOBUFS && errno != EAGAIN) {
      fprintf(stderr, "flood: sendmmsg: %s\n", strerror(errno));
      return 1;
    }
  }
  printf("%llu %.3f\n", (unsigned long long)sent, at - begin);
  return 0;
}
