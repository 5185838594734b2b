/**
 * Line ends: what follows the addresses in p0f's lines of a SYN, `syn` and `mtu`, by the matcher's entry. Both lie side by side in one
 * slab, as words of eight bytes: fingerprints are objects all over the heap, which cost a SYN more than its lines did.
 *
 *     entry, 32 words   0 lengths (int32[2])   1 `|os=...|raw_sig=...` LF, 152 bytes   20 `|link=...|raw_mtu=...` LF, 96 bytes
 */
import type { TcpFingerprint } from "../tcp/matching/fingerprint.ts"

const ENTRY_SHIFT = 5
const SYN = 1
const MTU = 20
const SYN_BYTES = 8 * (MTU - SYN)
const MTU_BYTES = 8 * ((1 << ENTRY_SHIFT) - MTU)
const FIRST_ENTRIES = 1024

const LF = 0x0a
/** A float64 whose highest byte is 0x7f or 0xff may be no number, which the engine need not copy as it is. */
const MAX_BYTE = 0x7e
/** Behind the text: a word that ends in zeros would be a denormal number. */
const PADDING = 0x20

export class LineEnds {
  words = new Float64Array(FIRST_ENTRIES << ENTRY_SHIFT)
  #lengths = new Int32Array(this.words.buffer)
  #bytes = new Uint8Array(this.words.buffer)
  /** Fingerprint whose line ends an entry holds; entries are reused for others. */
  #fingerprints: Array<TcpFingerprint | undefined> = []

  /** Returns true if the line ends of this fingerprint are stored; those that are too long or not ASCII never are. */
  has(entry: number, fingerprint: TcpFingerprint): boolean {
    if (this.#fingerprints[entry] !== fingerprint) this.#read(entry, fingerprint)
    return this.#lengths[entry << (ENTRY_SHIFT + 1)] !== 0
  }

  /** First word of the `syn` line's end. */
  synAt(entry: number): number {
    return (entry << ENTRY_SHIFT) + SYN
  }

  /** With its LF. */
  synLength(entry: number): number {
    return this.#lengths[entry << (ENTRY_SHIFT + 1)]!
  }

  mtuAt(entry: number): number {
    return (entry << ENTRY_SHIFT) + MTU
  }

  mtuLength(entry: number): number {
    return this.#lengths[(entry << (ENTRY_SHIFT + 1)) + 1]!
  }

  #read(entry: number, fingerprint: TcpFingerprint): void {
    const words = (entry + 1) << ENTRY_SHIFT
    if (words > this.words.length) this.#grow(words)
    const { logSuffix, mtuLogSuffix } = fingerprint
    const fits =
      logSuffix.length < SYN_BYTES &&
      mtuLogSuffix.length < MTU_BYTES &&
      logSuffix.every((byte) => byte <= MAX_BYTE) &&
      mtuLogSuffix.every((byte) => byte <= MAX_BYTE)
    const lengths = entry << (ENTRY_SHIFT + 1)
    this.#fingerprints[entry] = fingerprint
    this.#lengths[lengths] = fits ? logSuffix.length + 1 : 0
    this.#lengths[lengths + 1] = fits ? mtuLogSuffix.length + 1 : 0
    if (!fits) return
    this.#put(logSuffix, this.synAt(entry) << 3, SYN_BYTES)
    this.#put(mtuLogSuffix, this.mtuAt(entry) << 3, MTU_BYTES)
  }

  #put(text: Uint8Array, at: number, room: number): void {
    this.#bytes.fill(PADDING, at, at + room)
    this.#bytes.set(text, at)
    this.#bytes[at + text.length] = LF
  }

  #grow(words: number): void {
    const grown = new Float64Array(Math.max(words, 2 * this.words.length))
    this.#bytes = new Uint8Array(grown.buffer)
    // As bytes: lengths are no float64.
    this.#bytes.set(new Uint8Array(this.words.buffer))
    this.#lengths = new Int32Array(grown.buffer)
    this.words = grown
  }
}
