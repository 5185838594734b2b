import { expect, test } from "bun:test"
import { cString } from "./c-string.ts"

test("text ends at the first NUL, or with its field", () => {
  const bytes = Buffer.from("abc\0def\0ghi")
  const read = (at?: number, length?: number): string => Buffer.from(cString(bytes, at, length)).toString()
  expect(read()).toBe("abc")
  expect(read(4, 4)).toBe("def")
  expect(read(4, 2)).toBe("de")
  expect(read(8)).toBe("ghi")
  expect(read(3, 5)).toBe("")
})
