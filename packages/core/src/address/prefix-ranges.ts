/**
 * Many prefixes of one family as sorted ranges that don't overlap: a list of hundreds of thousands is asked in about 20 comparisons.
 *
 *     words   start[4] end[4] per range, unsigned, big-endian order of words; IPv4 in the first
 */
const WORDS = 8

export class PrefixRanges {
  readonly #words: Uint32Array
  readonly #count: number

  /** `masks` and `networks`: 4 words per prefix. */
  constructor(masks: Int32Array, networks: Int32Array) {
    const count = networks.length / 4
    const starts = Uint32Array.from(networks)
    const order = Uint32Array.from({ length: count }, (_, index) => index)
    order.sort((a, b) => compare(starts, a * 4, starts, b * 4))
    const words = new Uint32Array(count * WORDS)
    const end = new Uint32Array(4)
    let merged = 0
    for (const index of order) {
      for (let word = 0; word < 4; word++) end[word] = networks[index * 4 + word]! | ~masks[index * 4 + word]!
      const last = (merged - 1) * WORDS
      // Prefixes contain each other or are apart: one that begins within the range before ends within it.
      if (merged > 0 && compare(end, 0, words, last + 4) <= 0) continue
      for (let word = 0; word < 4; word++) {
        words[merged * WORDS + word] = starts[index * 4 + word]!
        words[merged * WORDS + 4 + word] = end[word]!
      }
      merged++
    }
    this.#words = words.slice(0, merged * WORDS)
    this.#count = merged
  }

  contains(w0: number, w1: number, w2: number, w3: number): boolean {
    const words = this.#words
    const a0 = w0 >>> 0
    const a1 = w1 >>> 0
    const a2 = w2 >>> 0
    const a3 = w3 >>> 0
    let low = 0
    let high = this.#count
    // The first range that begins behind the address.
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBehind(words, middle * WORDS, a0, a1, a2, a3)) high = middle
      else low = middle + 1
    }
    return low > 0 && !isBefore(words, (low - 1) * WORDS + 4, a0, a1, a2, a3)
  }
}

function compare(a: Uint32Array, at: number, b: Uint32Array, bt: number): number {
  for (let word = 0; word < 4; word++) {
    const difference = a[at + word]! - b[bt + word]!
    if (difference !== 0) return difference
  }
  return 0
}

/** Returns true if the address at `at` is above the given one. */
function isBehind(words: Uint32Array, at: number, a0: number, a1: number, a2: number, a3: number): boolean {
  if (words[at] !== a0) return words[at]! > a0
  if (words[at + 1] !== a1) return words[at + 1]! > a1
  if (words[at + 2] !== a2) return words[at + 2]! > a2
  return words[at + 3]! > a3
}

/** Returns true if the address at `at` is below the given one. */
function isBefore(words: Uint32Array, at: number, a0: number, a1: number, a2: number, a3: number): boolean {
  if (words[at] !== a0) return words[at]! < a0
  if (words[at + 1] !== a1) return words[at + 1]! < a1
  if (words[at + 2] !== a2) return words[at + 2]! < a2
  return words[at + 3]! < a3
}
