/**
 * Listening sockets opened by libc, since TCP_SAVE_SYN and the backlog must be set before listen(2) and Bun.listen has no option for them.
 */
import { parseAddress } from "@synprint/core"
import { read } from "bun:ffi"
import { libc } from "./libc.ts"

// asm-generic/socket.h, netinet/in.h, netinet/tcp.h
const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM = 1
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_REUSEPORT = 15
const IPPROTO_TCP = 6
const TCP_SAVE_SYN = 27
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26

const CODES: Readonly<Record<number, string>> = {
  1: "EPERM",
  13: "EACCES",
  97: "EAFNOSUPPORT",
  98: "EADDRINUSE",
  99: "EADDRNOTAVAIL",
  24: "EMFILE"
}

const value = new Int32Array(new ArrayBuffer(4))
const address = new Uint8Array(new ArrayBuffer(28))
const size = new Uint32Array(new ArrayBuffer(4))

/** An error with a code, as Bun throws them; listenError reads the code. */
export class SocketError extends Error {
  readonly code: string
  constructor(call: string) {
    const errno = read.i32(libc.__errno_location()!, 0)
    const code = CODES[errno] ?? `errno ${errno}`
    super(`${call}: ${code}`)
    this.code = code
  }
}

function setOption(fd: number, level: number, option: number, to: number): boolean {
  value[0] = to
  return libc.setsockopt(fd, level, option, value, 4) === 0
}

export interface ListeningSocket {
  readonly fd: number
  /** The bound port, also for port 0. */
  readonly port: number
  /** True if the kernel keeps the SYN of each connection (Linux 4.3 and later). */
  readonly savesSyn: boolean
}

/** Opens a listening socket; throws a SocketError. Closing the listener that Bun makes of it closes the socket. */
export function openListeningSocket(
  at: { readonly host: string; readonly port: number },
  backlog: number
): ListeningSocket {
  const family = parseAddress(at.host, address, 0)
  // parseAddress takes a v4-mapped address for IPv4, as a socket would.
  const isIpv6 = family === 6
  const raw = address.slice(0, 16)
  const fd = libc.socket(isIpv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) throw new SocketError("socket")
  const fail = (call: string): SocketError => {
    const error = new SocketError(call)
    libc.close(fd)
    return error
  }
  address.fill(0)
  address[0] = isIpv6 ? AF_INET6 : AF_INET // little-endian, as every machine that Bun runs on
  address[2] = at.port >> 8
  address[3] = at.port
  if (isIpv6) address.set(raw, 8)
  else address.set(raw.subarray(0, 4), 4)
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1)
  setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1)
  // "::" accepts IPv4 too, as the kernel's default and HAProxy's `:::80 v4v6` do.
  if (isIpv6) setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)
  const savesSyn = setOption(fd, IPPROTO_TCP, TCP_SAVE_SYN, 1)
  if (libc.bind(fd, address, isIpv6 ? 28 : 16) !== 0) throw fail("bind")
  if (libc.listen(fd, backlog) !== 0) throw fail("listen")
  const port = portOf(fd)
  if (port < 0) throw fail("getsockname")
  return { fd, port, savesSyn }
}

/** Adopts a listening socket that the service manager opened (sd_listen_fds(3)); throws a SocketError if it is not a socket. */
export function adoptListeningSocket(fd: number): ListeningSocket {
  const port = portOf(fd)
  if (port < 0) throw new SocketError(`descriptor ${fd}`)
  return { fd, port, savesSyn: setOption(fd, IPPROTO_TCP, TCP_SAVE_SYN, 1) }
}

function portOf(fd: number): number {
  size[0] = 28
  return libc.getsockname(fd, address, size) === 0 ? (address[2]! << 8) | address[3]! : -1
}
