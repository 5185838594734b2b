/*
 * The peer of lookup.ts: the same drain in C. Sends one SYN out of one end of a veth pair, then takes what waits on the other end
 * by libpcap (immediate, non-blocking), copies the headers into a slab, and stops the time of that, and of a second time when nothing
 * waits; COUNT times.
 *
 * usage: drain CAPTURED SENDING COUNT FILTER; prints both medians in ns. Prototypes by hand: libpcap0.8 without -dev is enough.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

typedef struct pcap pcap_t;
struct pcap_pkthdr { struct timeval ts; unsigned caplen, len; };
struct bpf_program { unsigned length; void *instructions; };
pcap_t *pcap_create(const char *, char *);
int pcap_set_snaplen(pcap_t *, int), pcap_set_immediate_mode(pcap_t *, int), pcap_set_buffer_size(pcap_t *, int);
int pcap_activate(pcap_t *), pcap_setnonblock(pcap_t *, int, char *), pcap_setfilter(pcap_t *, struct bpf_program *);
int pcap_compile(pcap_t *, struct bpf_program *, const char *, int, unsigned);
int pcap_next_ex(pcap_t *, struct pcap_pkthdr **, const unsigned char **);

#define SLOTS 65536
#define SLOT 256
static unsigned char slab[SLOTS][SLOT];

static int compare(const void *a, const void *b) {
  long x = *(const long *)a, y = *(const long *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 5) return 64;
  int count = atoi(argv[3]);
  char error[256];
  pcap_t *pcap = pcap_create(argv[1], error);
  pcap_set_snaplen(pcap, SLOT);
  pcap_set_immediate_mode(pcap, 1);
  pcap_set_buffer_size(pcap, 16 << 20);
  struct bpf_program program;
  if (pcap_activate(pcap) != 0 || pcap_setnonblock(pcap, 1, error) != 0) return 1;
  if (pcap_compile(pcap, &program, argv[4], 1, 0xffffffff) != 0 || pcap_setfilter(pcap, &program) != 0) return 1;

  int sender = socket(AF_PACKET, SOCK_RAW, 0);
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(argv[2])};
  if (sender < 0 || bind(sender, (struct sockaddr *)&to, sizeof to) != 0) return 1;
  unsigned char frame[74] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 60, 0, 0, 0x40, 0, 64, 6};
  memcpy(frame + 26, "\xc0\x00\x02\x01\xc6\x33\x64\x07", 8);
  frame[36] = 1, frame[37] = 0xbb, frame[46] = 0xa0, frame[47] = 2;
  memcpy(frame + 54, "\x02\x04\x05\xb4\x04\x02\x08\x0a\0\0\0\1\0\0\0\0\1\3\3\7", 20);

  long *times = malloc(count * sizeof *times), *empty = malloc(count * sizeof *empty);
  int taken = 0;
  for (int n = 0; n < count; n++) {
    frame[28] = n >> 16, frame[29] = n >> 8, frame[34] = 4 + n % 250;
    memcpy(frame + 38, &n, 4);
    if (send(sender, frame, sizeof frame, 0) < 0) return 1;
    struct timespec from, until;
    clock_gettime(CLOCK_MONOTONIC, &from);
    struct pcap_pkthdr *header;
    const unsigned char *bytes;
    while (pcap_next_ex(pcap, &header, &bytes) == 1) {
      memcpy(slab[taken++ % SLOTS], bytes, header->caplen < SLOT ? header->caplen : SLOT);
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    times[n] = (until.tv_sec - from.tv_sec) * 1000000000 + until.tv_nsec - from.tv_nsec;
    clock_gettime(CLOCK_MONOTONIC, &from);
    while (pcap_next_ex(pcap, &header, &bytes) == 1) taken++;
    clock_gettime(CLOCK_MONOTONIC, &until);
    empty[n] = (until.tv_sec - from.tv_sec) * 1000000000 + until.tv_nsec - from.tv_nsec;
  }
  if (taken < count) return fprintf(stderr, "%d of %d SYNs came\n", taken, count), 1;
  qsort(times, count, sizeof *times, compare);
  qsort(empty, count, sizeof *empty, compare);
  printf("%ld %ld\n", times[count / 2], empty[count / 2]);
  return 0;
}
