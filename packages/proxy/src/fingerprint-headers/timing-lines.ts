/**
 * Timing lines: the round trips of a connection as header lines behind its own block. They are known when the handshake of TLS is
 * complete, without TLS when the first byte came; the rest of the block is known before.
 */
import { FIELDS } from "@synprint/core"
import type { HeadersConfig } from "@synprint/service"
import { headerNames } from "./header-encoder.ts"
import { put, putDecimal } from "../http1/copy.ts"
import { bytesOf } from "../http1/byte-classes.ts"
import type { HeaderLines } from "../http1/header-lines.ts"

/** Digits of 120,000,000 µs: no measurement is longer. */
const DIGITS_MAX = 9

export class TimingLines {
  /** `name: ` by field. */
  readonly #rtt: ReadonlyArray<Uint8Array>
  readonly #helloDelay: ReadonlyArray<Uint8Array>
  readonly #tlsRtt: ReadonlyArray<Uint8Array>
  readonly #size: number

  constructor(headers: HeadersConfig) {
    const names = (name: string): ReadonlyArray<Uint8Array> =>
      headerNames(
        headers,
        FIELDS.find((field) => field.name === name)!
      ).map((header) => bytesOf(`${header}: `))
    this.#rtt = names("rtt")
    this.#helloDelay = names("chello_delay")
    this.#tlsRtt = names("tls_rtt")
    this.#size = [this.#rtt, this.#helloDelay, this.#tlsRtt]
      .flat()
      .reduce((sum, prefix) => sum + prefix.length + DIGITS_MAX + 2, 0)
  }

  /** Whether the application gets none of them. */
  get isEmpty(): boolean {
    return this.#size === 0
  }

  /** Adds the lines of what is known: microseconds, -1 not known. */
  append(to: HeaderLines, rtt: number, helloDelay: number, tlsRtt: number): void {
    const out = to.reserve(this.#size)
    let at = write(this.#rtt, rtt, out, to.length)
    at = write(this.#helloDelay, helloDelay, out, at)
    to.length = write(this.#tlsRtt, tlsRtt, out, at)
  }
}

function write(prefixes: ReadonlyArray<Uint8Array>, value: number, out: Uint8Array, at: number): number {
  if (value < 0) return at
  for (let index = 0; index < prefixes.length; index++) {
    at = putDecimal(value, out, put(prefixes[index]!, out, at))
    out[at++] = 0x0d
    out[at++] = 0x0a
  }
  return at
}
