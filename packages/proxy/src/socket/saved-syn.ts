/**
 * TCP_SAVED_SYN (tcp(7), net/ipv4/tcp.c: do_tcp_getsockopt): the SYN that opened an accepted connection, IP header and TCP header.
 *
 * The kernel gives it once and forgets it. Empty: the handshake went by a SYN cookie.
 */
import { libc } from "./libc.ts"

const IPPROTO_TCP = 6
const TCP_SAVED_SYN = 28
/** Longer than any: IPv6 40, extension headers, TCP 60. */
const ROOM = 512

// Their own ArrayBuffers: memory that never moves under native code.
const room = new Uint8Array(new ArrayBuffer(ROOM))
const length = new Uint32Array(new ArrayBuffer(4))
/** Views of the first bytes by their number: mostly 60 and 80, and a view is made in 100 ns. */
const views: Array<Uint8Array | undefined> = [new Uint8Array(0)]

/** A view that holds until the next call; undefined when the socket was not asked to keep it. */
export function readSavedSyn(fd: number | undefined): Uint8Array | undefined {
  if (fd === undefined || fd < 0) return undefined
  length[0] = ROOM
  if (libc.getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, room, length) !== 0) return undefined
  const size = length[0]!
  return (views[size] ??= room.subarray(0, size))
}
