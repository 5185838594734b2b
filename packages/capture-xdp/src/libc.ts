/**
 * The symbols of the C library that are used, with their prototypes, and nothing else. Reading pinned maps needs no other library.
 */
import { dlopen, FFIType } from "bun:ffi"

const { ptr, i32, u32, u64, cstring, i64_fast } = FFIType

const SYMBOLS = {
  // long syscall(long number, ...);   here bpf(2): int cmd, union bpf_attr *attr, unsigned int size; -1 and errno
  syscall: { args: [i64_fast, i32, ptr, u32], returns: i64_fast },
  // int *__errno_location(void);
  __errno_location: { args: [], returns: ptr },
  // void *calloc(size_t count, size_t size);
  calloc: { args: [u64, u64], returns: ptr },
  // void free(void *memory);
  free: { args: [ptr], returns: FFIType.void },
  // int vsnprintf(char *to, size_t size, const char *format, va_list ap);
  vsnprintf: { args: [ptr, u64, ptr, ptr], returns: i32 },
  // unsigned int if_nametoindex(const char *ifname);   0 = no such interface in this network namespace
  if_nametoindex: { args: [cstring], returns: u32 },
  // int clock_gettime(clockid_t clock, struct timespec *to);
  clock_gettime: { args: [i32, ptr], returns: i32 },
  // int open(const char *path, int flags, ...);
  open: { args: [cstring, i32], returns: i32 },
  // int close(int fd);
  close: { args: [i32], returns: i32 },
  // int socket(int domain, int type, int protocol);
  socket: { args: [i32, i32, i32], returns: i32 },
  // int ioctl(int fd, unsigned long request, ...);
  ioctl: { args: [i32, u64, ptr], returns: i32 }
} as const

/** Names of the library with glibc and with musl. */
export const LIBC_NAMES: ReadonlyArray<string> = ["libc.so.6", "libc.so"]

/** Loads the library; throws when it is not found. */
export function loadLibcUnsafe() {
  let cause: unknown
  for (const name of LIBC_NAMES) {
    try {
      return dlopen(name, SYMBOLS)
    } catch (error) {
      cause ??= error
    }
  }
  throw cause
}

export type Libc = ReturnType<typeof loadLibcUnsafe>["symbols"]

export const CLOCK_MONOTONIC = 1
export const O_RDONLY_CLOEXEC = 0o2000000
