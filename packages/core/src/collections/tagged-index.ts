/**
 * Open-addressing index from a 32-bit hash to the number of a slab entry.
 *
 * `slots` holds pairs `hash, entry + 1`; 0 in the second word is an empty slot. The whole hash is the tag: a probe reads one cache
 * line of the index and touches a record only when all 32 bits agree. Removal shifts the rest of the run back (Knuth 6.4 R), so
 * there are no tombstones and no rebuild. (With the hashes kept beside the entries it would be half as large, and cost one more cache
 * line per probe and per shift, which is what a million hosts in random order spend their time on.) Several entries may have one
 * hash. Callers probe by themselves, since only they can compare keys:
 *
 *     for (let at = (hash << 1) & index.mask; ; at = (at + 2) & index.mask) {
 *       const entry = index.slots[at + 1]! - 1
 *       if (entry < 0) break // not there
 *       if (index.slots[at] === hash && keyEquals(entry)) return entry
 *     }
 */
export class TaggedIndex {
  readonly slots: Int32Array
  /** Mask over word offsets: `2 * slots - 2`. */
  readonly mask: number

  /** Room for `entries` at a load of at most one half. */
  constructor(entries: number) {
    let capacity = 16
    while (capacity < entries * 2) capacity *= 2
    this.slots = new Int32Array(capacity * 2)
    this.mask = this.slots.length - 2
  }

  insert(hash: number, entry: number): void {
    const { slots, mask } = this
    let at = (hash << 1) & mask
    while (slots[at + 1] !== 0) at = (at + 2) & mask
    slots[at] = hash
    slots[at + 1] = entry + 1
  }

  /** Does nothing when the entry is not there. */
  remove(hash: number, entry: number): void {
    const { slots, mask } = this
    let hole = (hash << 1) & mask
    while (slots[hole + 1] !== entry + 1) {
      if (slots[hole + 1] === 0) return
      hole = (hole + 2) & mask
    }
    let at = (hole + 2) & mask
    while (slots[at + 1] !== 0) {
      const home = (slots[at]! << 1) & mask
      // Moves back unless its home lies behind the hole (cyclically).
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        slots[hole] = slots[at]!
        slots[hole + 1] = slots[at + 1]!
        hole = at
      }
      at = (at + 2) & mask
    }
    slots[hole + 1] = 0
  }

  clear(): void {
    this.slots.fill(0)
  }
}
