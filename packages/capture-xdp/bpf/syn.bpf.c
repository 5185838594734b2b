/*
 * Keeps the headers of every TCP SYN by connection: one body behind three hooks (XDP, TC or TCX ingress, cgroup_skb ingress). It
 * never drops or changes a packet and never ends the chain of another program.
 *
 *   frame -> reject -> [802.1Q | QinQ] -> IPv4 | IPv6 + extension headers -> TCP SYN without ACK -> filter -> LRU map
 *
 * Packet bytes are read by the load-bytes helpers, and by packet pointers at constant offsets in the quick rejects: variable offsets
 * need CAP_PERFMON, this needs CAP_BPF and CAP_NET_ADMIN. XDP needs Linux 5.18 (bpf_xdp_load_bytes), the others 5.8.
 */
#include "abi.h"
#include "syn.h"

#define EXTENSIONS_MAX 8
/*
 * 10 to 100 ms, by the kernel's HZ. No stack sends a SYN again sooner: the initial timeout is 1 s (RFC 6298 section 2), the shortest in
 * use 200 ms. Jiffies, since reading the clock made the way of a retransmission 14 % slower.
 */
#define COPY_JIFFIES 10

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };
enum { PROTO_HOPOPTS = 0, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ROUTING = 43, PROTO_FRAGMENT = 44, PROTO_AH = 51 };
enum { PROTO_DSTOPTS = 60, PROTO_MOBILITY = 135, PROTO_HIP = 139, PROTO_SHIM6 = 140 };

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, struct syn_key);
  __type(value, struct syn);
} syns SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 3);
  __type(key, __u32);
  __type(value, struct config);
} config SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct counters);
} counters SEC(".maps");

/* Forgets what the compiler knows of x: it must not merge two range checks, or two branches, into what the verifier can't follow. */
#define OPAQUE(x) asm volatile("" : "+r"(x))
/* Different asm behind each: merged, the increments would be one at a variable offset, which takes CAP_PERFMON. */
#define COUNT(of, name)                                                                                                             \
  do {                                                                                                                              \
    (of)->name++;                                                                                                                   \
    asm volatile("" : : "i"(__builtin_offsetof(struct counters, name)) : "memory");                                                 \
  } while (0)
/* 0 when all bytes are there. `xdp` is a constant in every copy of capture(). */
#define LOAD(offset, to, length) (xdp ? bpf_xdp_load_bytes(ctx, offset, to, length) : bpf_skb_load_bytes(ctx, offset, to, length))
/* LOAD of 0 to `most` bytes: the verifier wants the bounds one by one, signed and 64 bits wide. */
#define LOAD_UP_TO(offset, to, length, most, failed)                                                                                \
  do {                                                                                                                              \
    __s64 n = (length);                                                                                                             \
    OPAQUE(n);                                                                                                                      \
    if (n <= 0) break;                                                                                                              \
    OPAQUE(n);                                                                                                                      \
    if (n > (most)) break;                                                                                                          \
    OPAQUE(n);                                                                                                                      \
    failed = LOAD(offset, to, n) != 0;                                                                                              \
  } while (0)

static __always_inline int is_extension(__u32 next) {
  return next == PROTO_HOPOPTS || next == PROTO_ROUTING || next == PROTO_FRAGMENT || next == PROTO_AH || next == PROTO_DSTOPTS ||
         next == PROTO_MOBILITY || next == PROTO_HIP || next == PROTO_SHIM6;
}

/*
 * The functions below are global on purpose: the verifier checks each once, whatever the caller knows. Inlined they made it walk
 * 500,000 instructions (0.6 s to load), and a little more would have been refused.
 */

/* Asked when the filter names ports. `port` in network order. */
__attribute__((noinline)) int has_port(__u32 active, __u32 port) {
  const struct config *filter = bpf_map_lookup_elem(&config, &active);
  if (!filter) return 0;
  __u32 count = filter->ports;
#pragma unroll
  for (__u32 i = 0; i < PORTS_MAX; i++)
    if (i < count && filter->port[i] == port) return 1;
  return 0;
}

/* Asked when the filter names addresses. 16 bytes in network order; IPv4 lies in the low half of `high`. */
__attribute__((noinline)) int has_address(__u32 active, __u32 family, __u64 high, __u64 low) {
  const struct config *filter = bpf_map_lookup_elem(&config, &active);
  if (!filter) return 0;
  __u32 four = filter->addresses4, six = filter->addresses6;
  if (family == 4) {
#pragma unroll
    for (__u32 i = 0; i < ADDRESSES_MAX; i++)
      if (i < four && filter->address4[i] == (__u32)high) return 1;
    return 0;
  }
#pragma unroll
  for (__u32 i = 0; i < ADDRESSES_MAX; i++)
    if (i < six && filter->address6[i][0] == high && filter->address6[i][1] == low) return 1;
  return 0;
}

/* The way from the first IPv6 extension header to TCP: its offset, with SYN_FIRST_FRAGMENT << 16, or one of these. */
enum { WALK_NO_TCP = -1, WALK_LIMIT = -2 };

#define WALK_EXTENSIONS                                                                                                             \
  __u8 head[8];                                                                                                                     \
  int flags = 0;                                                                                                                    \
  for (int i = 0; i < EXTENSIONS_MAX; i++) {                                                                                        \
    if (!is_extension(next) || LOAD(offset, head, 8)) return WALK_NO_TCP;                                                           \
    __u32 size = (head[1] + 1) * 8;                                                                                                 \
    if (next == PROTO_AH) size = (head[1] + 2) * 4;                                                                                 \
    if (next == PROTO_FRAGMENT) {                                                                                                   \
      __u16 fragment = be16(*(__be16 *)(head + 2));                                                                                 \
      if (fragment & 0xfff8) return WALK_NO_TCP;                                                                                    \
      if (fragment & 1) flags = SYN_FIRST_FRAGMENT << 16;                                                                           \
      size = 8;                                                                                                                     \
    }                                                                                                                               \
    next = head[0];                                                                                                                 \
    offset += size;                                                                                                                 \
    if (next == PROTO_TCP) return (int)offset | flags;                                                                              \
  }                                                                                                                                 \
  return is_extension(next) ? WALK_LIMIT : WALK_NO_TCP

__attribute__((noinline)) int walk_xdp(struct xdp_md *ctx, __u32 offset, __u32 next) {
  const int xdp = 1;
  WALK_EXTENSIONS;
}

__attribute__((noinline)) int walk_skb(struct __sk_buff *ctx, __u32 offset, __u32 next) {
  const int xdp = 0;
  WALK_EXTENSIONS;
}

/* The body. The packet begins with its Ethernet header, or with the IP header of `proto`. */
static __always_inline void capture(void *ctx, const int xdp, __u32 interface, const int is_ethernet, __u16 proto, __u32 tag, int tagged) {
  struct syn_key key;
  struct syn syn;
  __u8 head[16];
  __u32 zero = 0, offset = 0, flags = tagged ? SYN_TAGGED : 0;

  if (is_ethernet) {
    if (LOAD(0, head, 14)) return;
    __be16 type = *(__be16 *)(head + 12);
    offset = 14;
    /*
     * Behind the generic XDP program of somebody else, Linux 6.18 shows TC a packet without its Ethernet header: the copy that XDP
     * worked on has lost mac_len (net/core/skbuff.c: skb_pp_cow_data). What follows the header is in the metadata too.
     */
    if (!xdp && type != (__be16)((struct __sk_buff *)ctx)->protocol) {
      type = ((struct __sk_buff *)ctx)->protocol;
      offset = 0;
    }
    proto = be16(type);
#pragma unroll
    for (int i = 0; i < 2; i++) {
      if (proto != ETH_P_8021Q && proto != ETH_P_8021AD) break;
      if (LOAD(offset, head, 4)) return;
      if (!(flags & SYN_TAGGED)) {
        tag = be16(*(__be16 *)head);
        flags |= SYN_TAGGED;
      }
      proto = be16(*(__be16 *)(head + 2));
      offset += 4;
    }
  }

  /* Early, and for IPv6 too: without CAP_PERFMON the verifier wants every byte of the entry written on every path it can think of. */
  __builtin_memset(syn.ip + 20, 0, 20);
  __u32 ip = offset;
  __u32 length; /* of the IP packet by its own header; 0 = not told */
  if (proto == ETH_P_IP) {
    if (LOAD(offset, syn.ip, 20)) return;
    if (syn.ip[9] != PROTO_TCP || syn.ip[0] >> 4 != 4) return;
    __u32 header = (syn.ip[0] & 15) * 4;
    if (header < 20) return;
    __u16 fragment = be16(*(__be16 *)(syn.ip + 6));
    if (fragment & 0x1fff) return;
    if (fragment & 0x2000) flags |= SYN_FIRST_FRAGMENT;
    length = be16(*(__be16 *)(syn.ip + 2));
    offset += header;
  } else if (proto == ETH_P_IPV6) {
    if (LOAD(offset, syn.ip, 40)) return;
    if (syn.ip[0] >> 4 != 6) return;
    length = be16(*(__be16 *)(syn.ip + 4));
    if (length) length += 40;
    __u32 next = syn.ip[6];
    offset += 40;
    if (next != PROTO_TCP) {
      int walked = xdp ? walk_xdp(ctx, offset, next) : walk_skb(ctx, offset, next);
      if (walked == WALK_LIMIT) {
        struct counters *limit = bpf_map_lookup_elem(&counters, &zero);
        if (limit) COUNT(limit, extension_limit);
      }
      if (walked < 0) return;
      offset = walked & 0xffff;
      flags |= walked >> 16 & SYN_FIRST_FRAGMENT;
    }
  } else return;

  /* Without its ports and flags nobody knows whether it is one of ours. */
  if (LOAD(offset, syn.tcp, 20)) return;
  __u8 type = syn.tcp[13];
  if ((type & (TCP_SYN | TCP_ACK)) != TCP_SYN) return;

  const struct config *filter = bpf_map_lookup_elem(&config, &zero);
  if (!filter) return;
  __u32 active = filter->active;
  if (!active) return;
  filter = bpf_map_lookup_elem(&config, &active);
  if (!filter) return;

  __builtin_memset(&key, 0, sizeof key);
  key.client_port = *(__be16 *)syn.tcp;
  key.server_port = *(__be16 *)(syn.tcp + 2);
  if (proto == ETH_P_IP) {
    key.family = 4;
    *(__be32 *)key.client = *(__be32 *)(syn.ip + 12);
    *(__be32 *)key.server = *(__be32 *)(syn.ip + 16);
  } else {
    key.family = 6;
    __builtin_memcpy(key.client, syn.ip + 8, 16);
    __builtin_memcpy(key.server, syn.ip + 24, 16);
  }
  if (filter->client_key) {
    key.server_port = 0;
    __builtin_memset(key.server, 0, 16);
  } else {
    if (filter->ports && !has_port(active, key.server_port)) return;
    if ((filter->addresses4 | filter->addresses6) &&
        !has_address(active, key.family, *(__u64 *)key.server, *(__u64 *)(key.server + 8)))
      return;
  }

  struct counters *count = bpf_map_lookup_elem(&counters, &zero);
  if (!count) return;
  COUNT(count, syns);
  if (type & (TCP_FIN | TCP_RST)) {
    COUNT(count, bad_flags);
    return;
  }
  __u32 distance = offset - ip, header = (syn.tcp[12] >> 4) * 4;
  if (header < 20 || (length && length < distance + header)) {
    COUNT(count, malformed);
    return;
  }

  struct syn *known = bpf_map_lookup_elem(&syns, &key);
  __u64 jiffies = bpf_jiffies64();
  if (known && *(__be32 *)(known->tcp + 4) == *(__be32 *)(syn.tcp + 4)) {
    if (known->interface != interface || jiffies - known->last_jiffies < COPY_JIFFIES) {
      COUNT(count, copies);
      return;
    }
    known->last_jiffies = jiffies;
    if (known->retransmits < 0xffff) known->retransmits++;
    COUNT(count, retransmits);
    return;
  }

  int failed = 0;
  __u32 captured;
  __builtin_memset(&syn, 0, 32);
  __builtin_memset(syn.ip + 40, 0, 24);
  __builtin_memset(syn.tcp + 20, 0, 44); /* with zero2 */
  if (proto == ETH_P_IP) {
    captured = distance;
    LOAD_UP_TO(ip + 20, syn.ip + 20, distance - 20, 40, failed);
  } else {
    __u32 more = distance - 40;
    if (more > 24) more = 24;
    captured = 40 + more;
    LOAD_UP_TO(ip + 40, syn.ip + 40, more, 24, failed);
  }
  if (!failed) LOAD_UP_TO(offset + 20, syn.tcp + 20, header - 20, 40, failed);
  if (failed) {
    COUNT(count, truncated);
    return;
  }
  syn.seen_ns = bpf_ktime_get_ns();
  syn.last_jiffies = jiffies;
  syn.interface = interface;
  syn.tcp_distance = distance;
  syn.vlan = tag;
  syn.flags = flags;
  syn.ip_captured = captured;
  syn.tcp_captured = header;
  if (bpf_map_update_elem(&syns, &key, &syn, BPF_ANY)) {
    COUNT(count, map_full);
    return;
  }
  COUNT(count, stored);
  if (known) COUNT(count, replaced);
}

/* The usual packet that is no bare SYN costs a few compares. 1 = certainly nothing for us, 0 = look closer. */
static __always_inline int reject_ethernet(const void *data, const void *end) {
  const __u8 *frame = data;
  if ((const void *)(frame + 54) > end) return 0;
  __u16 proto = *(const __u16 *)(frame + 12);
  if (proto == be16(ETH_P_IP)) {
    if (frame[14] != 0x45) return 0; /* first: what looks like Ethernet is not, see capture() */
    if (frame[23] != PROTO_TCP) return 1;
    __u64 type = frame[47];
    OPAQUE(type);
    return (type & (TCP_SYN | TCP_ACK)) != TCP_SYN;
  }
  if (proto == be16(ETH_P_IPV6)) {
    if (frame[14] >> 4 != 6) return 0;
    if (frame[20] == PROTO_UDP) return 1;
    if (frame[20] != PROTO_TCP || (const void *)(frame + 74) > end) return 0;
    __u64 type = frame[67];
    OPAQUE(type);
    return (type & (TCP_SYN | TCP_ACK)) != TCP_SYN;
  }
  return 0;
}

static __always_inline int reject_ip(const void *data, const void *end) {
  const __u8 *packet = data;
  if ((const void *)(packet + 40) > end) return 0;
  if (packet[0] == 0x45) {
    if (packet[9] != PROTO_TCP) return 1;
    __u64 type = packet[33];
    OPAQUE(type);
    return (type & (TCP_SYN | TCP_ACK)) != TCP_SYN;
  }
  if (packet[0] >> 4 == 6) {
    if (packet[6] == PROTO_UDP) return 1;
    if (packet[6] != PROTO_TCP || (const void *)(packet + 60) > end) return 0;
    __u64 type = packet[53];
    OPAQUE(type);
    return (type & (TCP_SYN | TCP_ACK)) != TCP_SYN;
  }
  return 0;
}

SEC("xdp.frags")
int syn_xdp(struct xdp_md *ctx) {
  if (!reject_ethernet((void *)(long)ctx->data, (void *)(long)ctx->data_end)) capture(ctx, 1, ctx->ingress_ifindex, 1, 0, 0, 0);
  return XDP_PASS;
}

/* The outermost tag is in the metadata here, not in the bytes. */
SEC("tc")
int syn_tc(struct __sk_buff *ctx) {
  if (!reject_ethernet((void *)(long)ctx->data, (void *)(long)ctx->data_end))
    capture(ctx, 0, ctx->ifindex, 1, 0, ctx->vlan_tci, ctx->vlan_present != 0);
  return TC_NEXT;
}

SEC("cgroup_skb/ingress")
int syn_cgroup(struct __sk_buff *ctx) {
  if (!reject_ip((void *)(long)ctx->data, (void *)(long)ctx->data_end))
    capture(ctx, 0, ctx->ifindex, 0, be16((__u16)ctx->protocol), 0, 0);
  return CGROUP_PASS;
}

char LICENSE[] SEC("license") = "MIT";
