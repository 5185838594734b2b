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
