import { expect, test } from "bun:test"
import type { Mutation } from "./mutations.ts"
import { randomFrom, sample } from "./sample.ts"

const all: ReadonlyArray<Mutation> = [1, 1, 1, 1, 1, 1, 2, 3, 4].map((line, start) => ({
  file: "a.ts",
  line,
  start,
  end: start,
  replacement: "",
  change: ""
}))

test("a seed draws the same again, another seed others", () => {
  const drawn = [1, 1, 2, 3, 4, 5].map((seed) => sample(all, 2, randomFrom(seed)))
  expect(drawn[0]).toEqual(drawn[1]!)
  expect(new Set(drawn.map((mutations) => JSON.stringify(mutations))).size).toBeGreaterThan(2)
})

test("a line is drawn once, whatever the number of its mutations", () => {
  for (let seed = 0; seed < 50; seed++) {
    expect(sample(all, 10, randomFrom(seed)).map(({ line }) => line)).toEqual([1, 2, 3, 4])
  }
})

test("every mutation of a line can be drawn", () => {
  const starts = Array.from({ length: 200 }, (_, seed) => sample(all, 4, randomFrom(seed))[0]!.start)
  expect([...new Set(starts)].sort()).toEqual([0, 1, 2, 3, 4, 5])
})
