import { expect, test } from "bun:test"
import { seededRandom } from "../testing/random.ts"
import { ChainedIndex } from "./chained-index.ts"

/** Every entry with this hash, by the probe that the header shows. */
function entriesOf(index: ChainedIndex, hash: number): ReadonlyArray<number> {
  const found: Array<number> = []
  for (let entry = index.first(hash); entry >= 0; entry = index.next(entry))
    if (index.hashes[entry] === hash) found.push(entry)
  return found.sort((a, b) => a - b)
}

test("holds what a Map holds, in any order of insertions and removals", () => {
  const random = seededRandom(1)
  const index = new ChainedIndex(64)
  const model = new Map<number, number>()
  for (let step = 0; step < 50_000; step++) {
    const entry = random.below(64)
    if (model.has(entry)) {
      index.remove(entry)
      model.delete(entry)
    } else {
      // Few heads and equal hashes: long chains.
      const hash = random.pick([0, 1, 127, -1, -128]) | (random.below(2) << 20)
      index.insert(hash, entry)
      model.set(entry, hash)
    }
    if (step % 100 !== 0) continue
    for (const hash of new Set(model.values())) {
      const wanted = [...model].filter(([, other]) => other === hash).map(([known]) => known)
      expect(entriesOf(index, hash)).toEqual(wanted.sort((a, b) => a - b))
    }
  }
})
