import { expect, test } from "bun:test"
import { nearest } from "./nearest.ts"

test("the nearest name, or none when all are far", () => {
  expect(nearest("max_agr", ["max_age", "capacity"])).toBe("max_age")
  expect(nearest("MAX_AGE", ["max_age"])).toBe("max_age")
  expect(nearest("zzzzzzzzzz", ["max_age", "capacity"])).toBeUndefined()
  expect(nearest("x", [])).toBeUndefined()
})
