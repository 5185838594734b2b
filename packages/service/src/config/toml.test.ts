import { expect, test } from "bun:test"
import * as Result from "effect/Result"
import { lineOf, parseToml } from "./toml.ts"

const linesOf = (text: string): Record<string, number> => {
  const parsed = parseToml(text)
  if (Result.isFailure(parsed)) throw new Error(parsed.failure.message)
  return Object.fromEntries(parsed.success.lines)
}

test("tables, dotted and quoted keys, comments", () => {
  expect(linesOf('# head\na = 1 # one\n\n[t.u]\nb = "x # y"\nc.d = 2\n"e.f" = 3\n\'g\' = 4')).toEqual({
    a: 2,
    t: 4,
    "t.u": 4,
    "t.u.b": 5,
    "t.u.c": 6,
    "t.u.c.d": 6,
    't.u."e.f"': 7,
    "t.u.g": 8
  })
})

test("values over several lines move the line", () => {
  const text =
    'a = """\nb = 1\n[c]\n"""\nlist = [\n  1, # one\n  [2,\n 3],\n]\nd = \'\'\'\n\\\'\'\'\ne = """x\\""""\nf = 1'
  expect(linesOf(text)).toEqual({
    a: 1,
    list: 5,
    "list[0]": 6,
    "list[1]": 7,
    "list[1][0]": 7,
    "list[1][1]": 8,
    d: 10,
    e: 12,
    f: 13
  })
})

test("quoted keys with every escape", () => {
  expect(linesOf('"a\\u0041\\U00000022\\"\\\\U00000043\\t\t" = 1\nb = 2')).toEqual({
    '"aA\\"\\"\\\\U00000043\\t\\t"': 1,
    b: 2
  })
})

test("arrays of tables and their tables, inline tables", () => {
  expect(linesOf("[[r]]\na = 1\n[r.t]\nb = 1\n[[r]]\na = 2\n[r.t]\nb = { c = 1, d.e = {} }\r\n[z]\r\nq=1")).toEqual({
    r: 1,
    "r[0]": 1,
    "r[0].a": 2,
    "r[0].t": 3,
    "r[0].t.b": 4,
    "r[1]": 5,
    "r[1].a": 6,
    "r[1].t": 7,
    "r[1].t.b": 8,
    "r[1].t.b.c": 8,
    "r[1].t.b.d": 8,
    "r[1].t.b.d.e": 8,
    z: 9,
    "z.q": 10
  })
})

test("a path without a line has that of what is around it", () => {
  const lines = new Map([
    ["a", 1],
    ["a.b", 2]
  ])
  expect(lineOf(lines, ["a", "b", "c", 0])).toBe(2)
  expect(lineOf(lines, ["x"])).toBeUndefined()
})

test("syntax errors name the line", () => {
  const failed = parseToml("a = 1\nb = [1,\n")
  expect(Result.isFailure(failed) && failed.failure.line).toBe(3)
})

test("a key named like a part of every object is a key of the file and nothing else", () => {
  expect(linesOf("__proto__ = 1\n[a.__proto__]\nx = 1\n[constructor]\ny = 2")).toEqual({
    ["__proto__"]: 1,
    a: 2,
    "a.__proto__": 2,
    "a.__proto__.x": 3,
    constructor: 4,
    "constructor.y": 5
  })
  expect("x" in {} || "y" in {}).toBe(false)
})
