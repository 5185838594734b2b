/**
 * One client of a stream listener: bytes in, a protocol's bytes out, with bounded memory whatever the client does.
 *
 * Everything that one read asked for goes out in one write. When the kernel doesn't take all of it, the rest is kept, reading stops
 * and goes on when the rest has gone: a client that sends and never reads costs one chunk and one output, then only its own time.
 */
import type { Socket } from "bun"
import { send } from "./libc.ts"
import type { Output } from "../protocol/output.ts"

/** A protocol's state for one client: bytes in, bytes out. */
export interface Protocol {
  /**
   * Reads `bytes` from `from` on and appends what they ask for to `out`. Returns where it stopped: the end, or before it when `out` was
   * full, which it must not be when it comes in empty.
   */
  feed(bytes: Uint8Array, from: number, out: Output): number
  /** True once the client has sent its greeting; until then the hello time-out runs. */
  readonly isGreeted: boolean
  /** True if the connection must be closed once everything was written. */
  readonly hasEnded: boolean
  /** Ends it from our side, appending a farewell where the protocol has one. */
  stop(out: Output): void
}

const OPEN = 0
/** Everything is written and our half is closed; waits for the client's. */
const LINGERING = 1
const CLOSED = 2

/** The listener's side of a connection. */
export interface ConnectionOwner {
  readonly output: Output
  /** Connections whose clients don't read, in order of their last progress. */
  readonly stalled: Set<StreamConnection>
  /** Connections that wait for the client to close. */
  readonly lingering: Set<StreamConnection>
  readonly nowMs: () => number
}

export class StreamConnection {
  readonly protocol: Protocol
  readonly #socket: Socket<StreamConnection>
  readonly #owner: ConnectionOwner
  readonly openedAtMs: number
  /** When the client last took something, or our half was closed. */
  sinceMs: number
  #phase = OPEN
  /** Output that the kernel didn't take. */
  #rest: Uint8Array | undefined
  #restAt = 0
  /** Input that waits for it. */
  #input: Uint8Array | undefined
  #inputAt = 0
  #hasPeerEnded = false

  constructor(socket: Socket<StreamConnection>, protocol: Protocol, owner: ConnectionOwner) {
    this.#socket = socket
    this.protocol = protocol
    this.#owner = owner
    this.openedAtMs = this.sinceMs = owner.nowMs()
  }

  /** A chunk came. It may be kept: Bun gives each its own memory. */
  read(chunk: Uint8Array): void {
    if (this.#phase !== OPEN) return
    if (this.#rest === undefined) return this.#process(chunk, 0)
    // A chunk can still arrive after `pause`; queue it.
    const waiting = this.#input
    if (waiting === undefined) {
      this.#input = chunk
      this.#inputAt = 0
    } else {
      this.#input = Buffer.concat([waiting.subarray(this.#inputAt), chunk])
      this.#inputAt = 0
    }
  }

  /** The kernel takes bytes again. */
  drained(): void {
    const rest = this.#rest
    if (rest === undefined || this.#phase !== OPEN) return
    const written = this.#socket.write(rest, this.#restAt, rest.length - this.#restAt)
    if (written < 0) return this.abort()
    if (written > 0) {
      this.#restAt += written
      this.sinceMs = this.#owner.nowMs()
    }
    if (this.#restAt < rest.length) return
    this.#rest = undefined
    this.#owner.stalled.delete(this)
    if (this.protocol.hasEnded) return this.#finish()
    const input = this.#input
    if (input !== undefined) {
      this.#input = undefined
      this.#process(input, this.#inputAt)
      if (this.#rest !== undefined || this.#phase !== OPEN) return
    }
    if (this.#hasPeerEnded) this.#finish()
    else this.#socket.resume()
  }

  /** The client closed its half: what it asked for is still answered. */
  peerEnded(): void {
    this.#hasPeerEnded = true
    if (this.#phase === LINGERING) this.#socket.end()
    else if (this.#rest === undefined) this.#finish()
  }

  /** Ends politely from our side. */
  stop(): void {
    if (this.#phase !== OPEN) return
    const output = this.#owner.output
    output.length = 0
    this.protocol.stop(output)
    this.#input = undefined
    if (this.#rest !== undefined) {
      this.#rest = Buffer.concat([this.#rest.subarray(this.#restAt), output.bytes.subarray(0, output.length)])
      this.#restAt = 0
      return
    }
    if (this.#flush()) this.#finish()
  }

  /** Closes at once; what was not sent is lost. */
  abort(): void {
    if (this.#phase === CLOSED) return
    this.closed()
    this.#socket.terminate()
  }

  /** The socket is gone. */
  closed(): void {
    this.#phase = CLOSED
    this.#rest = undefined
    this.#input = undefined
    this.#owner.stalled.delete(this)
    this.#owner.lingering.delete(this)
  }

  #process(bytes: Uint8Array, from: number): void {
    const output = this.#owner.output
    let at = from
    do {
      output.length = 0
      at = this.protocol.feed(bytes, at, output)
      if (!this.#flush()) {
        if (at < bytes.length && this.#phase === OPEN && !this.protocol.hasEnded) {
          this.#input = bytes
          this.#inputAt = at
        }
        return
      }
      if (this.protocol.hasEnded) return this.#finish()
    } while (at < bytes.length)
  }

  /** Writes the output. False: not all of it went, or the connection is gone. */
  #flush(): boolean {
    const output = this.#owner.output
    if (output.length === 0) return true
    const { bytes, length } = output
    const sent = send((this.#socket as { readonly fd?: number }).fd, bytes, length)
    if (sent === length) return true
    // Bun writes the rest: it reports when there is room again.
    const more = this.#socket.write(bytes, sent, length - sent)
    if (more < 0) {
      this.abort()
      return false
    }
    const written = sent + more
    if (written === length) return true
    this.#rest = bytes.slice(written, length)
    this.#restAt = 0
    this.sinceMs = this.#owner.nowMs()
    this.#owner.stalled.add(this)
    this.#socket.pause()
    return false
  }

  /**
   * Closes our half and lets the client close its own. A full close with input unread would make the kernel send RST, which can
   * overtake the farewell.
   */
  #finish(): void {
    if (this.#phase !== OPEN) return
    if (this.#hasPeerEnded) {
      this.closed()
      this.#socket.end()
      return
    }
    this.#phase = LINGERING
    this.sinceMs = this.#owner.nowMs()
    this.#owner.lingering.add(this)
    this.#socket.shutdown()
    this.#socket.resume()
  }
}
