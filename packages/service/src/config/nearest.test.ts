import { expect, test } from "bun:test"
import { nearest } from "./nearest.ts"

test("the nearest name, or none when all are far", () => {
  expect(nearest("max_agr", ["max_age", "capacity"])).toBe("max_age")
  expect(nearest("MAX_AGE", ["max_age"])).toBe("max_age")
  expect(nearest("zzzzzzzzzz", ["max_age", "capacity"])).toBeUndefined()
  expect(nearest("x", [])).toBeUndefined()
})

test("short names may differ in two letters, long ones in half of them", () => {
  expect(nearest("ab", ["xy"])).toBe("xy")
  expect(nearest("abc", ["xyz"])).toBeUndefined()
  expect(nearest("abc", ["xbz", "abd", "abe"])).toBe("abd")
  expect(nearest("abcdef", ["abcxyz"])).toBe("abcxyz")
  expect(nearest("abcdef", ["abwxyz"])).toBeUndefined()
  expect(nearest("abcdefg", ["abcdxyz"])).toBe("abcdxyz")
  expect(nearest("abcdefg", ["abcwxyz"])).toBeUndefined()
  expect(nearest("a", ["abcdef"])).toBeUndefined()
  expect(nearest("abcd", ["abcdefgh"])).toBe("abcdefgh")
  expect(nearest("abc", ["abcdefgh"])).toBeUndefined()
  expect(nearest("name", [])).toBeUndefined()
})
