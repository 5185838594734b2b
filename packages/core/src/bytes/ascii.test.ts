import { expect, test } from "bun:test"
import { maxBytes, putDecimal, putText, text as textOf } from "./ascii.ts"

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

test("the room that is reserved for a text is enough for any", () => {
  for (const text of ["", "a", "\u007f", "é", "€", "€€€", "😀", "\ud800", "a€é"]) {
    const out = new Uint8Array(maxBytes(text) + 3).fill(0xee)
    const end = putText(text, out, 3)
    expect(new TextDecoder().decode(out.subarray(3, end))).toBe(
      new TextDecoder().decode(new TextEncoder().encode(text))
    )
    expect([...out.subarray(0, 3)]).toEqual([0xee, 0xee, 0xee])
    expect(end).toBeLessThanOrEqual(out.length)
  }
})

test("a range of bytes as text", () => {
  const bytes = new TextEncoder().encode("..abc..")
  expect([textOf(bytes, 2, 5), textOf(bytes, 2, 2), textOf(bytes, 0, 1)]).toEqual(["abc", "", "."])
})
