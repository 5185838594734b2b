/**
 * p0f's logs of the shared captures: our p0f mode writes the same lines. Captures without a log print nothing.
 *
 * No exceptions are needed: p0f reads HTTP Date from uninitialised memory, but these logs were made with a shim that makes its mktime
 * deterministic, in UTC, which is what we do.
 */
import { expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { SHARED, sharedFile } from "@synprint/core/testing"
import { firstDifference, limitsOf, loadMatcher, P0F_DATABASE, replay } from "./replay.ts"

const CAPTURE = /\.(pcap|pcapng|cap|dmp|dump)$/

function capturesIn(directory: string): ReadonlyArray<string> {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && CAPTURE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** p0f's log of a capture lies beside it. */
function logOf(capture: string): string {
  const beside = [`${capture}.p0f.log`, capture.replace(/\.[^.]*$/, ".p0f.log"), `${capture}.log`].find(existsSync)
  return beside === undefined ? "" : readFileSync(beside, "latin1")
}

/** p0f's arguments, where they were not its defaults. */
function argumentsOf(capture: string): ReadonlyArray<string> {
  if (basename(capture) === "uptime_cases.pcap") return ["-t", "2000,500"]
  const manifest = join(dirname(capture), "manifest.json")
  if (!existsSync(manifest)) return []
  const entries = JSON.parse(readFileSync(manifest, "utf8")) as Array<{ pcap: string; args: Array<string> }>
  return entries.find((entry) => entry.pcap === basename(capture))?.args ?? []
}

const hasDatabase = existsSync(P0F_DATABASE)
if (!hasDatabase) console.log(`skipped: parity with p0f's logs: no ${P0F_DATABASE} (apt-get install p0f)`)

for (const [directory, leastLogs, leastLines] of [
  ["pcaps", 70, 4000],
  ["malformed", 30, 100],
  ["vectors/p0f", 58, 8000]
] as const) {
  const isThere = hasDatabase && sharedFile(directory) !== undefined
  test.skipIf(!isThere)(`writes p0f's log of every capture in ${directory}`, () => {
    const matcher = loadMatcher()
    let logs = 0
    let lines = 0
    for (const capture of capturesIn(join(SHARED, directory))) {
      // Seen live, their logs were not kept: api.test.ts compares the replies.
      if (capture.includes("/vectors/p0f/api/")) continue
      const log = logOf(capture)
      for (const decoding of ["itself", "ahead"] as const) {
        const { text } = replay(readFileSync(capture), matcher, limitsOf(argumentsOf(capture)), decoding)
        const difference = firstDifference(text, log)
        if (difference !== undefined) throw new Error(`${capture}, decoded ${decoding}: ${difference}`)
      }
      if (log === "") continue
      logs++
      lines += log.split("\n").length - 1
    }
    expect(logs).toBeGreaterThanOrEqual(leastLogs)
    expect(lines).toBeGreaterThanOrEqual(leastLines)
  })
}
