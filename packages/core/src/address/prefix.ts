/**
 * Set of CIDR prefixes (RFC 4632 §3.1, RFC 4291 §2.3): which peers are trusted, which addresses are allowed or ignored.
 * A bare address is a prefix of its whole length; `::ffff:a.b.c.d/96+n` is the IPv4 prefix `/n`.
 */
import { parseAddress, printAddress } from "./address.ts"
import type { Family } from "./address.ts"
import { i32 } from "../bytes/big-endian.ts"
import { PrefixRanges } from "./prefix-ranges.ts"

/** Up to so many one test each, about 2 ns; a longer set is sorted (prefix-ranges.ts). */
const LINEAR_MAX = 16

/** 9 words per prefix: family, 4 words of mask, 4 words of network. */
const WORDS = 9

export class PrefixSet {
  /** Plain data from which a message to another thread makes the set again. */
  readonly words: Int32Array
  readonly size: number

  /** Ranges by family, for a set that is long. */
  readonly #ipv4: PrefixRanges | undefined
  readonly #ipv6: PrefixRanges | undefined

  constructor(words: Int32Array) {
    this.words = words
    this.size = words.length / WORDS
    const isLong = this.size > LINEAR_MAX
    this.#ipv4 = isLong ? rangesOf(words, 4) : undefined
    this.#ipv6 = isLong ? rangesOf(words, 6) : undefined
  }

  /** Every prefix of `sets`. */
  static union(sets: ReadonlyArray<PrefixSet>): PrefixSet {
    const words = new Int32Array(sets.reduce((sum, set) => sum + set.words.length, 0))
    let at = 0
    for (const set of sets) {
      words.set(set.words, at)
      at += set.words.length
    }
    return new PrefixSet(words)
  }

  contains(family: number, w0: number, w1: number, w2: number, w3: number): boolean {
    const ranges = family === 4 ? this.#ipv4 : this.#ipv6
    if (ranges !== undefined) return ranges.contains(w0, w1, w2, w3)
    const words = this.words
    for (let i = 0; i < words.length; i += WORDS) {
      if (
        words[i] === family &&
        (w0 & words[i + 1]!) === words[i + 5] &&
        (w1 & words[i + 2]!) === words[i + 6] &&
        (w2 & words[i + 3]!) === words[i + 7] &&
        (w3 & words[i + 4]!) === words[i + 8]
      ) {
        return true
      }
    }
    return false
  }

  /** The address of 16 bytes at `at`, IPv4 in the first 4. */
  containsBytes(family: Family, bytes: Uint8Array, at = 0): boolean {
    return family === 4
      ? this.contains(4, i32(bytes, at), 0, 0, 0)
      : this.contains(6, i32(bytes, at), i32(bytes, at + 4), i32(bytes, at + 8), i32(bytes, at + 12))
  }

  /** false when `text` is no address. */
  containsAddress(text: string): boolean {
    const bytes = new Uint8Array(16)
    const family = parseAddress(text, bytes)
    return family !== 0 && this.containsBytes(family, bytes)
  }

  /** Canonical texts in the order given. */
  print(): ReadonlyArray<string> {
    const texts: Array<string> = []
    const bytes = new Uint8Array(16)
    for (let i = 0; i < this.words.length; i += WORDS) {
      let length = 0
      for (let j = 0; j < 4; j++) {
        const word = this.words[i + 5 + j]!
        for (let k = 0; k < 4; k++) bytes[j * 4 + k] = word >>> (24 - 8 * k)
        length += Math.clz32(~this.words[i + 1 + j]!)
      }
      texts.push(`${printAddress(this.words[i] as Family, bytes)}/${length}`)
    }
    return texts
  }
}

function rangesOf(words: Int32Array, family: number): PrefixRanges {
  const masks: Array<number> = []
  const networks: Array<number> = []
  for (let i = 0; i < words.length; i += WORDS) {
    if (words[i] !== family) continue
    for (let word = 1; word <= 4; word++) {
      // An IPv4 address fills one word; the others are 0 whatever is asked.
      masks.push(family === 4 && word > 1 ? -1 : words[i + word]!)
      networks.push(words[i + 4 + word]!)
    }
  }
  return new PrefixRanges(Int32Array.from(masks), Int32Array.from(networks))
}

/** The set, or one message per text that is no prefix. */
export function parsePrefixes(texts: ReadonlyArray<string>): PrefixSet | ReadonlyArray<string> {
  const words = new Int32Array(texts.length * WORDS)
  const errors: Array<string> = []
  texts.forEach((text, index) => {
    const error = parsePrefix(text, words, index * WORDS)
    if (error !== undefined) errors.push(error)
  })
  return errors.length > 0 ? errors : new PrefixSet(words)
}

function parsePrefix(text: string, words: Int32Array, at: number): string | undefined {
  const slash = text.indexOf("/")
  const addressText = slash < 0 ? text : text.slice(0, slash)
  const bytes = new Uint8Array(16)
  const family = parseAddress(addressText, bytes)
  if (family === 0) return `"${text}": not an IPv4 or IPv6 address (write 10.0.0.0/8 or 2001:db8::/32)`
  const isMapped = family === 4 && addressText.includes(":")
  const bits = family === 4 ? 32 : 128
  let length = bits
  if (slash >= 0) {
    const lengthText = text.slice(slash + 1)
    const most = isMapped ? 128 : bits
    length = /^\d{1,3}$/.test(lengthText) ? Number(lengthText) : -1
    if (length < 0 || length > most) return `"${text}": the prefix length must be a number from 0 to ${most}`
    if (isMapped) {
      if (length < 96) return `"${text}": a v4-mapped prefix needs a length from 96 to 128 (or write the IPv4 prefix)`
      length -= 96
    }
  }
  words[at] = family
  let hasHostBits = false
  for (let i = 0; i < 4; i++) {
    const ones = Math.min(32, Math.max(0, length - 32 * i))
    const mask = ones === 0 ? 0 : -1 << (32 - ones)
    const word = i32(bytes, 4 * i)
    words[at + 1 + i] = mask
    words[at + 5 + i] = word & mask
    if ((word & ~mask) !== 0) {
      hasHostBits = true
      for (let k = 0; k < 4; k++) bytes[4 * i + k] = (word & mask) >>> (24 - 8 * k)
    }
  }
  if (!hasHostBits) return undefined
  const network = `${printAddress(family, bytes)}/${length}`
  return `"${text}": address bits are set beyond the prefix (write ${network}, or the address alone)`
}
