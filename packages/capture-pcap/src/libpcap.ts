/**
 * Every symbol of libpcap that is used, with its C prototype (pcap/pcap.h of libpcap 1.10; all exist since 1.5), and nothing else.
 *
 * A `Pointer` is a number. Out-parameters are typed arrays over an ArrayBuffer of their own and are passed as arrays, never as
 * `ptr(array)`: the storage of a small typed array moves when its `.buffer` is first asked for.
 */
import { dlopen, FFIType } from "bun:ffi"

const { ptr, i32, u32, u64, cstring } = FFIType
const none = FFIType.void

/** Debian and its family call the library .so.0.8, Fedora, Alpine and Arch .so.1. */
export const LIBPCAP_NAMES: ReadonlyArray<string> = ["libpcap.so.0.8", "libpcap.so.1"]

const SYMBOLS = {
  // const char *pcap_lib_version(void);
  pcap_lib_version: { args: [], returns: cstring },
  // pcap_t *pcap_create(const char *source, char *errbuf);   errbuf: PCAP_ERRBUF_SIZE = 256
  pcap_create: { args: [cstring, ptr], returns: ptr },
  // int pcap_set_snaplen(pcap_t *p, int snaplen);
  pcap_set_snaplen: { args: [ptr, i32], returns: i32 },
  // int pcap_set_promisc(pcap_t *p, int promisc);
  pcap_set_promisc: { args: [ptr, i32], returns: i32 },
  // int pcap_set_timeout(pcap_t *p, int to_ms);
  pcap_set_timeout: { args: [ptr, i32], returns: i32 },
  // int pcap_set_immediate_mode(pcap_t *p, int immediate_mode);
  pcap_set_immediate_mode: { args: [ptr, i32], returns: i32 },
  // int pcap_set_buffer_size(pcap_t *p, int buffer_size);
  pcap_set_buffer_size: { args: [ptr, i32], returns: i32 },
  // int pcap_activate(pcap_t *p);   0, a positive warning or a negative PCAP_ERROR_*
  pcap_activate: { args: [ptr], returns: i32 },
  // int pcap_setnonblock(pcap_t *p, int nonblock, char *errbuf);
  pcap_setnonblock: { args: [ptr, i32, ptr], returns: i32 },
  // int pcap_datalink(pcap_t *p);
  pcap_datalink: { args: [ptr], returns: i32 },
  // int pcap_set_datalink(pcap_t *p, int dlt);
  pcap_set_datalink: { args: [ptr, i32], returns: i32 },
  // int pcap_compile(pcap_t *p, struct bpf_program *fp, const char *str, int optimize, bpf_u_int32 netmask);
  pcap_compile: { args: [ptr, ptr, cstring, i32, u32], returns: i32 },
  // int pcap_setfilter(pcap_t *p, struct bpf_program *fp);
  pcap_setfilter: { args: [ptr, ptr], returns: i32 },
  // void pcap_freecode(struct bpf_program *fp);
  pcap_freecode: { args: [ptr], returns: none },
  // int pcap_next_ex(pcap_t *p, struct pcap_pkthdr **pkt_header, const u_char **pkt_data);   1, 0 = nothing waits, PCAP_ERROR_*
  pcap_next_ex: { args: [ptr, ptr, ptr], returns: i32 },
  // int pcap_stats(pcap_t *p, struct pcap_stat *ps);   u_int ps_recv, ps_drop, ps_ifdrop
  pcap_stats: { args: [ptr, ptr], returns: i32 },
  // void pcap_close(pcap_t *p);
  pcap_close: { args: [ptr], returns: none },
  // char *pcap_geterr(pcap_t *p);
  pcap_geterr: { args: [ptr], returns: cstring },
  // const char *pcap_statustostr(int error);
  pcap_statustostr: { args: [i32], returns: cstring },
  // pcap_t *pcap_open_dead(int linktype, int snaplen);
  pcap_open_dead: { args: [i32, i32], returns: ptr },
  // int pcap_offline_filter(const struct bpf_program *fp, const struct pcap_pkthdr *h, const u_char *pkt);
  pcap_offline_filter: { args: [ptr, ptr, ptr], returns: i32 },

  // From the C library: dlsym looks through the dependencies of libpcap too, which spares a table of libc's names by platform.
  // void *memcpy(void *dest, const void *src, size_t n);
  memcpy: { args: [ptr, ptr, u64], returns: ptr },
  // unsigned int if_nametoindex(const char *ifname);   0 = no such interface in this network namespace
  if_nametoindex: { args: [cstring], returns: u32 }
} as const

/** Loads the library; throws when neither name is found. */
export function loadLibpcapUnsafe() {
  let cause: unknown
  for (const name of LIBPCAP_NAMES) {
    try {
      return dlopen(name, SYMBOLS)
    } catch (error) {
      cause ??= error
    }
  }
  throw cause
}

export type Libpcap = ReturnType<typeof loadLibpcapUnsafe>["symbols"]

// pcap/pcap.h: results of pcap_activate and pcap_next_ex.
export const PCAP_ERROR = -1
export const PCAP_ERROR_NO_SUCH_DEVICE = -5
export const PCAP_ERROR_PERM_DENIED = -8
export const PCAP_ERROR_IFACE_NOT_UP = -9
export const PCAP_ERROR_PROMISC_PERM_DENIED = -11
export const PCAP_NETMASK_UNKNOWN = 0xffffffff
export const PCAP_ERRBUF_SIZE = 256

// pcap/dlt.h: what `any` delivers.
export const DLT_LINUX_SLL = 113
export const DLT_LINUX_SLL2 = 276

/** struct bpf_program on LP64: u_int bf_len, struct bpf_insn *bf_insns at 8. */
export const BPF_PROGRAM_BYTES = 16
/** struct pcap_pkthdr on LP64: tv_sec i64, tv_usec i64, caplen u32, len u32. */
export const PKTHDR_BYTES = 24
