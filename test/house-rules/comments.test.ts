import { expect, test } from "bun:test"
import { parseSource } from "../lib/source.ts"
import { commentFileProblems, commentProblems } from "./comments.ts"

const problems = (text: string): ReadonlyArray<string> => commentProblems(parseSource("a.ts", text))

test.each([
  ["/** Of the address limits. */\nexport const slot = 1", 1],
  ["/**\n * What an application sees.\n * Second line.\n */\nimport { a } from './a.ts'", 1],
  ["const a = 1\n\n/** The same with a session of an earlier connection. */\nfunction b(): void {}", 3],
  ["interface A {\n  /** Whether it had a request. */\n  readonly a: boolean\n}", 2],
  ["class A {\n  // Of the kernel; Bun has it\n  // without saying so.\n  #fd = 1\n}", 2],
  ["function a(): void {\n  // How long it lasts.\n  const b = 1\n  void b\n}", 2],
  ["// Who decodes.\nexport type A = 1", 1],
  ["const a = {\n  // Its number.\n  b: 1\n}", 2],
  ["/** It never throws. */\nexport function a(): void {}", 1],
  ["#!/usr/bin/env bun\n// What this is.\nfoo()", 2],
  ["a()\n// Where one was closed, the others may be too.\nb()", 2],
  ["a()\n/*\n * What a client may hold.\n */\nb()", 2]
])("a fragment is found: %j", (text, line) => {
  expect(problems(text)).toEqual([expect.stringContaining(`a.ts:${line}: a comment begins with "`)])
})

test.each([
  "/** Slot in AddressLimits, or UNLIMITED. */\nexport const slot = 1",
  "/** True while a call to `proceed` is queued. Its argument is what it was. */\nconst a = 1",
  "/** Offset of the source address. */\nconst OFFSET = 12",
  "/** Itself. */\nconst itself = 1",
  "/** `of`: the address. */\nfunction a(of: number): number { return of }",
  "a()\n// It may refer to the statement before.\nb()",
  "const a = 1 // Of the line itself.",
  "const text = `\n/** Of a text. */\nconst b = 1`"
])("a sentence or a noun passes: %j", (text) => {
  expect(problems(text)).toEqual([])
})

test("a file that a comment names is in the repository", () => {
  const files = ["docs/hints.md", "packages/core/src/p0f/log.ts", "packages/core/bench/part.ts"]
  const named = (comment: string): ReadonlyArray<string> =>
    commentFileProblems(parseSource("a.ts", `a()\n// ${comment}\nb()`), files)
  for (const right of ["log.ts", "p0f/log.ts", "../p0f/log.ts", "see docs/hints.md.", "bench/signal-NAME.ts", "tcp.c"])
    expect(named(right)).toEqual([])
  for (const wrong of ["og.ts", "history/log.ts", "hints.ts", "docs/p0f.md"])
    expect(named(`the order (${wrong}) stays`)).toEqual([
      `a.ts:2: a comment names ${wrong}, which is not in the repository`
    ])
})
