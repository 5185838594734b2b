/**
 * The PROXY header in front of a TLS handshake, taken from the socket before TLS reads it:
 *
 *     PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 CRLF | 16 03 01 ... ClientHello
 *     peeked, and exactly its bytes read by recv(2)   | left for TLS, which never learns of it
 *
 * `open` of a TLS socket runs before the first read (self-test.ts holds Bun to that). A header that is not there yet, or in part, is
 * waited for with the socket paused, so that TLS does not take it for a record; the client's head time-out ends that.
 */
import type { Socket } from "bun"
import { libc } from "../socket/libc.ts"
import { BROKEN, decodeProxyHeader, INCOMPLETE, ProxyHeader } from "./proxy-protocol.ts"

const MSG_PEEK = 2
const MSG_DONTWAIT = 0x40
/** Longer than the longest header that is accepted. */
const ROOM = 4096
/** A header comes with the first segment, as its specification demands: few ever wait. */
const POLL_MS = 5

// Its own ArrayBuffer: memory that never moves under native code.
const room = new Uint8Array(new ArrayBuffer(ROOM))

/** Takes a whole header from a socket: its length, INCOMPLETE (nothing was taken) or BROKEN (also: the peer closed). */
export function takeProxyHeader(fd: number | undefined, into: ProxyHeader): number {
  if (fd === undefined || fd < 0) return BROKEN
  const there = libc.recv(fd, room, ROOM, MSG_PEEK | MSG_DONTWAIT)
  if (there === 0) return BROKEN
  // EAGAIN; after a reset Bun closes the socket.
  if (there < 0) return INCOMPLETE
  const length = decodeProxyHeader(room, 0, there, into)
  if (length > 0) libc.recv(fd, room, length, MSG_DONTWAIT)
  return length
}

export interface Prereadable {
  /** undefined: it is closed. */
  readonly socket: Socket<unknown> | undefined
  readonly abort: () => void
}

/** Connections whose header is waited for. */
export class ProxyHeaderPreread<T extends Prereadable> {
  readonly #applyProxyHeader: (client: T, header: ProxyHeader, port: Uint8Array) => void
  readonly #refused: () => void
  #waiting: Array<readonly [client: T, port: Uint8Array]> = []
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(applyProxyHeader: (client: T, header: ProxyHeader, port: Uint8Array) => void, refused: () => void) {
    this.#applyProxyHeader = applyProxyHeader
    this.#refused = refused
  }

  /** To be called in `open`. */
  begin(client: T, port: Uint8Array): void {
    if (this.#take(client, port)) return
    client.socket?.pause()
    this.#waiting.push([client, port])
    this.#timer ??= setTimeout(this.#poll, POLL_MS)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** False: it must be waited for. */
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
