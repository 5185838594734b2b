/** TCP_SAVE_SYN and TCP_SAVED_SYN (tcp(7)): the SYN that the kernel keeps with a connection. */
import { dlopen, FFIType } from "bun:ffi"

const IPPROTO_TCP = 6
const TCP_SAVE_SYN = 27
const TCP_SAVED_SYN = 28
const { ptr, i32 } = FFIType
const { symbols: c } = dlopen("libc.so.6", {
  setsockopt: { args: [i32, i32, i32, ptr, i32], returns: i32 },
  getsockopt: { args: [i32, i32, i32, ptr, ptr], returns: i32 }
})

/** Not in Bun's types: the descriptor of a listener or socket. */
const fdOf = (socket: unknown): number => (socket as { readonly fd: number }).fd

/** Has a listener keep SYNs. `mode` 1: IP and TCP header, 2: with the link header. */
export function keepSyns(listener: unknown, mode: 1 | 2): void {
  const value = new Int32Array(new ArrayBuffer(4)).fill(mode)
  if (c.setsockopt(fdOf(listener), IPPROTO_TCP, TCP_SAVE_SYN, value, 4) !== 0)
    throw new Error("setsockopt TCP_SAVE_SYN")
}

/** The SYN of an accepted socket; the kernel gives it once, then nothing. */
export function readSavedSyn(socket: unknown): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(512))
  const length = new Uint32Array(new ArrayBuffer(4))
  length[0] = bytes.length
  if (c.getsockopt(fdOf(socket), IPPROTO_TCP, TCP_SAVED_SYN, bytes, length) !== 0)
    throw new Error("getsockopt TCP_SAVED_SYN")
  return bytes.slice(0, length[0])
}
