/**
 * A client that behaves as HAProxy's SPOE engine does on the wire, over a real socket.
 *
 * 3.5: stream ids 1, 3, 5 ... per connection, frame id 1, up to 20 NOTIFYs in flight, connections that end by RST without a word.
 * 2.6: stream ids from a process-wide counter that starts at 0, HAPROXY-DISCONNECT when it stops.
 */
import type { Socket } from "bun"
import { type AgentFrame, haproxyDisconnect, haproxyHello, type Message, notify, readFrames } from "./haproxy-frames.ts"

export interface FakeHaproxyOptions {
  readonly to: { readonly host: string; readonly port: number } | { readonly path: string }
  readonly version?: "2.6" | "3.5"
  /** Sent instead of the version's HELLO; undefined sends it, an empty one sends nothing. */
  readonly hello?: Uint8Array
}

/** HAProxy 3.5's spop_init: requests in flight on one connection. */
export const IN_FLIGHT_MAX = 20

export class FakeHaproxy {
  /** Every frame in order of arrival. */
  readonly frames: Array<AgentFrame> = []
  /** Sizes of the chunks that brought them. */
  readonly chunks: Array<number> = []
  isClosed = false
  hasPeerEnded = false
  readonly #version: "2.6" | "3.5"
  #socket!: Socket
  #nextStream: number
  #held = Buffer.alloc(0)
  #waiting: Array<() => void> = []

  private constructor(options: FakeHaproxyOptions) {
    this.#version = options.version ?? "3.5"
    this.#nextStream = this.#version === "3.5" ? 1 : 0
  }

  static async connect(options: FakeHaproxyOptions): Promise<FakeHaproxy> {
    const fake = new FakeHaproxy(options)
    const handlers = {
      data: (_: Socket, chunk: Uint8Array) => fake.#take(chunk),
      end: () => {
        fake.hasPeerEnded = true
        fake.#wake()
      },
      close: () => {
        fake.isClosed = true
        fake.#wake()
      },
      error: () => {}
    }
    fake.#socket =
      "path" in options.to
        ? await Bun.connect({ unix: options.to.path, socket: handlers, allowHalfOpen: true })
        : await Bun.connect({ hostname: options.to.host, port: options.to.port, socket: handlers, allowHalfOpen: true })
    const capabilities = fake.#version === "3.5" ? "pipelining" : "pipelining,async"
    const hello = options.hello ?? haproxyHello({ capabilities })
    if (hello.length > 0) fake.write(hello)
    return fake
  }

  write(bytes: Uint8Array): number {
    return this.#socket.write(bytes)
  }

  /** Sends a NOTIFY with the ids of this version; gives its stream id. */
  notify(messages: ReadonlyArray<Message>): number {
    const sid = this.#nextStream
    this.#nextStream += this.#version === "3.5" ? 2 : 1
    this.write(notify(messages, { sid, fid: 1 }))
    return sid
  }

  /** Resolves when `isDone`, fails after `timeoutMs` with what came. */
  async until(what: string, isDone: () => boolean, timeoutMs = 15_000): Promise<void> {
    const deadline = performance.now() + timeoutMs
    while (!isDone()) {
      const left = deadline - performance.now()
      if (left <= 0) {
        const types = this.frames.map((frame) => frame.type).join(",")
        throw new Error(`${what}: not within ${timeoutMs} ms (frames ${types || "none"}, closed ${this.isClosed})`)
      }
      // oxlint-disable-next-line no-await-in-loop -- one wait after the other is the point
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 50))
        this.#waiting.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  /** Waits for the AGENT-HELLO. */
  async greeted(): Promise<AgentFrame> {
    await this.until("AGENT-HELLO", () => this.frames.some((frame) => frame.type === 101))
    return this.frames.find((frame) => frame.type === 101)!
  }

  /** Waits for the ACK of a stream id. */
  async ack(sid: number): Promise<AgentFrame> {
    const found = () => this.frames.find((frame) => frame.type === 103 && frame.sid === BigInt(sid))
    await this.until(`ACK ${sid}`, () => found() !== undefined)
    return found()!
  }

  async closed(timeoutMs?: number): Promise<void> {
    await this.until("close", () => this.isClosed || this.hasPeerEnded, timeoutMs)
  }

  /** 2.6's end: HAPROXY-DISCONNECT, then waits for AGENT-DISCONNECT. */
  disconnect(): void {
    this.write(haproxyDisconnect(0, "normal"))
  }

  /** Stops reading, as a HAProxy that is stuck. */
  pause(): void {
    this.#socket.pause()
  }

  /** 3.5's end: closed without a word; data that was not read makes it an RST. */
  abandon(): void {
    this.#socket.terminate()
  }

  end(): void {
    this.#socket.end()
  }

  #take(chunk: Uint8Array): void {
    this.chunks.push(chunk.length)
    this.#held = Buffer.concat([this.#held, chunk])
    const { frames, rest } = readFrames(this.#held)
    this.#held = this.#held.subarray(this.#held.length - rest)
    this.frames.push(...frames)
    this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}
