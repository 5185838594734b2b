/*
 * Layouts that the program and its readers share. Packet fields are in network byte order, all others little-endian. A change that
 * readers of the old layout would misread raises LAYOUT_VERSION: it is in the `config` map and in the name of the pin directory.
 *
 * TypeScript: src/record.ts, src/settings.ts and src/counters.ts; a test compares their offsets with the BTF of the object.
 */
#pragma once

#define LAYOUT_VERSION 1
#define PORTS_MAX 16
#define ADDRESSES_MAX 16

/* Connection.key of the front ends: IPv4 addresses lie in the first 4 bytes; with `client_key` the server's side is 0. */
struct syn_key {
  __u8 family; /* 4 or 6 */
  __u8 zero[3];
  __be16 client_port;
  __be16 server_port;
  __u8 client[16];
  __u8 server[16];
};

#define SYN_FIRST_FRAGMENT 1
#define SYN_TAGGED 2

/* One SYN. IP and TCP header have a slot each: a long chain of extension headers can't push the TCP header out. */
struct syn {
  __u64 seen_ns; /* CLOCK_MONOTONIC of the first one with this ISN */
  __u64 last_jiffies; /* of the last one, for the program alone */
  __u32 interface;
  __u16 tcp_distance; /* from the IP header to the TCP header on the wire */
  __u16 vlan;         /* TCI of the outermost tag; valid with SYN_TAGGED */
  __u16 retransmits;
  __u8 flags;
  __u8 ip_captured; /* bytes valid in ip[] */
  __u8 tcp_captured;
  __u8 zero[3];
  __u8 ip[64]; /* IPv4 header with options, or IPv6 header and the first 24 bytes of extension headers */
  __u8 tcp[60];
  __u32 zero2;
};

/*
 * What to capture, changeable while the program runs: entries 1 and 2 of the map hold a filter each, entry 0 says by one aligned
 * word which is in force, so no packet is judged by a filter half written.
 */
struct config {
  __u32 active; /* entry 0 only: 1 or 2; 0 = capture nothing */
  __u32 layout; /* LAYOUT_VERSION */
  __u32 client_key;
  __u32 ports; /* number of entries in port[]; 0 = every port */
  __be16 port[PORTS_MAX];
  __u32 addresses4; /* both numbers 0 = every address */
  __u32 addresses6;
  __be32 address4[ADDRESSES_MAX];
  __u64 address6[ADDRESSES_MAX][2]; /* 16 bytes each, network order */
};

/* Outcomes, counted per CPU. syns = stored + retransmits + copies + the failures below it. */
struct counters {
  __u64 syns;            /* SYNs without ACK that passed the filter */
  __u64 stored;          /* new connections */
  __u64 replaced;        /* of `stored`: the key was known with another ISN */
  __u64 retransmits;     /* equal ISN, at least COPY_JIFFIES later: the first SYN stays */
  __u64 copies;          /* equal ISN at once or by another interface: the same packet seen twice */
  __u64 bad_flags;       /* SYN with FIN or RST: no stack answers it */
  __u64 malformed;       /* header lengths that contradict each other */
  __u64 truncated;       /* the frame ends within the headers */
  __u64 map_full;        /* the map refused the entry */
  __u64 extension_limit; /* more IPv6 extension headers than EXTENSIONS_MAX; not in `syns`, since its ports are not known */
};

_Static_assert(sizeof(struct syn_key) == 40, "syn_key");
_Static_assert(__builtin_offsetof(struct syn_key, client_port) == 4, "syn_key.client_port");
_Static_assert(__builtin_offsetof(struct syn_key, client) == 8, "syn_key.client");
_Static_assert(__builtin_offsetof(struct syn_key, server) == 24, "syn_key.server");
_Static_assert(sizeof(struct syn) == 160, "syn");
_Static_assert(__builtin_offsetof(struct syn, interface) == 16, "syn.interface");
_Static_assert(__builtin_offsetof(struct syn, retransmits) == 24, "syn.retransmits");
_Static_assert(__builtin_offsetof(struct syn, ip) == 32, "syn.ip");
_Static_assert(__builtin_offsetof(struct syn, tcp) == 96, "syn.tcp");
_Static_assert(sizeof(struct config) == 376, "config");
_Static_assert(__builtin_offsetof(struct config, port) == 16, "config.port");
_Static_assert(__builtin_offsetof(struct config, address4) == 56, "config.address4");
_Static_assert(__builtin_offsetof(struct config, address6) == 120, "config.address6");
_Static_assert(sizeof(struct counters) == 80, "counters");
