/**
 * Kinds of header fields that a proxy acts on, recognized by the length and bytes of the name, and sets of names from the configuration.
 */
import { RESERVED_PREFIXES } from "@synprint/core"
import { equalsIgnoringCase, FOLD, bytesOf } from "./byte-classes.ts"

/** Any other field: it is forwarded unchanged. */
export const OTHER = 0
export const HOST = 1
export const CONNECTION = 2
export const CONTENT_LENGTH = 3
export const TRANSFER_ENCODING = 4
export const EXPECT = 5
export const UPGRADE = 6
export const TE = 7
export const TRAILER = 8
export const KEEP_ALIVE = 9
export const PROXY_CONNECTION = 10
export const HTTP2_SETTINGS = 11
export const DATE = 12
export const FORWARDED_FOR = 13
export const FORWARDED_HOST = 14
export const FORWARDED_PORT = 15
export const FORWARDED_PROTO = 16
/** One of the names that only we may send (core: isReservedHeader). */
export const RESERVED = 17
/** Named by the message's own Connection field. */
export const NAMED = 18

const NAMES: ReadonlyArray<readonly [kind: number, name: Uint8Array]> = (
  [
    [HOST, "host"],
    [CONNECTION, "connection"],
    [CONTENT_LENGTH, "content-length"],
    [TRANSFER_ENCODING, "transfer-encoding"],
    [EXPECT, "expect"],
    [UPGRADE, "upgrade"],
    [TE, "te"],
    [TRAILER, "trailer"],
    [KEEP_ALIVE, "keep-alive"],
    [PROXY_CONNECTION, "proxy-connection"],
    [HTTP2_SETTINGS, "http2-settings"],
    [DATE, "date"]
  ] as const
).map(([kind, name]) => [kind, bytesOf(name)])

/** Indexed by length, so that one load rules out most names. */
const BY_LENGTH: Array<ReadonlyArray<readonly [kind: number, name: Uint8Array]>> = Array.from({ length: 32 }, () => [])
for (const entry of NAMES) BY_LENGTH[entry[1].length] = [...BY_LENGTH[entry[1].length]!, entry]

const FORWARDED = (
  [
    [FORWARDED_FOR, "x-forwarded-for"],
    [FORWARDED_HOST, "x-forwarded-host"],
    [FORWARDED_PORT, "x-forwarded-port"],
    [FORWARDED_PROTO, "x-forwarded-proto"]
  ] as const
).map(([kind, name]) => [kind, bytesOf(name)] as const)

const PREFIXES = RESERVED_PREFIXES.map(bytesOf)
const X = 0x78

/** Returns the kind of a field name; `X-Forwarded-*` and reserved names are recognized with `_` for `-` too. */
export function kindOf(bytes: Uint8Array, from: number, end: number): number {
  const length = end - from
  const first = FOLD[bytes[from]!]!
  if (first === X) {
    for (let i = 0; i < PREFIXES.length; i++) if (startsFolded(bytes, from, end, PREFIXES[i]!)) return RESERVED
    if (length >= 15 && length <= 17) {
      for (let i = 0; i < FORWARDED.length; i++) {
        const [kind, name] = FORWARDED[i]!
        if (name.length === length && startsFolded(bytes, from, end, name)) return kind
      }
    }
    return OTHER
  }
  if (length >= 32) return OTHER
  const candidates = BY_LENGTH[length]!
  for (let i = 0; i < candidates.length; i++) {
    const name = candidates[i]![1]
    if (name[0] === first && equalsIgnoringCase(bytes, from, end, name)) return candidates[i]![0]
  }
  return OTHER
}

function startsFolded(bytes: Uint8Array, from: number, end: number, folded: Uint8Array): boolean {
  if (end - from < folded.length) return false
  for (let i = 0; i < folded.length; i++) if (FOLD[bytes[from + i]!] !== folded[i]) return false
  return true
}

/** A set of names, compared ignoring case and with `_` equal to `-`. */
export class NameSet {
  readonly size: number
  readonly #byLength: ReadonlyArray<ReadonlyArray<Uint8Array>>

  constructor(names: Iterable<string>) {
    const unique = new Set([...names].map((name) => name.toLowerCase().replaceAll("_", "-")))
    const byLength: Array<Array<Uint8Array>> = []
    for (const name of unique) (byLength[name.length] ??= []).push(bytesOf(name))
    this.#byLength = byLength
    this.size = unique.size
  }

  has(bytes: Uint8Array, from: number, end: number): boolean {
    const names = this.#byLength[end - from]
    if (names === undefined) return false
    for (let i = 0; i < names.length; i++) if (startsFolded(bytes, from, end, names[i]!)) return true
    return false
  }
}
