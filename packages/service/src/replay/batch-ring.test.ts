import { expect, test } from "bun:test"
import { BatchRing } from "./batch-ring.ts"

test("eight batches in turn, over the same memory: each is taken once, in the order in which they were filled", () => {
  const filler = new BatchRing()
  const taker = new BatchRing(filler.memory)
  expect(taker.toTake(0)).toBeUndefined()
  let next = 0
  let taken = 0
  const fill = (count: number): void => {
    for (let n = 0; n < count; n++) {
      const batch = filler.toFill()!
      expect(batch.offset).toBe(0)
      batch.offset = ++next
      filler.filled()
    }
  }
  const take = (count: number): void => {
    for (let n = 0; n < count; n++) {
      expect(taker.toTake(0)!.offset).toBe(++taken)
      taker.taken()
    }
    if (taken === next) expect(taker.toTake(0)).toBeUndefined()
  }
  for (const [filled, emptied] of [
    [1, 1],
    [8, 4],
    [4, 8],
    [5, 3],
    [6, 8],
    [3, 3]
  ] as const) {
    fill(filled)
    take(emptied)
  }
  expect(taken).toBe(27)
})

test("a batch that is free again is cleared; one that is taken stays as it is until then", () => {
  const filler = new BatchRing()
  const taker = new BatchRing(filler.memory)
  filler.toFill()!.offset = 5
  filler.filled()
  const batch = taker.toTake(0)!
  for (let n = 0; n < 7; n++) {
    filler.toFill()
    filler.filled()
  }
  expect(batch.offset).toBe(5)
  for (let n = 0; n < 8; n++) {
    taker.toTake(0)
    taker.taken()
  }
  expect(filler.toFill()!.offset).toBe(0)
})

test("when the taker has left nothing is filled any more, whatever was filled meanwhile", () => {
  const filler = new BatchRing()
  const taker = new BatchRing(filler.memory)
  expect(filler.toFill()).toBeDefined()
  taker.stop()
  filler.filled()
  for (let n = 0; n < 9; n++) {
    expect(filler.toFill()).toBeUndefined()
    filler.filled()
  }
  expect(taker.toTake(0)).toBeUndefined()
})

test("who waits to take goes on without a batch when the time is over", () => {
  const ring = new BatchRing()
  const start = performance.now()
  expect(ring.toTake(5)).toBeUndefined()
  expect(performance.now() - start).toBeGreaterThan(3)
})
