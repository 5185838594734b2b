/**
 * libc by bun:ffi: what Bun.listen has no option for. A symbol that can't be had is left out: each is an improvement, not a need.
 */
import { dlopen } from "bun:ffi"

const SYMBOLS = {
  // int listen(int sockfd, int backlog);
  listen: { args: ["i32", "i32"], returns: "i32" }
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

/** Sets the backlog of a listening socket anew (listen(2) may be called again). Nothing happens without a descriptor. */
export function listen(fd: number | undefined, backlog: number): void {
  if (libc !== undefined && typeof fd === "number" && fd >= 0) libc.listen(fd, backlog)
}
