/**
 * One client of a stream listener: bytes in, a protocol's bytes out, with bounded memory whatever the client does.
 *
 * Everything that one read asked for goes out in one write. If the kernel doesn't take all of it, reading pauses until the rest was written:
 * a client that sends and never reads costs one chunk and one output, then only its own time.
 */
import type { Socket } from "bun"
import { SocketWriter } from "@synprint/linux/sockets"
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
/** Everything was written and our half is closed; waits for the client to close its half. */
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
  /** Time of the client's last read, or of closing our half. */
  sinceMs: number
  #phase = OPEN
  readonly #writer = new SocketWriter()
  /** Input that waits until pending output was written. */
  #input: Uint8Array | undefined
  #inputAt = 0
  #hasPeerEnded = false

  constructor(socket: Socket<StreamConnection>, protocol: Protocol, owner: ConnectionOwner) {
    this.#socket = socket
    this.#writer.open(socket as Socket<unknown>)
    this.protocol = protocol
    this.#owner = owner
    this.openedAtMs = this.sinceMs = owner.nowMs()
  }

  /** Reads a chunk, which may be kept: Bun gives each its own memory. */
  read(chunk: Uint8Array): void {
    if (this.#phase !== OPEN) return
    if (!this.#writer.hasPending) return this.#process(chunk, 0)
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
    const writer = this.#writer
    if (!writer.hasPending || this.#phase !== OPEN) return
    const before = writer.flushed
    const isEmpty = writer.flush()
    if (writer.isBroken) return this.abort()
    if (writer.flushed > before) this.sinceMs = this.#owner.nowMs()
    if (!isEmpty) return
    this.#owner.stalled.delete(this)
    if (this.protocol.hasEnded) return this.#finish()
    const input = this.#input
    if (input !== undefined) {
      this.#input = undefined
      this.#process(input, this.#inputAt)
      if (this.#writer.hasPending || this.#phase !== OPEN) return
    }
    if (this.#hasPeerEnded) this.#finish()
    else this.#socket.resume()
  }

  /** The client closed its half: its questions are still answered. */
  peerEnded(): void {
    this.#hasPeerEnded = true
    if (this.#phase === LINGERING) this.#socket.end()
    else if (!this.#writer.hasPending) this.#finish()
  }

  /** Ends politely from our side. */
  stop(): void {
    if (this.#phase !== OPEN) return
    const output = this.#owner.output
    output.length = 0
    this.protocol.stop(output)
    this.#input = undefined
    if (this.#writer.hasPending) this.#writer.send(output.bytes, 0, output.length, "borrow")
    else if (this.#flush()) this.#finish()
  }

  /** Closes at once and drops pending output. */
  abort(): void {
    if (this.#phase === CLOSED) return
    this.closed()
    this.#socket.terminate()
  }

  /** The socket is closed. */
  closed(): void {
    this.#phase = CLOSED
    this.#writer.close()
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

  /** Writes the output. False: some of it waits, or the connection is broken. */
  #flush(): boolean {
    const output = this.#owner.output
    const writer = this.#writer
    if (output.length === 0) return true
    const isSent = writer.send(output.bytes, 0, output.length, "borrow")
    if (writer.isBroken) {
      this.abort()
      return false
    }
    if (isSent) return true
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
