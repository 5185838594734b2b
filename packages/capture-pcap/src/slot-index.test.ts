import { expect, test } from "bun:test"
import { SlotIndex } from "./slot-index.ts"

/** Every slot with this hash, found by walking the run. */
function found({ table, mask }: SlotIndex, hash: number): ReadonlyArray<number> {
  const slots: Array<number> = []
  for (let at = hash & mask; table[2 * at] !== 0; at = (at + 1) & mask) {
    if (table[2 * at + 1] === hash) slots.push(table[2 * at]! - 1)
  }
  return slots.sort((a, b) => a - b)
}

test("is a multimap from hash to slot under any order of additions and removals", () => {
  const capacity = 64
  const index = new SlotIndex(capacity)
  const model = new Map<number, number>()
  let state = 7
  const next = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % bound
  }
  for (let step = 0; step < 50_000; step++) {
    const slot = next(capacity)
    if (model.has(slot)) {
      index.remove(slot, model.get(slot)!)
      model.delete(slot)
    } else {
      // Few hashes near the end of the table: long runs that wrap.
      const hash = (next(6) - 3) | 0
      index.add(slot, hash)
      model.set(slot, hash)
    }
    if (step % 50 > 0) continue
    for (let hash = -3; hash < 3; hash++) {
      const expected = [...model].filter((entry) => entry[1] === hash).map((entry) => entry[0])
      expect(found(index, hash)).toEqual(expected.sort((a, b) => a - b))
    }
  }
})

test("removing what is not there changes nothing", () => {
  const index = new SlotIndex(3)
  index.add(0, 5)
  index.remove(1, 5)
  index.remove(0, 6)
  expect(found(index, 5)).toEqual([0])
})
