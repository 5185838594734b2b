/**
 * The symbols of libbpf that are used, with their C prototypes (bpf/libbpf.h and bpf/bpf.h of libbpf 1.1; all exist since 0.8), and
 * nothing else.
 *
 * A `Pointer` is a number. Structures and out-parameters are typed arrays over an ArrayBuffer of their own and are passed as arrays,
 * never as `ptr(array)`: the storage of a small typed array moves when its `.buffer` is first asked for. Integers below 0 are -errno.
 */
import { dlopen, FFIType } from "bun:ffi"

const { ptr, i32, u32, u64, bool, cstring } = FFIType
const none = FFIType.void

export const LIBBPF_NAMES: ReadonlyArray<string> = ["libbpf.so.1"]

const SYMBOLS = {
  // const char *libbpf_version_string(void);
  libbpf_version_string: { args: [], returns: cstring },
  // libbpf_print_fn_t libbpf_set_print(libbpf_print_fn_t fn);   int fn(enum libbpf_print_level, const char *, va_list)
  libbpf_set_print: { args: [ptr], returns: ptr },
  // struct bpf_object *bpf_object__open_mem(const void *obj_buf, size_t obj_buf_sz, const struct bpf_object_open_opts *opts);
  bpf_object__open_mem: { args: [ptr, u64, ptr], returns: ptr },
  // int bpf_object__load(struct bpf_object *obj);
  bpf_object__load: { args: [ptr], returns: i32 },
  // void bpf_object__close(struct bpf_object *obj);
  bpf_object__close: { args: [ptr], returns: none },
  // struct bpf_program *bpf_object__find_program_by_name(const struct bpf_object *obj, const char *name);
  bpf_object__find_program_by_name: { args: [ptr, cstring], returns: ptr },
  // struct bpf_map *bpf_object__find_map_by_name(const struct bpf_object *obj, const char *name);
  bpf_object__find_map_by_name: { args: [ptr, cstring], returns: ptr },
  // int bpf_program__set_autoload(struct bpf_program *prog, bool autoload);
  bpf_program__set_autoload: { args: [ptr, bool], returns: i32 },
  // int bpf_program__fd(const struct bpf_program *prog);
  bpf_program__fd: { args: [ptr], returns: i32 },
  // int bpf_map__fd(const struct bpf_map *map);
  bpf_map__fd: { args: [ptr], returns: i32 },
  // int bpf_map__set_max_entries(struct bpf_map *map, __u32 max_entries);
  bpf_map__set_max_entries: { args: [ptr, u32], returns: i32 },
  // int bpf_map__reuse_fd(struct bpf_map *map, int fd);
  bpf_map__reuse_fd: { args: [ptr, i32], returns: i32 },
  // int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags);
  bpf_map_update_elem: { args: [i32, ptr, ptr, u64], returns: i32 },
  // int bpf_map_lookup_elem(int fd, const void *key, void *value);
  bpf_map_lookup_elem: { args: [i32, ptr, ptr], returns: i32 },
  // int bpf_map_lookup_batch(int fd, void *in_batch, void *out_batch, void *keys, void *values, __u32 *count, opts);
  bpf_map_lookup_batch: { args: [i32, ptr, ptr, ptr, ptr, ptr, ptr], returns: i32 },
  // int bpf_link_create(int prog_fd, int target_fd, enum bpf_attach_type attach_type, const struct bpf_link_create_opts *opts);
  bpf_link_create: { args: [i32, i32, i32, ptr], returns: i32 },
  // int bpf_link_update(int link_fd, int new_prog_fd, const struct bpf_link_update_opts *opts);
  bpf_link_update: { args: [i32, i32, ptr], returns: i32 },
  // int bpf_obj_pin(int fd, const char *pathname);
  bpf_obj_pin: { args: [i32, cstring], returns: i32 },
  // int bpf_obj_get(const char *pathname);
  bpf_obj_get: { args: [cstring], returns: i32 },
  // int bpf_obj_get_info_by_fd(int bpf_fd, void *info, __u32 *info_len);
  bpf_obj_get_info_by_fd: { args: [i32, ptr, ptr], returns: i32 },
  // int bpf_prog_get_fd_by_id(__u32 id);
  bpf_prog_get_fd_by_id: { args: [u32], returns: i32 },
  // int bpf_prog_test_run_opts(int prog_fd, struct bpf_test_run_opts *opts);
  bpf_prog_test_run_opts: { args: [i32, ptr], returns: i32 },
  // int bpf_xdp_query(int ifindex, int flags, struct bpf_xdp_query_opts *opts);
  bpf_xdp_query: { args: [i32, i32, ptr], returns: i32 },
  // int bpf_tc_hook_create(struct bpf_tc_hook *hook);   -EEXIST: the clsact qdisc is there already
  bpf_tc_hook_create: { args: [ptr], returns: i32 },
  // int bpf_tc_attach(const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts);
  bpf_tc_attach: { args: [ptr, ptr], returns: i32 },
  // int bpf_tc_detach(const struct bpf_tc_hook *hook, const struct bpf_tc_opts *opts);
  bpf_tc_detach: { args: [ptr, ptr], returns: i32 },
  // int bpf_tc_query(const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts);
  bpf_tc_query: { args: [ptr, ptr], returns: i32 }
} as const

/** Loads the library; throws when it is not found. */
export function loadLibbpfUnsafe() {
  return dlopen(LIBBPF_NAMES[0]!, SYMBOLS)
}

export type Libbpf = ReturnType<typeof loadLibbpfUnsafe>["symbols"]

// linux/bpf.h: enum bpf_attach_type.
export const BPF_CGROUP_INET_INGRESS = 0
export const BPF_XDP = 37
export const BPF_TCX_INGRESS = 46

// linux/if_link.h: XDP_FLAGS_*.
export const XDP_FLAGS_SKB_MODE = 2
export const XDP_FLAGS_DRV_MODE = 4

/** BPF_F_BEFORE: in front of the programs that are attached already (TCX). */
export const BPF_F_BEFORE = 8

/** struct bpf_link_create_opts: size_t sz, __u32 flags at 8. */
export const LINK_CREATE_OPTS_BYTES = 64
/** struct bpf_xdp_query_opts: size_t sz, __u32 prog_id, drv_prog_id, hw_prog_id, skb_prog_id, __u8 attach_mode at 24. */
export const XDP_QUERY_OPTS_BYTES = 40
/** struct bpf_tc_hook: size_t sz, int ifindex, enum bpf_tc_attach_point (1 = ingress) at 12. */
export const TC_HOOK_BYTES = 24
/** struct bpf_tc_opts: size_t sz, int prog_fd, __u32 flags (1 = replace) at 12, prog_id, handle at 20, priority at 24. */
export const TC_OPTS_BYTES = 40
/** struct bpf_test_run_opts: size_t sz, void *data_in at 8, __u32 data_size_in at 24, retval at 56, repeat 60, duration 64. */
export const TEST_RUN_OPTS_BYTES = 80
