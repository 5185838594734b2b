/**
 * Hint lines: the hints about a request as header lines: the list, and each hint for which the operator configured a header.
 *
 *     x-tcp-hints: ua-mismatch;q=0.95;reason="windows ua, linux stack" CRLF      RFC 9651
 */
import { type ConnectionHints, fieldOf, HINT_FIELDS, HintPolicy, Hinter } from "@synprint/core"
import { type HintsConfig, hintSettings } from "@synprint/service"
import type { HeadersConfig } from "../config/headers.ts"
import { headerNames } from "./header-encoder.ts"
import { bytesOf } from "../http1/byte-classes.ts"

const EMPTY: Uint8Array = new Uint8Array(0)
/** Length of `, spoofed-header;q=1.0;count=1024` in the list, and of the value of its own line. */
const SPOOFED_MAX = 96
const BLOCKS_MAX = 256

export class HintLines {
  readonly hinter: Hinter
  /** Upper bound of the bytes that the hint about forged headers adds. */
  readonly spoofedRoom: number
  /** Encoded lines by list: a site sees few different lists, each many times. */
  readonly #blocks = new Map<string, Uint8Array>()
  readonly #listNames: ReadonlyArray<string>
  /** Header names by number of the hint. */
  readonly #names: ReadonlyArray<ReadonlyArray<string>>

  constructor(headers: HeadersConfig, config: HintsConfig) {
    this.hinter = new Hinter(new HintPolicy(hintSettings(config)))
    const names = (field: string): ReadonlyArray<string> => headerNames(headers, fieldOf(field))
    this.#listNames = names("hints")
    this.#names = HINT_FIELDS.map(names)
    this.spoofedRoom = [...this.#listNames, ...this.#names.flat()].reduce((sum, name) => sum + name.length, SPOOFED_MAX)
  }

  /** True if any header carries hints. */
  get isWanted(): boolean {
    return this.#listNames.length > 0 || this.#names.some((names) => names.length > 0)
  }

  /** The result is shared: never write to it. */
  lines(connection: ConnectionHints, claim: number, spoofed: number): Uint8Array {
    const { hinter } = this
    const list = hinter.list(connection, claim, spoofed)
    if (list === undefined) return EMPTY
    const known = this.#blocks.get(list)
    if (known !== undefined) return known
    let text = ""
    for (const name of this.#listNames) text += `${name}: ${list}\r\n`
    this.#names.forEach((names, hint) => {
      const parameters = hinter.parameters[hint]
      if (parameters !== undefined) for (const name of names) text += `${name}: ${parameters.slice(";q=".length)}\r\n`
    })
    const block = bytesOf(text)
    if (this.#blocks.size === BLOCKS_MAX) this.#blocks.clear()
    this.#blocks.set(list, block)
    return block
  }
}
