/**
 * TCP_SAVED_SYN (tcp(7), net/ipv4/tcp.c: do_tcp_getsockopt): the SYN that opened an accepted connection, IP header and TCP header.
 *
 * The kernel returns it once, then frees it. Empty: the handshake used a SYN cookie, or the kernel was not asked to keep SYNs.
 */
import { libc } from "./libc.ts"

const IPPROTO_TCP = 6
const TCP_SAVED_SYN = 28
/** More than any SYN has: IPv6 40, extension headers, TCP 60. */
const ROOM = 512

// ArrayBuffers of their own never move under native code.
const room = new Uint8Array(new ArrayBuffer(ROOM))
const length = new Uint32Array(new ArrayBuffer(4))
/** Views of the first bytes by length, mostly 60 and 80; creating a view takes 100 ns. */
const views: Array<Uint8Array | undefined> = [new Uint8Array(0)]

/** Returns a view that is valid until the next call; undefined: the descriptor is not a TCP socket. */
export function readSavedSyn(fd: number | undefined): Uint8Array | undefined {
  if (fd === undefined || fd < 0) return undefined
  length[0] = ROOM
  if (libc.getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, room, length) !== 0) return undefined
  const size = length[0]!
  return (views[size] ??= room.subarray(0, size))
}
