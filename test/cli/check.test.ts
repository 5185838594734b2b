/** The check's own parts: counts of a report, and every house rule broken once. */
import { expect, test } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { houseRules } from "../house-rules.ts"
import { parseCounts } from "../junit.ts"
import { temporaryDirectory } from "./run.ts"

test("counts of bun's JUnit report; none without a report", () => {
  expect(
    parseCounts(
      '<?xml?><testsuites name="bun test" tests="9" assertions="1" failures="2" skipped="3" time="0.1"><testsuite tests="4" failures="9">'
    )
  ).toEqual({ passed: 4, failed: 2, skipped: 3 })
  expect(parseCounts("")).toEqual({ passed: 0, failed: 0, skipped: 0 })
})

/** Built, since the rule is also applied to this file. */
const HOME = ["", "root", ""].join("/")

test("each rule is kept", async () => {
  using directory = temporaryDirectory()
  const put = (name: string, text: string): void => {
    mkdirSync(dirname(join(directory.path, name)), { recursive: true })
    writeFileSync(join(directory.path, name), text)
  }
  put(
    "package.json",
    JSON.stringify({
      scripts: { demo: "x" },
      workspaces: { catalog: { a: "1.0.0", b: "^2.0.0" } },
      devDependencies: { c: "latest" }
    })
  )
  put(
    "packages/x/package.json",
    JSON.stringify({ dependencies: { a: "catalog:", "@synprint/core": "workspace:*", d: "1.0.0" } })
  )
  put("packages/x/src/excused.ts", `/** A noun; one file because it is one table. */\n${"x\n".repeat(500)}`)
  put("packages/x/src/path.ts", `const a = '${HOME}x'`)
  put("fixtures/a.pcap", "x")
  put("README.md", "Run `./bootstrap demo`, then `bun run nothing`.\n")
  put("node_modules/y/package.json", JSON.stringify({ dependencies: { z: "*" } }))
  expect([...(await houseRules(directory.path))].sort()).toEqual([
    'README.md: there is no command "nothing"',
    "fixtures/a.pcap: captures stay outside of the repository",
    'package.json: b is "^2.0.0": pin an exact version',
    'package.json: c is "latest": pin an exact version',
    'packages/x/package.json: d is "1.0.0": use catalog: or workspace:*',
    `packages/x/src/path.ts:1: a path of one machine: const a = '${HOME}x'`
  ])
})
