/**
 * Hint lines: what is hinted of a request as header lines, the list and each hint that the operator gave a header of its own.
 *
 *     x-tcp-hints: ua-mismatch;q=0.95;reason="windows ua, linux stack" CRLF      RFC 9651
 */
import { type ConnectionHints, FIELDS, HINT_FIELDS, HintPolicy, Hinter } from "@synprint/core"
import { type HeadersConfig, type HintsConfig, hintSettings } from "@synprint/service"
import { headerNames } from "./header-encoder.ts"
import { bytesOf } from "../http1/byte-classes.ts"

const EMPTY: Uint8Array = new Uint8Array(0)
/** `, spoofed-header;q=1.0;count=1024` and its own line's value. */
const SPOOFED_MAX = 96
const BLOCKS_MAX = 256

export class HintLines {
  readonly hinter: Hinter
  /** Bytes that naming forged headers may add to a block. */
  readonly spoofedRoom: number
  /** By list: a site sees a few, many times each. */
  readonly #blocks = new Map<string, Uint8Array>()
  readonly #listNames: ReadonlyArray<string>
  /** By number of the hint. */
  readonly #names: ReadonlyArray<ReadonlyArray<string>>

  constructor(headers: HeadersConfig, config: HintsConfig) {
    this.hinter = new Hinter(new HintPolicy(hintSettings(config)))
    const names = (field: string): ReadonlyArray<string> =>
      headerNames(
        headers,
        FIELDS.find(({ name }) => name === field)!
      )
    this.#listNames = names("hints")
    this.#names = HINT_FIELDS.map(names)
    this.spoofedRoom = [...this.#listNames, ...this.#names.flat()].reduce((sum, name) => sum + name.length, SPOOFED_MAX)
  }

  /** Whether any header tells hints. */
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
