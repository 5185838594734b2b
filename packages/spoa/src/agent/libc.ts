/**
 * libc by bun:ffi: what Bun has no option for, or does slower. A symbol that can't be had is left out: each is an improvement, not a need.
 */
import { dlopen } from "bun:ffi"

const SYMBOLS = {
  // int listen(int sockfd, int backlog);
  listen: { args: ["i32", "i32"], returns: "i32" },
  // ssize_t send(int sockfd, const void *buf, size_t len, int flags);  lengths here fit an int
  send: { args: ["i32", "ptr", "u32", "i32"], returns: "i32" }
} as const

function open() {
  for (const name of ["libc.so.6", "libc.so"]) {
    try {
      return dlopen(name, SYMBOLS).symbols
    } catch {
      // the next name
    }
  }
  return undefined
}

const libc = open()

// sys/socket.h
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000

/**
 * Writes the first `length` bytes past Bun, whose socket.write adds 100 ns to send(2). Returns how many the kernel took; 0 when it took none
 * or can't be asked: then Bun's write finds out why. `bytes` is the whole of an ArrayBuffer.
 */
export function send(fd: number | undefined, bytes: Uint8Array, length: number): number {
  if (libc === undefined || typeof fd !== "number" || fd < 0) return 0
  const sent = libc.send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL)
  return sent < 0 ? 0 : sent
}

/** Sets the backlog of a listening socket anew (listen(2) may be called again). Nothing happens without a descriptor. */
export function listen(fd: number | undefined, backlog: number): void {
  if (libc !== undefined && typeof fd === "number" && fd >= 0) libc.listen(fd, backlog)
}
