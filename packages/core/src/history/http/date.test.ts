import { expect, test } from "bun:test"
import { civilFromDays, daysFromCivil } from "./calendar-date.ts"
import { parseHttpDate } from "./date.ts"

const parse = (text: string): number => {
  const bytes = new TextEncoder().encode(`xx${text}`)
  return parseHttpDate(bytes, 2, bytes.length)
}

test("reads what strptime reads, as UTC", () => {
  const expected = 784_887_151
  expect(parse("Tue, 15 Nov 1994 08:12:31 GMT")).toBe(expected)
  expect(parse("tuesday, 15 november 1994 08:12:31 whatever")).toBe(expected)
  expect(parse("Mon,15Nov1994 8:12:31")).toBe(expected)
  expect(parse("  Tue, 31 Feb 2021 00:00:00 GMT")).toBe(Date.UTC(2021, 2, 3) / 1000)
})

test("what is no date is 0", () => {
  for (const text of ["", "Tue", "Tue 15 Nov 1994 08:12:31", "Xxx, 15 Nov 1994 08:12:31", "Tue, 32 Nov 1994 08:12:31"])
    expect(parse(text)).toBe(0)
  for (const text of [
    "Tue, 15 Foo 1994 08:12:31",
    "Tue, 15 Nov 1994 24:12:31",
    "Tue, 15 Nov 1994 08:12",
    "Tue, 15 Nov 19"
  ])
    expect(parse(text)).toBe(0)
})

test("days are those of the calendar", () => {
  for (let days = 0; days < 60_000; days += 13) {
    const date = new Date(days * 86_400_000)
    const civil = civilFromDays(days)
    expect([civil >> 9, (civil >> 5) & 15, civil & 31]).toEqual([
      date.getUTCFullYear(),
      date.getUTCMonth() + 1,
      date.getUTCDate()
    ])
    expect(daysFromCivil(civil >> 9, (civil >> 5) & 15, civil & 31)).toBe(days)
  }
})
