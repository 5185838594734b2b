import { expect, test } from "bun:test"
import { putDecimal } from "./ascii.ts"

const written = (value: number): string => {
  const bytes = new Uint8Array(32).fill(0x2e)
  const end = putDecimal(value, bytes, 3)
  return String.fromCharCode(...bytes.subarray(3, end + 1))
}

test("natural numbers in decimal, at both ends of every length", () => {
  const values = [0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, Number.MAX_SAFE_INTEGER]
  for (let power = 10; power <= 1e15; power *= 10) values.push(power - 1, power, power + 1, power + 987_654_321)
  for (const value of values) expect(written(value)).toBe(`${value}.`)
})
