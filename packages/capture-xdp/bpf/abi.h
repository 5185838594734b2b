/*
 * The stable kernel interface that syn.bpf.c uses, written out: no kernel or libbpf header takes part in the build, so the object
 * depends on the compiler alone. Values and layouts: include/uapi/linux/bpf.h, if_ether.h; SEC and the map macros: libbpf's
 * bpf_helpers.h.
 */
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value) *name
#define __always_inline inline __attribute__((always_inline))

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "little-endian machines only (target bpfel)"
#endif
#define be16(x) ((__be16)__builtin_bswap16(x))

enum { BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_PERCPU_ARRAY = 6, BPF_MAP_TYPE_LRU_HASH = 9, BPF_ANY = 0 };
/* XDP goes on to the stack; TC_ACT_UNSPEC (= TCX_NEXT) to the next program of the chain; 1 accepts in cgroup_skb. */
enum { XDP_PASS = 2, TC_NEXT = -1, CGROUP_PASS = 1 };
enum { ETH_P_IP = 0x0800, ETH_P_8021Q = 0x8100, ETH_P_IPV6 = 0x86DD, ETH_P_8021AD = 0x88A8 };

struct xdp_md {
  __u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex;
};

struct __sk_buff {
  __u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority, ingress_ifindex, ifindex,
      tc_index, cb[5], hash, tc_classid, data, data_end;
};

/* None of these is GPL-only. */
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, __u64 flags) = (void *)2;
static __u64 (*bpf_ktime_get_ns)(void) = (void *)5;
static long (*bpf_skb_load_bytes)(const void *skb, __u32 offset, void *to, __u32 length) = (void *)26;
static __u64 (*bpf_jiffies64)(void) = (void *)118;
static long (*bpf_xdp_load_bytes)(void *xdp, __u32 offset, void *to, __u32 length) = (void *)189; /* Linux 5.18 */
