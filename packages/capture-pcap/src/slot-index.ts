/**
 * Open addressing from a hash to a slot number: linear probing, deletion by shifting back, so no tombstones gather.
 *
 * A position holds the slot number plus 1 (0 = free) and the hash, so that a walk touches the slots' own memory only where the
 * hash is equal. The owner compares keys; several slots may have one hash. Twice as many positions as slots keep a run short.
 */
export class SlotIndex {
  /** `table[2 * position]` is slot + 1, `table[2 * position + 1]` its hash. */
  readonly table: Int32Array
  readonly mask: number

  constructor(capacity: number) {
    let size = 16
    while (size < capacity * 2) size *= 2
    this.table = new Int32Array(size * 2)
    this.mask = size - 1
  }

  add(slot: number, hash: number): void {
    const { table, mask } = this
    let position = hash & mask
    while (table[2 * position] !== 0) position = (position + 1) & mask
    table[2 * position] = slot + 1
    table[2 * position + 1] = hash
  }

  /** Nothing happens when the slot is not there. */
  remove(slot: number, hash: number): void {
    const { table, mask } = this
    let hole = hash & mask
    for (;;) {
      const found = table[2 * hole]!
      if (found === 0) return
      if (found === slot + 1) break
      hole = (hole + 1) & mask
    }
    // Close the gap: an entry behind it moves back unless its own run begins behind the hole (Knuth 6.4, algorithm R).
    for (let position = (hole + 1) & mask; table[2 * position] !== 0; position = (position + 1) & mask) {
      const home = table[2 * position + 1]! & mask
      if (((position - home) & mask) < ((position - hole) & mask)) continue
      table[2 * hole] = table[2 * position]!
      table[2 * hole + 1] = table[2 * position + 1]!
      hole = position
    }
    table[2 * hole] = 0
  }
}
