import { expect, test } from "bun:test"
import { parseSource } from "../lib/source.ts"
import { commentProblems } from "./comments.ts"

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
