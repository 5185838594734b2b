/**
 * p0f's API on one connection: queries of 21 bytes in, replies of 232 or 236 bytes out, in order, for any split of the input
 * (p0f 3.09b api.h, api.c).
 *
 * ```
 * query   0 u32 magic 0x50304601 | 4 u8 type 4 or 6 | 5 u8[16] address
 * reply   0 u32 magic 0x50304602 | 4 u32 status 0x00 bad query, 0x10 ok, 0x20 no match | ...
 * ```
 * A query that is bad gets the status that says so and the connection goes on: only the client closes it.
 */
import type { Output } from "../protocol/output.ts"
import type { Protocol } from "../agent/stream-connection.ts"

export const QUERY_SIZE = 21
export const REPLY_SIZE = 232
/** The seed's patched p0f puts u16 link_mtu and u16 link_mss before the link type. */
export const FRIENDLY_REPLY_SIZE = 236

/** Writes the reply to the query at `at` into `out` at `outAt`; returns its length. */
export type Reply = (query: Uint8Array, at: number, out: Uint8Array, outAt: number) => number

export class P0fCounters {
  connections = 0
  open = 0
  denied = 0
  helloTimeouts = 0
  stalls = 0
  queries = 0
}

export class P0fSession implements Protocol {
  readonly isGreeted = true
  hasEnded = false
  readonly #reply: Reply
  readonly #counters: P0fCounters
  readonly #partial = new Uint8Array(QUERY_SIZE)
  #partialLength = 0

  constructor(reply: Reply, counters: P0fCounters) {
    this.#reply = reply
    this.#counters = counters
  }

  feed(bytes: Uint8Array, from: number, out: Output): number {
    const end = bytes.length
    let at = from
    if (this.#partialLength > 0) {
      if (out.room < FRIENDLY_REPLY_SIZE) return at
      while (at < end && this.#partialLength < QUERY_SIZE) this.#partial[this.#partialLength++] = bytes[at++]!
      if (this.#partialLength < QUERY_SIZE) return at
      this.#partialLength = 0
      this.#answer(this.#partial, 0, out)
    }
    while (end - at >= QUERY_SIZE) {
      if (out.room < FRIENDLY_REPLY_SIZE) return at
      this.#answer(bytes, at, out)
      at += QUERY_SIZE
    }
    while (at < end) this.#partial[this.#partialLength++] = bytes[at++]!
    return at
  }

  stop(): void {
    this.hasEnded = true
  }

  #answer(query: Uint8Array, at: number, out: Output): void {
    this.#counters.queries++
    out.length += this.#reply(query, at, out.bytes, out.length)
  }
}
