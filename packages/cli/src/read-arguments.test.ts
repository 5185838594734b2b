import { expect, test } from "bun:test"
import { parsePair, parseReadArguments } from "./read-arguments.ts"

const DEFAULTS = { databases: [], format: "text", output: undefined, limits: undefined, ages: undefined } as const

test("the plain forms", () => {
  expect(parseReadArguments(["a.pcap"])).toEqual({ ...DEFAULTS, files: ["a.pcap"] })
  expect(parseReadArguments(["--format", "none", "a", "-", "b"])).toEqual({
    ...DEFAULTS,
    files: ["a", "-", "b"],
    format: "none"
  })
  expect(
    parseReadArguments([
      "--format=p0f",
      "-o",
      "x.log",
      "-f",
      "a.fp",
      "--database=b.fp",
      "--limits",
      "1000,10000",
      "--ages=30,120",
      "c"
    ])
  ).toEqual({
    files: ["c"],
    databases: ["a.fp", "b.fp"],
    format: "p0f",
    output: "x.log",
    limits: [1000, 10_000],
    ages: [30, 120]
  })
})

test("everything else is left to the full command line", () => {
  for (const line of [
    "",
    "--help",
    "a --help",
    "a --format xml",
    "a --format",
    "a --format none --format none",
    "a -o x -o y",
    "a --limits 1",
    "a --limits 0,1",
    "a --ages 1,x",
    "a --unknown x",
    "a - -",
    "a -x",
    "a --format=",
    "a --"
  ]) {
    expect(parseReadArguments(line.split(" ").filter((word) => word !== ""))).toBeUndefined()
  }
})

test("a pair keeps within its ranges", () => {
  expect(parsePair("1,2", [1, 2])).toEqual([1, 2])
  for (const bad of ["2,2", "1,3", "1,2,3", "1, 2", "-1,2", "1.5,2", "0,1", ""])
    expect(parsePair(bad, [1, 2])).toBeUndefined()
})

test("limits and ages up to their greatest values", () => {
  const pairs = (words: string) => {
    const read = parseReadArguments(["a", ...words.split(" ")])
    return read && [read.limits, read.ages]
  }
  expect(pairs("--limits 1048576,16777216 --ages 1000000,1000000")).toEqual([
    [1_048_576, 16_777_216],
    [1_000_000, 1_000_000]
  ])
  for (const words of [
    "--limits 1048577,1",
    "--limits 1,16777217",
    "--ages 1000001,1",
    "--ages 1,1000001",
    "--limits 1,2 --limits 1,2"
  ])
    expect([words, pairs(words)]).toEqual([words, undefined])
})

test("options may be joined to their values, or not, short ones are apart", () => {
  expect(parseReadArguments(["--output=a=b", "x"])).toEqual({ ...DEFAULTS, files: ["x"], output: "a=b" })
  expect(parseReadArguments(["x", "--output", "a", "--limits=1,2"])).toEqual({
    ...DEFAULTS,
    files: ["x"],
    output: "a",
    limits: [1, 2]
  })
  for (const words of [
    ["-o=a", "x"],
    ["--=a", "x"],
    ["x", "--output="],
    ["x", "-f"],
    ["x", "-o", ""]
  ])
    expect([words, parseReadArguments(words)]).toEqual([words, undefined])
  expect(parseReadArguments(["-f", "-", "x"])).toEqual({ ...DEFAULTS, files: ["x"], databases: ["-"] })
})
