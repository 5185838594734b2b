/**
 * p0f's API on one connection: queries in, replies out, in order, for any split of the input. Core's p0f/api.ts shows the layout of both.
 *
 * A query that is bad gets the status that says so and the connection goes on: only the client closes it.
 */
import { P0F_FRIENDLY_REPLY_BYTES, P0F_QUERY_BYTES } from "@synprint/core"
import type { Output } from "../protocol/output.ts"
import type { Protocol } from "../agent/stream-connection.ts"

/** Room for a reply of either layout. */
const ROOM = P0F_FRIENDLY_REPLY_BYTES

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
  readonly #partial = new Uint8Array(P0F_QUERY_BYTES)
  #partialLength = 0

  constructor(reply: Reply, counters: P0fCounters) {
    this.#reply = reply
    this.#counters = counters
  }

  feed(bytes: Uint8Array, from: number, out: Output): number {
    const end = bytes.length
    let at = from
    if (this.#partialLength > 0) {
      if (out.room < ROOM) return at
      while (at < end && this.#partialLength < P0F_QUERY_BYTES) this.#partial[this.#partialLength++] = bytes[at++]!
      if (this.#partialLength < P0F_QUERY_BYTES) return at
      this.#partialLength = 0
      this.#answer(this.#partial, 0, out)
    }
    while (end - at >= P0F_QUERY_BYTES) {
      if (out.room < ROOM) return at
      this.#answer(bytes, at, out)
      at += P0F_QUERY_BYTES
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
