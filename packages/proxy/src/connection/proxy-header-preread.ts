/**
 * Reads the PROXY header in front of a TLS handshake from the socket before TLS does:
 *
 *     PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 CRLF | 16 03 01 ... ClientHello
 *     peeked, then exactly these bytes are read       | left for TLS, which never sees the header
 *
 * `open` of a TLS socket runs before the first read (self-test.ts checks that). While a header is missing or incomplete the socket is paused,
 * so that TLS does not take it for a record; the client's head time-out applies.
 */
import type { Socket } from "bun"
import { libc, MSG_DONTWAIT, MSG_PEEK } from "@synprint/linux/sockets"
import { BROKEN, decodeProxyHeader, INCOMPLETE, ProxyHeader } from "./proxy-protocol.ts"

/** More than the longest header that is accepted. */
const ROOM = 4096
/** The specification demands that the header arrives with the first segment, so few connections ever wait. */
const POLL_MS = 5

// An ArrayBuffer of its own never moves under native code.
const room = new Uint8Array(new ArrayBuffer(ROOM))

/** Reads a whole header from a socket: returns its length, INCOMPLETE (nothing was read) or BROKEN (also: the peer has closed). */
export function takeProxyHeader(fd: number | undefined, into: ProxyHeader): number {
  if (fd === undefined || fd < 0) return BROKEN
  const there = libc.recv(fd, room, ROOM, MSG_PEEK | MSG_DONTWAIT)
  if (there === 0) return BROKEN
  // EAGAIN. After a reset, Bun closes the socket.
  if (there < 0) return INCOMPLETE
  const length = decodeProxyHeader(room, 0, there, into)
  if (length > 0) libc.recv(fd, room, length, MSG_DONTWAIT)
  return length
}

export interface Prereadable {
  /** undefined: the connection is closed. */
  readonly socket: Socket<unknown> | undefined
  readonly abort: () => void
}

/** Connections that wait for their header. */
export class ProxyHeaderPreread<T extends Prereadable> {
  readonly #applyProxyHeader: (client: T, header: ProxyHeader, port: Uint8Array) => void
  readonly #refused: () => void
  #waiting: Array<readonly [client: T, port: Uint8Array]> = []
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(applyProxyHeader: (client: T, header: ProxyHeader, port: Uint8Array) => void, refused: () => void) {
    this.#applyProxyHeader = applyProxyHeader
    this.#refused = refused
  }

  /** Call it in `open`. */
  begin(client: T, port: Uint8Array): void {
    if (this.#take(client, port)) return
    client.socket?.pause()
    this.#waiting.push([client, port])
    this.#timer ??= setTimeout(this.#poll, POLL_MS)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** False: the header is incomplete. */
  #take(client: T, port: Uint8Array): boolean {
    const { socket } = client
    if (socket === undefined) return true
    const header = new ProxyHeader()
    const length = takeProxyHeader((socket as { readonly fd?: number }).fd, header)
    if (length === INCOMPLETE) return false
    if (length === BROKEN) {
      this.#refused()
      client.abort()
    } else this.#applyProxyHeader(client, header, port)
    return true
  }

  readonly #poll = (): void => {
    this.#timer = undefined
    const waiting = this.#waiting
    this.#waiting = []
    for (const each of waiting) {
      const [client, port] = each
      if (this.#take(client, port)) client.socket?.resume()
      else this.#waiting.push(each)
    }
    if (this.#waiting.length > 0) this.#timer ??= setTimeout(this.#poll, POLL_MS)
  }
}
