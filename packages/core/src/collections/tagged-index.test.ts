import { expect, test } from "bun:test"
import { seededRandom } from "../testing/random.ts"
import { TaggedIndex } from "./tagged-index.ts"

/** Every entry with this hash, by the probe that the header shows. */
function entriesOf(index: TaggedIndex, hash: number): ReadonlyArray<number> {
  const found: Array<number> = []
  for (let at = (hash << 1) & index.mask; index.slots[at + 1] !== 0; at = (at + 2) & index.mask)
    if (index.slots[at] === hash) found.push(index.slots[at + 1]! - 1)
  return found
}

test("holds what a Map holds, in any order of insertions and removals", () => {
  const random = seededRandom(1)
  const index = new TaggedIndex(64)
  const model = new Map<number, number>()
  for (let step = 0; step < 50_000; step++) {
    const entry = random.below(64)
    const hash = model.get(entry)
    if (hash !== undefined) {
      index.remove(hash, entry)
      model.delete(entry)
    } else {
      // Few homes and equal hashes: long runs, so that removal has something to move, around the end too.
      const fresh = random.pick([0, 1, 2, 125, 126, 127, -1, -2]) | (random.below(2) << 20)
      index.insert(fresh, entry)
      model.set(entry, fresh)
    }
    if (step % 100 !== 0) continue
    for (const [known, at] of model) expect(entriesOf(index, at)).toContain(known)
    expect(index.slots.filter((_, at) => (at & 1) === 1 && index.slots[at] !== 0).length).toBe(model.size)
  }
})

test("removing what is not there does nothing", () => {
  const index = new TaggedIndex(8)
  index.insert(5, 3)
  index.remove(5, 4)
  index.remove(6, 3)
  expect(entriesOf(index, 5)).toEqual([3])
})
