/**
 * Option layout: the kinds of a SYN's TCP options in order, `mss,sok,ts,nop,ws` (p0f README: olayout; fp_tcp.c).
 *
 * Kinds: IANA tcp-parameters. `eol+N` stands for EOL followed by N bytes of padding and can only be last; `?N` is any other kind.
 */
import { MAX_TCP_OPT } from "../../packet/packet.ts"

export const KIND_EOL = 0
export const KIND_NOP = 1
const KIND_MSS = 2
const KIND_WS = 3
const KIND_SOK = 4
const KIND_SACK = 5
export const KIND_TS = 8

/** Name by kind, sparse. */
export const OPTION_NAMES: ReadonlyArray<string | undefined> = [
  undefined,
  "nop",
  "mss",
  "ws",
  "sok",
  "sack",
  undefined,
  undefined,
  "ts"
]

const KINDS = new Map([
  ["nop", KIND_NOP],
  ["mss", KIND_MSS],
  ["ws", KIND_WS],
  ["sok", KIND_SOK],
  ["sack", KIND_SACK],
  ["ts", KIND_TS]
])

/** Text of a layout; empty for none. */
export function printLayout(layout: Uint8Array, pad: number): string {
  const last = layout.length - 1
  const words: Array<string> = []
  for (const [at, kind] of layout.entries()) {
    words.push(kind === KIND_EOL && at === last ? `eol+${pad}` : (OPTION_NAMES[kind] ?? `?${kind}`))
  }
  return words.join(",")
}

export interface OptionLayout {
  readonly layout: Uint8Array
  readonly pad: number
}

const DIGITS = /^[0-9]*$/

function byte(digits: string): number {
  const value = DIGITS.test(digits) ? Number(digits) : -1
  return value <= 255 ? value : -1
}

/**
 * Reads a layout. p0f reads a missing number as 0 and forgives one trailing comma; so do we, for the sake of existing files.
 * The error is `offset of the bad option, what is wrong`.
 */
export function parseLayout(text: string): OptionLayout | readonly [offset: number, message: string] {
  const kinds: Array<number> = []
  let pad = 0
  let offset = 0
  const words = text.split(",")
  if (words.at(-1) === "") words.pop()
  for (const [at, word] of words.entries()) {
    if (kinds.length === MAX_TCP_OPT) return [offset, `more than ${MAX_TCP_OPT} options: remove some`]
    const kind = KINDS.get(word)
    if (kind !== undefined) {
      kinds.push(kind)
    } else if (word.startsWith("eol")) {
      pad = word.startsWith("eol+") ? byte(word.slice(4)) : -1
      if (pad < 0) return [offset, `'${word}' must be eol+N, N = 0..255 bytes after the EOL byte`]
      if (offset + word.length !== text.length || at !== words.length - 1) {
        return [offset, `'${word}' must be the last option: what follows EOL is padding`]
      }
      kinds.push(KIND_EOL)
    } else if (word.startsWith("?")) {
      const other = byte(word.slice(1))
      if (other < 0) return [offset, `'${word}' must be ?N, N = 0..255`]
      kinds.push(other)
    } else if (word === "") {
      return [offset, "an option is missing between two commas"]
    } else {
      return [offset, `'${word}' is no option: use nop, mss, ws, sok, sack, ts, eol+N or ?N`]
    }
    offset += word.length + 1
  }
  return { layout: Uint8Array.from(kinds), pad }
}
