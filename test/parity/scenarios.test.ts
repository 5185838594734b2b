/**
 * The scenarios of core's unit tests through the installed p0f: their lines are p0f's.
 */
import { expect } from "bun:test"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { P0F_SCENARIOS, SCENARIO_DATABASE, shortLines, writePcap } from "@synprint/core/testing"
import { requires, testWith } from "../lib/requires.ts"

testWith([requires.binaries("p0f")], "p0f says of every scenario what core's unit tests expect", () => {
  const directory = mkdtempSync(join(tmpdir(), "synprint-scenarios-"))
  const [database, capture, log] = ["scenarios.fp", "capture.pcap", "p0f.log"].map((name) => join(directory, name))
  try {
    writeFileSync(database!, SCENARIO_DATABASE)
    for (const { name, frames, args = [], shows, lines } of P0F_SCENARIOS) {
      writeFileSync(capture!, writePcap(frames))
      rmSync(log!, { force: true })
      const run = Bun.spawnSync(["p0f", "-r", capture!, "-f", database!, "-o", log!, ...args], {
        env: { ...process.env, TZ: "UTC" },
        stdout: "ignore",
        stderr: "pipe"
      })
      if (run.exitCode !== 0) throw new Error(`${name}: p0f: exit ${run.exitCode}: ${run.stderr.toString()}`)
      expect([name, ...shortLines(readFileSync(log!, "latin1"), shows)]).toEqual([name, ...lines])
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
