import { expect, test } from "bun:test"
import { clockRate, RATE_BAD, RATE_NONE, roundRate } from "./uptime.ts"

test("rates are rounded as p0f rounds them", () => {
  // Both sides of each of p0f's borders.
  const cases: ReadonlyArray<readonly [number, number]> = [
    [0.71, 1],
    [5, 5],
    [10.9, 10],
    [11, 10],
    [47, 50],
    [49, 50],
    [51, 50],
    [93, 100],
    [94, 100],
    [99.7, 100],
    [249, 250],
    [266, 250],
    [267, 300],
    [999, 1000],
    [1032, 1000],
    [1033, 1100]
  ]
  for (const [rate, rounded] of cases) expect(roundRate(rate)).toBe(rounded)
})

test("two readings give a rate within 25 ms and 10 minutes, from five ticks on", () => {
  expect(clockRate(1000, 0, 1000)).toBe(1000)
  expect(clockRate(5, 0, 24)).toBe(RATE_NONE)
  expect(clockRate(4, 0, 1000)).toBe(RATE_NONE)
  expect(clockRate(5, 0, 1000)).toBe(5)
  expect(clockRate(60_000, 0, 600_000)).toBe(100)
  expect(clockRate(60_000, 0, 600_001)).toBe(RATE_NONE)
  expect(clockRate(100, 0, -5)).toBe(RATE_NONE)
  expect(clockRate(1501, 0, 1000)).toBe(RATE_BAD)
  expect(clockRate(0, 1000, 1000)).toBe(RATE_BAD)
  // Over the end of the 32 bits.
  expect(clockRate(50, -50, 100)).toBe(1000)
  // A little back within 100 ms is disorder, not a clock.
  expect(clockRate(0, 100, 50)).toBe(RATE_NONE)
})
