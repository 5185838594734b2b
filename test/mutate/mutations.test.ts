import { expect, test } from "bun:test"
import { parseSource } from "../lib/source.ts"
import { linesOf, mutate, mutationsOf } from "./mutations.ts"

/** The mutated texts of a source. */
const mutants = (text: string): ReadonlyArray<string> =>
  mutationsOf(parseSource("packages/a/src/a.ts", text)).map((mutation) => mutate(text, mutation))

test.each([
  ["f(a < b)", ["f(a <= b)"]],
  ["f(a >= b)", ["f(a > b)"]],
  ["f(a === b)", ["f(a !== b)"]],
  ["f(a + b)", ["f(a - b)"]],
  ["f(a >>> b)", ["f(a << b)"]],
  ["f(a && b)", ["f(a || b)"]],
  ["f(a ?? b)", ["f(b)"]],
  ["f(!a)", ["f(a)"]],
  ["f(-a)", ["f(+a)"]],
  ["f(a++)", ["f(a--)"]],
  ["f(true)", ["f(false)"]],
  ["f(3)", ["f(4)", "f(2)"]],
  ["f(0)", ["f(1)"]],
  ["f(-1)", ["f(-2)"]],
  ["f(0x0f)", ["f(0x10)", "f(0xe)"]],
  ["f(Math.min(a, b))", ["f(Math.max(a, b))"]],
  ["f(list.some(a))", ["f(list.every(a))"]],
  ["if (a) f()", ["if (!(a)) f()", "if (a) {}"]],
  ["if (a === b) f()", ["if (a !== b) f()", "if (a === b) {}"]],
  ["x = a ? b : c", ["{}", "x = !(a) ? b : c"]],
  ["this.a += b", ["{}", "this.a -= b"]],
  ["a?.close()", ["{}"]],
  ["a++", ["{}"]],
  [
    "for (let i = 0; i < n; i++) f(i)",
    ["for (let i = 1; i < n; i++) f(i)", "for (let i = 0; i <= n; i++) f(i)", "for (let i = 0; i < n; i++) {}"]
  ],
  [
    "function f() { if (a) return b; return c }",
    ["function f() { if (!(a)) return b; return c }", "function f() { if (a) {} return c }"]
  ],
  [
    "for (const a of b) { if (a) continue; f(a) }",
    [
      "for (const a of b) { if (!(a)) continue; f(a) }",
      "for (const a of b) { if (a) {} f(a) }",
      "for (const a of b) { if (a) continue; {} }"
    ]
  ]
])("%s", (statement, expected) => {
  // Calls as statements are changed too; those of the table are about what stands inside.
  const text = statement.startsWith("f(") ? `const x = ${statement}` : statement
  const texts = statement.startsWith("f(") ? expected.map((one) => `const x = ${one}`) : expected
  expect([...mutants(text)].sort()).toEqual([...texts].sort())
})

test.each([
  ["a type", "type A = 1 | 2\ninterface B { a: true }\nconst c: Record<3, false> = x"],
  ["an import", 'import { a } from "./a.ts"\nexport { b } from "./b.ts"'],
  ["a comment", "// a < b\n/* 1 + 2 */"],
  ["strings and their sums", 'const a = "x" + b + `y`\nconst c = "1 < 2"'],
  ["a log line", "function f() { console.log(a < b, 3) }\nfunction* g() { yield* Effect.logInfo(`n ${a + 1}`) }"],
  ["an error's text", "const e = new CaptureError({ why: a < b, n: 1 })"],
  ["a size of a buffer", "const a = new Uint8Array(256)"],
  ["a duration", "const LINGER_MS = 2000\nconst o = { timeoutMs: 30 }"],
  ["numbers of states", "const A = 1\nconst B = 2\nexport const C = 3"],
  ["numbers of bits", "const A = 1\nconst B = 2\nconst C = 4"],
  ["a large number", "const a = 16_384\nconst b = 0x9e3779b1\nconst c = 1.5"],
  ["a signal", "const x = process.kill(pid, 0)"],
  ["the last return of a function", "function f() { return a }"],
  ["a directive", '"use strict"']
])("%s is left alone", (_, text) => {
  expect(mutants(text)).toEqual([])
})

test("types around an expression don't hide it", () => {
  expect(mutants("const x = (a as number)! < (b satisfies number)")).toEqual([
    "const x = (a as number)! <= (b satisfies number)"
  ])
})

test("a mutation knows its line, and shows it before and after", () => {
  const text = "const a = 1000\n\n  if (b <\n    c) d()\n"
  const comparison = mutationsOf(parseSource("packages/a/src/a.ts", text)).find(({ change }) => change === "< to <=")
  expect(comparison).toMatchObject({ file: "packages/a/src/a.ts", line: 3 })
  expect(linesOf(text, comparison!)).toEqual({ before: "if (b <", after: "if (b <=" })
})
