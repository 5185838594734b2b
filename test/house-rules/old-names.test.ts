import { expect, test } from "bun:test"
import { parseSource } from "../lib/source.ts"
import { nameProblems, OLD_NAMES, pathProblems, wordProblems } from "./old-names.ts"

const problems = (text: string): ReadonlyArray<string> => nameProblems(parseSource("a.ts", text))

test.each([
  ["const octetCount = 1", "a.ts:1: the name octetCount: use byte"],
  ["a()\nclass A { #laneSlot = 1 }", "a.ts:2: the name #laneSlot: use"],
  ["import { type Outlet } from './b.ts'", "a.ts:1: the name Outlet: use SocketWriter"],
  ["const READ_LANE = 1", "the name READ_LANE"],
  ["interface Timed { readonly at: number }", "the name Timed"],
  ["/**\n * Header.\n * Four octets.\n */\nconst a = 1", 'a.ts:3: "octets": use byte'],
  ["log(`a\n${b} octets`)", 'a.ts:2: "octets": use byte'],
  ["log('an octet')", 'a.ts:1: "octet": use byte']
])("an old name is found: %j", (text, message) => {
  expect(problems(text)).toEqual([expect.stringContaining(message.replace("#", ""))])
})

test.each([
  "const bytes = 1",
  "const planeBelly = 1", // lane and bell inside of other words
  "const timed = new Map()", // Timed is the name, the word is English
  '/** RFC 9112: "a sequence of octets". */\nconst a = 1',
  "/** Written as `1*OCTET`. */\nconst a = 1",
  'const type = "application/octet-stream"'
])("other names pass: %j", (text) => {
  expect(problems(text)).toEqual([])
})

test("a name is reported once per file", () => {
  expect(problems("const told = 1\nuse(told)\nuse(told)")).toHaveLength(1)
})

test("paths and documents are looked at too", () => {
  expect(pathProblems("test/proxy/read-lane.test.ts")).toHaveLength(1)
  expect(pathProblems("test/proxy/epoll-reader.test.ts")).toEqual([])
  expect(wordProblems("README.md", "one\n\ntwo octets\n```\noctets\n```\n`octets`")).toEqual([
    'README.md:3: "octets": use byte'
  ])
})

test("every entry of the list forbids something and says what to use", () => {
  for (const { part, name, word, use } of OLD_NAMES) {
    expect([part, name, word].filter((kind) => kind !== undefined)).toHaveLength(1)
    expect(use).not.toBe("")
    if (part !== undefined) expect(part).toBe(part.toLowerCase())
  }
})
