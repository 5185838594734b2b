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

test("every part of a date counts, and the bounds of each are those of strptime", () => {
  const dated = (text: string): string => new Date(parse(text) * 1000).toISOString()
  expect(dated("Sun, 01 Jan 2023 00:00:00")).toBe("2023-01-01T00:00:00.000Z")
  expect(dated("Sat, 31 Dec 2022 23:59:59")).toBe("2022-12-31T23:59:59.000Z")
  // Blanks of every kind wherever strptime has one or reads a number, and none where it needs none.
  expect(parse(" \t\n\v\f\rTue,\t15\tNov\t1994\t8:12:31")).toBe(784_887_151)
  expect(parse("Tue,15Nov1994 8:12:31")).toBe(784_887_151)
  expect(parse("Tue,  15  Nov  1994  8: 12: 31")).toBe(784_887_151)
  // One digit, and a number that goes on behind its two or four digits.
  expect(dated("Mon, 5 Jun 2023 1:2:3")).toBe("2023-06-05T01:02:03.000Z")
  expect(parse("Mon, 055 Jun 2023 1:2:3")).toBe(0)
  expect(dated("Mon, 5 Jun 202317:2:3")).toBe("2023-06-05T17:02:03.000Z")
  expect(parse("Mon, 5 Jun 20231 7:2:3")).toBe(0)
  expect(dated("Mon, 5 Jun 2023 1:2:345")).toBe("2023-06-05T01:02:34.000Z")
  // Leap seconds.
  expect(parse("Sat, 31 Dec 2016 23:59:61")).toBe(Date.UTC(2017, 0, 1) / 1000 + 1)
})

test.each([
  "Tue 15 Nov 1994 08:12:31",
  "Tu, 15 Nov 1994 08:12:31",
  "Tue; 15 Nov 1994 08:12:31",
  "Tue, 00 Nov 1994 08:12:31",
  "Tue, 32 Nov 1994 08:12:31",
  "Tue, x5 Nov 1994 08:12:31",
  "Tue, 15 No 1994 08:12:31",
  "Tue, 15 Nov x994 08:12:31",
  "Tue, 15 Nov 1994 24:12:31",
  "Tue, 15 Nov 1994 x8:12:31",
  "Tue, 15 Nov 1994 08.12:31",
  "Tue, 15 Nov 1994 08:60:31",
  "Tue, 15 Nov 1994 08:x2:31",
  "Tue, 15 Nov 1994 08:12.31",
  "Tue, 15 Nov 1994 08:12:62",
  "Tue, 15 Nov 1994 08:12:",
  "Tue, 15 Nov 1994 08:12:/1",
  "Tue, 15 Nov 1994 08:12:x",
  "Tue, 15 Nov 1994 08:12::1"
])("%s is no date", (text) => {
  expect(parse(text)).toBe(0)
})

test("names of days and months are read in full and by three letters", () => {
  const months = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December"
  ]
  for (const [number, month] of months.entries())
    for (const name of [month, month.slice(0, 3), month.toUpperCase()])
      expect(parse(`Mon, 02 ${name} 2023 00:00:00`)).toBe(Date.UTC(2023, number, 2) / 1000)
  for (const day of ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"])
    for (const name of [day, day.slice(0, 3)])
      expect(parse(`${name}, 02 Jan 2023 00:00:00`)).toBe(Date.UTC(2023, 0, 2) / 1000)
  // A word that goes on is no name of a month.
  expect(parse("Mon, 02 Juny 2023 00:00:00")).toBe(0)
})

test("a date ends where its bytes end", () => {
  const bytes = new TextEncoder().encode("Tue, 15 Nov 1994 08:12:319")
  expect(parseHttpDate(bytes, 0, bytes.length - 1)).toBe(784_887_151)
  expect(parseHttpDate(bytes, 0, bytes.length - 2)).toBe(784_887_151 - 28)
  for (let end = 0; end < bytes.length - 2; end++) expect(parseHttpDate(bytes, 0, end)).toBe(0)
})

test("days of any year: leap years, centuries, and years before 1970", () => {
  for (const [year, month, day] of [
    [1, 1, 1],
    [4, 2, 29],
    [100, 3, 1],
    [399, 12, 31],
    [400, 2, 29],
    [1600, 2, 29],
    [1900, 2, 28],
    [1900, 3, 1],
    [1969, 12, 31],
    [2000, 2, 29],
    [2000, 12, 31],
    [2100, 3, 1],
    [9999, 12, 31]
  ] as const) {
    const date = new Date(0)
    date.setUTCFullYear(year, month - 1, day)
    const days = date.getTime() / 86_400_000
    expect([year, daysFromCivil(year, month, day)]).toEqual([year, days])
    if (days < 0) continue
    const civil = civilFromDays(days)
    expect([civil >> 9, (civil >> 5) & 15, civil & 31]).toEqual([year, month, day])
  }
  // Year 0 begins in the era before.
  expect(daysFromCivil(0, 1, 1)).toBe(-719_528)
  // Every day around the end of the years.
  for (let days = 10_900; days < 11_400; days++) {
    const date = new Date(days * 86_400_000)
    const civil = civilFromDays(days)
    expect([civil >> 9, (civil >> 5) & 15, civil & 31]).toEqual([
      date.getUTCFullYear(),
      date.getUTCMonth() + 1,
      date.getUTCDate()
    ])
  }
})

test.each(["015 Nov 1994 08:12:31", "15 Nov 1994 008:12:31", "15 Nov 1994 08:012:31"])(
  "a number of more digits than strptime reads is none: %s",
  (text) => {
    expect(parse(`Tue, ${text}`)).toBe(0)
  }
)
