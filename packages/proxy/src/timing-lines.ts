/**
 * Timing lines: the round trips of a connection as header lines behind its own block. They are known when the handshake of TLS is
 * complete, without TLS when the first octet came; the rest of the block is known before.
 */
import { FIELDS } from "@synprint/core"
import type { HeadersConfig } from "@synprint/core/runtime"
import { headerNames } from "./header-block.ts"
import { copy, put, putDecimal } from "./http/copy.ts"
import { octets } from "./http/octets.ts"

/** Digits of 120,000,000 µs: no measurement is longer. */
const DIGITS_MAX = 9

/** A block is put together here. */
let scratch = new Uint8Array(new ArrayBuffer(2048))

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
      ).map((header) => octets(`${header}: `))
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

  /** `block` and the lines of what is known: microseconds, -1 not known. */
  append(block: Uint8Array, rtt: number, helloDelay: number, tlsRtt: number): Uint8Array {
    if (scratch.length < block.length + this.#size) scratch = new Uint8Array(block.length + this.#size)
    let at = copy(block, 0, block.length, scratch, 0)
    at = write(this.#rtt, rtt, scratch, at)
    at = write(this.#helloDelay, helloDelay, scratch, at)
    at = write(this.#tlsRtt, tlsRtt, scratch, at)
    return scratch.slice(0, at)
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
