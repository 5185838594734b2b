/*
 * The peer of lookup.ts: the same look-ups in the same map (descriptor 3), by the same system call, in C.
 *
 * usage: lookup ROUNDS KEYS; prints nanoseconds per look-up, one line per round.
 */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(int count, char **values) {
  if (count != 3) return 64;
  int rounds = atoi(values[1]), keys = atoi(values[2]);
  static uint8_t key[40] = {4}, value[160];
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.map_fd = 3;
  attr.key = (uintptr_t)key;
  attr.value = (uintptr_t)value;
  static const uint8_t addresses[] = {192, 0, 2, 1, 198, 51, 100, 7};
  memcpy(key + 8, addresses, 4);
  memcpy(key + 24, addresses + 4, 4);
  key[6] = 1, key[7] = 0xbb;
  for (int round = 0; round < rounds; round++) {
    double begin = now_ns();
    for (int n = 0; n < keys; n++) {
      int port = 1024 + (n * 7919) % keys;
      key[4] = port >> 8, key[5] = port;
      if (syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof attr) != 0) return 1;
    }
    printf("%.1f\n", (now_ns() - begin) / keys);
  }
  return 0;
}
