import { expect, test } from "bun:test"
import { SlotIndex } from "./slot-index.ts"

/** Every slot of `slots` under its hash, found by walking the run. */
function found(index: SlotIndex, hashes: Int32Array, hash: number): ReadonlyArray<number> {
  const slots: Array<number> = []
  for (let at = index.first(hash); index.slots[at]! >= 0; at = index.next(at)) {
    if (hashes[index.slots[at]!] === hash) slots.push(index.slots[at]!)
  }
  return slots.sort((a, b) => a - b)
}

test("is a multimap from hash to slot under any order of additions and removals", () => {
  const capacity = 64
  const hashes = new Int32Array(capacity)
  const index = new SlotIndex(hashes)
  const model = new Map<number, number>()
  let state = 7
  const next = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % bound
  }
  for (let step = 0; step < 50_000; step++) {
    const slot = next(capacity)
    if (model.has(slot)) {
      index.remove(slot)
      model.delete(slot)
    } else {
      // Few hashes near the end of the table: long runs that wrap.
      hashes[slot] = (next(6) - 3) | 0
      index.add(slot)
      model.set(slot, hashes[slot]!)
    }
    if (step % 50 > 0) continue
    for (let hash = -3; hash < 3; hash++) {
      const expected = [...model].filter((entry) => entry[1] === hash).map((entry) => entry[0])
      expect(found(index, hashes, hash)).toEqual(expected.sort((a, b) => a - b))
    }
  }
})

test("removing what is not there changes nothing", () => {
  const hashes = Int32Array.of(5, 5, 5)
  const index = new SlotIndex(hashes)
  index.add(0)
  index.remove(1)
  expect(found(index, hashes, 5)).toEqual([0])
})
