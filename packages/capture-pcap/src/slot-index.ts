/**
 * Open addressing from a hash to a slot number: linear probing, deletion by shifting back, so no tombstones gather.
 *
 * The owner compares keys: `first` gives the first position of a hash and `next` the following, -1 in `slots` ends the run. Twice
 * as many positions as slots keep a run short (2.5 probes for a miss at most, Knuth 6.4).
 */
export class SlotIndex {
  /** Slot number per position, -1 for free. */
  readonly slots: Int32Array
  readonly #hashes: Int32Array
  readonly #mask: number

  /** `hashes[slot]` is the hash under which a slot was added; it must stay until the slot is removed. */
  constructor(hashes: Int32Array) {
    let size = 16
    while (size < hashes.length * 2) size *= 2
    this.slots = new Int32Array(size).fill(-1)
    this.#hashes = hashes
    this.#mask = size - 1
  }

  first(hash: number): number {
    return hash & this.#mask
  }

  next(position: number): number {
    return (position + 1) & this.#mask
  }

  add(slot: number): void {
    const slots = this.slots
    let position = this.#hashes[slot]! & this.#mask
    while (slots[position]! >= 0) position = (position + 1) & this.#mask
    slots[position] = slot
  }

  remove(slot: number): void {
    const slots = this.slots
    const mask = this.#mask
    let hole = this.#hashes[slot]! & mask
    while (slots[hole] !== slot) {
      if (slots[hole]! < 0) return
      hole = (hole + 1) & mask
    }
    // Close the gap: an entry behind it moves back unless its own run begins behind the hole (Knuth 6.4, algorithm R).
    let position = hole
    for (;;) {
      position = (position + 1) & mask
      const moved = slots[position]!
      if (moved < 0) break
      const home = this.#hashes[moved]! & mask
      if (((position - home) & mask) >= ((position - hole) & mask)) {
        slots[hole] = moved
        hole = position
      }
    }
    slots[hole] = -1
  }
}
