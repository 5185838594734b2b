import { expect, test } from "bun:test"
import { parseLcov, printRanges } from "./lcov.ts"
import { countRunnableLines } from "./lines.ts"

test("lines that run are counted without comments, types and brackets; an import is one", () => {
  const text = `/**
 * Header.
 */
import {
  a,
  b
} from "./a.ts"
import type { C } from "./c.ts"
export { d } from "./d.ts"

export interface E {
  readonly e: number
}
type F =
  | 1
  | 2

// comment
export function f(x: number): C {
  if (x > 1) {
    return a(x) // behind code
  }
  return b(
    x
  )
}
`
  // import, export from, function, if, return, return, x
  expect(countRunnableLines("a.ts", text)).toBe(7)
  expect(countRunnableLines("types.ts", "export interface A {\n  readonly a: number\n}\n")).toBe(0)
})

test("an lcov file has lines, hits and what was missed of each source", () => {
  const text = `TN:
SF:packages/a.ts
FNF:1
DA:1,1
DA:2,0
DA:3,0
DA:5,0
DA:6,17
LF:5
LH:2
end_of_record
TN:
SF:packages/b.ts
DA:1,1
LF:1
LH:1
end_of_record
`
  expect(parseLcov(text)).toEqual([
    { file: "packages/a.ts", lines: 5, hit: 2, missed: [2, 3, 5] },
    { file: "packages/b.ts", lines: 1, hit: 1, missed: [] }
  ])
})

test("numbers in a row are a range", () => {
  expect(printRanges([2, 3, 5, 7, 8, 9])).toBe("2-3, 5, 7-9")
  expect(printRanges([])).toBe("")
})
