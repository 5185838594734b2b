/** Options of a test's sockets: what the kernel takes for a slow peer, and what one segment holds. */
import type { Socket } from "bun"
import { libc } from "../../packages/linux/src/libc.ts"
import { openListeningSocket } from "../../packages/proxy/src/testing/index.ts"

// asm-generic/socket.h, netinet/in.h, netinet/tcp.h
const SOL_SOCKET = 1
const SO_SNDBUF = 7
const IPPROTO_TCP = 6
const TCP_CORK = 3

function setOption(fd: number, level: number, option: number, to: number): void {
  if (libc.setsockopt(fd, level, option, new Int32Array([to]), 4) !== 0) throw new Error(`setsockopt ${option} failed`)
}

/** A listening socket whose connections take some ten kilobytes for a peer that doesn't read; else it is megabytes. */
export function openSmallListener(): { readonly fd: number; readonly port: number } {
  const socket = openListeningSocket({ host: "127.0.0.1", port: 0 }, 64)
  setOption(socket.fd, SOL_SOCKET, SO_SNDBUF, 16_384)
  return socket
}

/** Writes `text` and closes our half in one segment: what is corked waits, and its FIN goes with it (tcp_output.c: tcp_send_fin). */
export function endWith(socket: Socket<unknown>, text: string): void {
  setOption((socket as unknown as { readonly fd: number }).fd, IPPROTO_TCP, TCP_CORK, 1)
  socket.write(Buffer.from(text, "latin1"))
  socket.shutdown()
}
