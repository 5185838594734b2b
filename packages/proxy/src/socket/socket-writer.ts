/**
 * Outlet: what is written to one socket, in order. What the kernel doesn't take waits here, and whoever feeds it pauses its source
 * until `flush` says that all of it went: so one chunk waits per direction, whatever the bodies' lengths.
 */
import type { Socket } from "bun"
import { libc } from "./libc.ts"
import { TimerEntry } from "./timer-wheel.ts"

/** The buffer is used again at once: what waits is copied. */
export const SHARED = 0
/** The buffer stays as it is. */
export const KEPT = 1
/** Nobody else has the buffer or a view of it: its memory is given back when all went. */
export const GIVEN = 2

// sys/socket.h
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
const MSG_MORE = 0x8000

/** Bytes from which memory is given back by hand; smaller buffers cost the collector little. */
const LARGE = 16_384

interface Waiting {
  readonly bytes: Uint8Array
  readonly isGiven: boolean
}

export abstract class SocketWriter extends TimerEntry {
  socket: Socket<unknown> | undefined = undefined
  /** Of the socket, as long as nothing but our own orders or its `close` can end it (read-lane.ts); -1: the socket is asked. */
  protected fd = -1
  /** Whether bytes go as they are, without TLS. */
  isPlain = true
  /** Whether the socket takes nothing any more. */
  isBroken = false
  #queue: Array<Waiting> | undefined = undefined
  /** Bytes of the first that went. */
  #sent = 0

  /** Whether something waits. */
  get hasPending(): boolean {
    return this.#queue !== undefined
  }

  /** Writes `bytes[from..end)`; `ownership`: SHARED, KEPT or GIVEN. True when all of it went. */
  send(bytes: Uint8Array, from: number, end: number, ownership: number): boolean {
    return this.#send(bytes, from, end, ownership, MSG_DONTWAIT | MSG_NOSIGNAL)
  }

  /**
   * The same of what the connection is closed behind in the same turn: with MSG_MORE (send(2)) it waits for the FIN, so that both go in one
   * segment. A connection per request costs 5 % less; TLS has its own end.
   */
  sendLast(bytes: Uint8Array, from: number, end: number, ownership: number): boolean {
    return this.#send(bytes, from, end, ownership, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE)
  }

  #send(bytes: Uint8Array, from: number, end: number, ownership: number, flags: number): boolean {
    if (from === end) return this.#queue === undefined
    if (this.isBroken) return true
    if (this.#queue === undefined && this.socket !== undefined) {
      const written = this.#write(this.socket, bytes, from, end - from, flags)
      if (written === end - from) {
        if (ownership === GIVEN && isWorthIt(bytes)) giveBack(bytes)
        return true
      }
      if (written < 0) {
        this.isBroken = true
        return true
      }
      from += written
    }
    const rest = ownership === SHARED ? bytes.slice(from, end) : bytes.subarray(from, end)
    const waiting = { bytes: rest, isGiven: ownership === GIVEN && isWorthIt(bytes) }
    if (this.#queue === undefined) this.#queue = [waiting]
    else this.#queue.push(waiting)
    return false
  }

  /**
   * As socket.write. Most goes past Bun, whose write adds 100 ns to the 770 of send(2) for 300 bytes; what the kernel does not take all of
   * is Bun's, which finds out why and when there is room again.
   */
  #write(socket: Socket<unknown>, bytes: Uint8Array, from: number, length: number, flags: number): number {
    if (!this.isPlain || from !== 0) return socket.write(bytes, from, length)
    const fd = this.fd >= 0 ? this.fd : (socket as { readonly fd?: number }).fd
    if (fd === undefined || fd < 0) return socket.write(bytes, from, length)
    const sent = libc.send(fd, bytes, length, flags)
    if (sent === length) return sent
    const first = Math.max(0, sent)
    const more = socket.write(bytes, first, length - first)
    return more < 0 ? more : first + more
  }

  /** The kernel takes bytes again. True when nothing waits any more. */
  flush(): boolean {
    const queue = this.#queue
    if (queue === undefined) return true
    const { socket } = this
    if (socket === undefined) return false
    while (queue.length > 0) {
      const { bytes, isGiven } = queue[0]!
      const left = bytes.length - this.#sent
      const written = socket.write(bytes, this.#sent, left)
      if (written < 0) {
        this.isBroken = true
        break
      }
      if (written < left) {
        this.#sent += written
        return false
      }
      if (isGiven) giveBack(bytes)
      this.#sent = 0
      queue.shift()
    }
    this.#queue = undefined
    this.#sent = 0
    return true
  }

  /** What waits, for another connection: nothing of it went. */
  takePending(): ReadonlyArray<Uint8Array> {
    const queue = this.#queue ?? []
    this.#queue = undefined
    this.#sent = 0
    return queue.map(({ bytes }) => bytes)
  }

  forgetPending(): void {
    this.#queue = undefined
    this.#sent = 0
  }
}

/** Large, and no part of a buffer whose other parts may wait elsewhere. */
function isWorthIt(bytes: Uint8Array): boolean {
  return bytes.length >= LARGE && bytes.byteOffset === 0 && bytes.buffer.byteLength === bytes.length
}

/**
 * Frees the memory under a view now. Bun gives each read of a long body a buffer of its own, up to 512 KiB; left to the collector they pile
 * up (8 slow readers: 100 MB), and each comes in fresh pages (1 MB bodies: a quarter of all CPU time).
 */
function giveBack(bytes: Uint8Array): void {
  ;(bytes.buffer as ArrayBuffer).transfer(0)
}
