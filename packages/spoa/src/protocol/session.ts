/**
 * Session: SPOP on one connection as a state machine, bytes in and bytes out, for any split of the input.
 *
 * ```
 *           HAPROXY-HELLO                          HAPROXY-DISCONNECT, a fault, a health check, stop()
 *  HELLO ─────────────────► READY ──NOTIFY/ACK──► ENDED (everything that follows is skipped)
 *    └── any other frame ─────────────────────────►
 * ```
 * A frame that lies whole in a chunk is read in place; only one that continues in the next chunk is copied. A LENGTH is checked as soon as
 * its 4 bytes have arrived, so that nothing is ever allocated for a length that was not accepted.
 */
import {
  DISCONNECT_MAX,
  FRAGMENTATION,
  FRAME_TOO_BIG,
  INVALID_FRAME,
  NORMAL,
  TIMEOUT,
  UNKNOWN,
  readDisconnect,
  writeDisconnect
} from "./disconnect.ts"
import {
  FLAG_ABORT,
  FLAG_FIN,
  Frame,
  HAPROXY_DISCONNECT,
  HAPROXY_HELLO,
  LENGTH_MIN,
  LENGTH_SIZE,
  NOTIFY,
  UNSET,
  frameLength,
  readFrame
} from "./frame.ts"
import { type Hello, readHello, writeHello } from "./hello.ts"
import type { Output } from "./output.ts"

/** Answers a NOTIFY. */
export interface NotifyHandler {
  /** Called before the NOTIFYs of one read. */
  readonly begin: () => void
  /**
   * Appends one ACK of at most `limitBytes`, LENGTH included. False, with nothing appended: the list of messages is malformed.
   */
  readonly acknowledge: (notify: Frame, out: Output, limitBytes: number) => boolean
}

export interface SessionSettings {
  /** Largest LENGTH accepted, and announced unless HAProxy's is smaller. */
  readonly maxFrameSize: number
  /** Announce pipelining. */
  readonly pipelining: boolean
  /** Why health checks must fail now; undefined: they succeed. */
  readonly unhealthy: () => string | undefined
}

/** Counters that sessions increment. */
export interface SessionCounters {
  /** Frames received, by type. */
  hellos: number
  healthChecks: number
  notifies: number
  disconnects: number
  /** Frames that ask for nothing: UNSET, agent frames and unknown types. */
  ignored: number
  /** Frames sent, by type. */
  agentHellos: number
  acks: number
  agentDisconnects: number
  /** AGENT-DISCONNECTs with a status code other than NORMAL, and the same by code, 0..99. */
  refusals: number
  readonly refusalsByCode: Float64Array
  /** HAPROXY-DISCONNECTs with a code other than normal, I/O error and time-out: HAProxy rejected a frame of ours. */
  disconnectErrors: number
}

const HELLO = 0
const READY = 1
const ENDED = 2

/** Longest ACK on a pipelined connection: 20 larger ones can wedge HAProxy 3.5's demuxer, and 34 were seen in one read. */
export const ACK_MAX_PIPELINED = 400

/** Longest ACK without pipelining: it fits in HAProxy's smallest buffer beside others. */
const ACK_MAX = 4096

/** Room that one step may need: an ACK, then the DISCONNECT of a fault in the next frame. */
const ROOM = ACK_MAX + DISCONNECT_MAX

// A session handles one frame at a time and never re-enters, so one of each serves every connection of the thread.
const frame = new Frame()
const hello: Hello = { maxFrameSize: 0, hasPipelining: false, isHealthCheck: false }
const NOTHING = new Uint8Array(0)

/** Largest buffer for partial frames that an idle connection keeps. */
const IDLE_BUFFER_MAX = 1024

export class Session {
  #phase = HELLO
  #maxFrameSize: number
  #ackLimit = ACK_MAX
  /** The part of a frame that has arrived, LENGTH included. */
  #partial = NOTHING
  #partialLength = 0
  readonly #settings: SessionSettings
  readonly #handler: NotifyHandler
  readonly #counters: SessionCounters

  constructor(settings: SessionSettings, handler: NotifyHandler, counters: SessionCounters) {
    this.#settings = settings
    this.#handler = handler
    this.#counters = counters
    this.#maxFrameSize = settings.maxFrameSize
  }

  /** True once a whole HELLO has arrived, or the session is over: the hello time-out no longer applies. */
  get isGreeted(): boolean {
    return this.#phase !== HELLO
  }

  /** True if the connection must be closed once `out` was written. */
  get hasEnded(): boolean {
    return this.#phase === ENDED
  }

  /**
   * Reads `bytes` from `from` on and appends the replies to `out`. Returns where it stopped: the end, or before it when `out`
   * has no room for another reply; call again with that offset when `out` was written.
   */
  feed(bytes: Uint8Array, from: number, out: Output): number {
    const end = bytes.length
    let at = from
    this.#handler.begin()
    if (this.#partialLength > 0) {
      if (out.room < ROOM) return at
      at = this.#complete(bytes, at, out)
    }
    while (at < end) {
      if (this.#phase === ENDED) return end
      if (end - at < LENGTH_SIZE) return this.#hold(bytes, at)
      const length = frameLength(bytes, at)
      if (!this.#accepts(length, out)) return end
      const next = at + LENGTH_SIZE + length
      if (next > end) return this.#hold(bytes, at)
      if (out.room < ROOM) return at
      this.#handle(bytes, at, length, out)
      at = next
    }
    return at
  }

  /** Ends the session from our side, with an AGENT-DISCONNECT if the handshake is complete. */
  stop(out: Output): void {
    if (this.#phase === READY) {
      writeDisconnect(out, NORMAL)
      this.#counters.agentDisconnects++
    }
    this.#phase = ENDED
    this.#partialLength = 0
  }

  /** Appends to the partial frame and handles it once it is whole. Returns the offset up to which `bytes` were used. */
  #complete(bytes: Uint8Array, at: number, out: Output): number {
    const end = bytes.length
    while (this.#partialLength < LENGTH_SIZE) {
      if (at === end) return at
      this.#partial[this.#partialLength++] = bytes[at++]!
    }
    const length = frameLength(this.#partial, 0)
    if (!this.#accepts(length, out)) return end
    const missing = LENGTH_SIZE + length - this.#partialLength
    const taken = missing < end - at ? missing : end - at
    this.#reserve(LENGTH_SIZE + length)
    this.#partial.set(bytes.subarray(at, at + taken), this.#partialLength)
    this.#partialLength += taken
    if (taken === missing) {
      const partial = this.#partial
      this.#partialLength = 0
      // Release the buffer of a large frame, so that idle connections hold little.
      if (partial.length > IDLE_BUFFER_MAX) this.#partial = NOTHING
      this.#handle(partial, 0, length, out)
    }
    return at + taken
  }

  /** Copies the first part of a frame whose rest has not arrived yet. */
  #hold(bytes: Uint8Array, at: number): number {
    const length = bytes.length - at
    this.#reserve(length < LENGTH_SIZE ? LENGTH_SIZE : LENGTH_SIZE + frameLength(bytes, at))
    this.#partial.set(bytes.subarray(at), 0)
    this.#partialLength = length
    return bytes.length
  }

  #reserve(size: number): void {
    if (this.#partial.length >= size) return
    let capacity = 256
    while (capacity < size) capacity *= 2
    const grown = new Uint8Array(new ArrayBuffer(capacity))
    grown.set(this.#partial.subarray(0, this.#partialLength))
    this.#partial = grown
  }

  /** Checks a LENGTH; one that is refused ends the session. */
  #accepts(length: number, out: Output): boolean {
    if (length >= LENGTH_MIN && length <= this.#maxFrameSize) return true
    this.#refuse(length < LENGTH_MIN ? INVALID_FRAME : FRAME_TOO_BIG, out)
    return false
  }

  #refuse(code: number, out: Output, message?: string): void {
    this.#phase = ENDED
    this.#partialLength = 0
    this.#counters.refusals++
    this.#counters.refusalsByCode[code]!++
    this.#counters.agentDisconnects++
    writeDisconnect(out, code, message)
  }

  #handle(bytes: Uint8Array, at: number, length: number, out: Output): void {
    if (!readFrame(bytes, at, length, frame)) return this.#refuse(INVALID_FRAME, out)
    if (this.#phase === HELLO) return this.#greet(out)
    switch (frame.type) {
      case NOTIFY:
        return this.#notify(out)
      case HAPROXY_DISCONNECT:
        return this.#disconnect(out)
      case HAPROXY_HELLO:
        return this.#refuse(INVALID_FRAME, out)
      case UNSET:
        // The rest of a fragmented frame, or its abort. An abort asks for nothing; a fragment is more than we announced.
        if ((frame.flags & FLAG_ABORT) === 0) return this.#refuse(FRAGMENTATION, out)
        this.#counters.ignored++
        return
      default:
        this.#counters.ignored++
    }
  }

  #greet(out: Output): void {
    if (frame.type !== HAPROXY_HELLO) return this.#refuse(INVALID_FRAME, out)
    if ((frame.flags & FLAG_FIN) === 0) return this.#refuse(FRAGMENTATION, out)
    // Both ids of a HELLO are 0.
    if (frame.payload - frame.ids !== 2 || frame.bytes[frame.ids] !== 0 || frame.bytes[frame.ids + 1] !== 0) {
      return this.#refuse(INVALID_FRAME, out)
    }
    const code = readHello(frame, hello)
    if (code !== NORMAL) return this.#refuse(code, out)
    const settings = this.#settings
    if (hello.isHealthCheck) {
      this.#counters.healthChecks++
      const reason = settings.unhealthy()
      if (reason !== undefined) return this.#refuse(UNKNOWN, out, reason)
    } else this.#counters.hellos++
    if (hello.maxFrameSize < this.#maxFrameSize) this.#maxFrameSize = hello.maxFrameSize
    const largest = this.#maxFrameSize + LENGTH_SIZE
    const limit = settings.pipelining && hello.hasPipelining ? ACK_MAX_PIPELINED : ACK_MAX
    this.#ackLimit = limit < largest ? limit : largest
    writeHello(out, this.#maxFrameSize, settings.pipelining)
    this.#counters.agentHellos++
    this.#phase = hello.isHealthCheck ? ENDED : READY
  }

  #notify(out: Output): void {
    this.#counters.notifies++
    if ((frame.flags & FLAG_FIN) === 0) return this.#refuse(FRAGMENTATION, out)
    if ((frame.flags & FLAG_ABORT) !== 0) {
      // HAProxy aborted the event in the same frame: it waits for no ACK.
      this.#counters.ignored++
      return
    }
    if (this.#handler.acknowledge(frame, out, this.#ackLimit)) this.#counters.acks++
    else this.#refuse(INVALID_FRAME, out)
  }

  #disconnect(out: Output): void {
    this.#counters.disconnects++
    if (readDisconnect(frame) > TIMEOUT) this.#counters.disconnectErrors++
    this.stop(out)
  }
}
