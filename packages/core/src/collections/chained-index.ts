/**
 * Chained index from a 32-bit hash to the numbers of slab entries, for a table that replaces one at nearly every packet: an entry is put
 * in front and mostly taken from there, where an open table (tagged-index.ts) walks and shifts.
 *
 *     heads[hash & mask] ──► entry ──► chain[entry] ──► ...        as entry + 1; 0 ends
 *
 * Callers probe by themselves, since only they can compare keys:
 *
 *     for (let entry = index.first(hash); entry >= 0; entry = index.next(entry))
 *       if (index.hashes[entry] === hash && keyEquals(entry)) return entry
 */
export class ChainedIndex {
  /** By entry. */
  readonly hashes: Int32Array
  readonly #heads: Int32Array
  readonly #chain: Int32Array
  readonly #mask: number

  constructor(entries: number) {
    let heads = 16
    while (heads < entries * 2) heads *= 2
    this.hashes = new Int32Array(entries)
    this.#heads = new Int32Array(heads)
    this.#chain = new Int32Array(entries)
    this.#mask = heads - 1
  }

  /** -1: none. */
  first(hash: number): number {
    return this.#heads[hash & this.#mask]! - 1
  }

  /** -1: no more. */
  next(entry: number): number {
    return this.#chain[entry]! - 1
  }

  /** An entry that is not here. */
  insert(hash: number, entry: number): void {
    const head = hash & this.#mask
    this.hashes[entry] = hash
    this.#chain[entry] = this.#heads[head]!
    this.#heads[head] = entry + 1
  }

  /** An entry that is here. */
  remove(entry: number): void {
    const chain = this.#chain
    const head = this.hashes[entry]! & this.#mask
    let before = this.#heads[head]! - 1
    if (before === entry) {
      this.#heads[head] = chain[entry]!
      return
    }
    while (chain[before] !== entry + 1) before = chain[before]! - 1
    chain[before] = chain[entry]!
  }
}
