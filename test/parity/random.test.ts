/**
 * Fresh random captures through the installed p0f and through our p0f mode: the logs are equal to the byte, with all kinds of
 * limits. SYNPRINT_FUZZ=N runs N captures, SYNPRINT_SEED=S begins at seed S.
 */
import { expect } from "bun:test"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { randomCapture, writePcap } from "@synprint/core/testing"
import { requires, testWith } from "../lib/requires.ts"
import { firstDifference, limitsOf, loadMatcher, P0F_DATABASE, replay } from "./replay.ts"

const CAPTURES = Number(process.env["SYNPRINT_FUZZ"] ?? 40)
const FIRST_SEED = Number(process.env["SYNPRINT_SEED"] ?? Math.floor(Math.random() * 1_000_000))

/** p0f's defaults mostly; tables that overflow, flows and hosts that expire. */
const ARGUMENTS: ReadonlyArray<ReadonlyArray<string>> = [
  [],
  [],
  [],
  ["-m", "1,1"],
  ["-m", "3,5"],
  ["-m", "1000,3"],
  ["-m", "100,1"],
  ["-m", "2,40"],
  ["-t", "1,1"],
  ["-t", "5,2"],
  ["-t", "100,500"],
  ["-m", "10,10", "-t", "3,1"]
]
const CLIENTS = [3, 12, 12, 40, 200]
const FAULTS = [0, 12, 12, 40]

testWith(
  [requires.binaries("p0f")],
  `p0f and we write the same log of ${CAPTURES} random captures from seed ${FIRST_SEED} on`,
  () => {
    const directory = mkdtempSync(join(tmpdir(), "synprint-parity-"))
    const capturePath = join(directory, "capture.pcap")
    const logPath = join(directory, "p0f.log")
    try {
      const matcher = loadMatcher()
      const kinds = new Set<string>()
      let lines = 0
      for (let seed = FIRST_SEED; seed < FIRST_SEED + CAPTURES; seed++) {
        const link = seed % 5 === 4 ? "raw" : "ethernet"
        const packets = randomCapture({
          seed,
          link,
          events: 40 + ((seed * 37) % 300),
          clients: CLIENTS[seed % 5]!,
          faultPercent: FAULTS[seed % 4]!
        })
        const capture = writePcap(packets, { linkType: link === "raw" ? 101 : 1 })
        const words = ARGUMENTS[(seed * 7) % ARGUMENTS.length]!
        writeFileSync(capturePath, capture)
        rmSync(logPath, { force: true })
        const run = Bun.spawnSync(["p0f", "-r", capturePath, "-f", P0F_DATABASE, "-o", logPath, ...words], {
          env: { ...process.env, TZ: "UTC" },
          stdout: "ignore",
          stderr: "pipe"
        })
        if (run.exitCode !== 0) throw new Error(`seed ${seed}: p0f: exit ${run.exitCode}: ${run.stderr.toString()}`)
        const log = existsSync(logPath) ? readFileSync(logPath, "latin1") : ""
        for (const decoding of ["itself", "ahead"] as const) {
          const difference = firstDifference(replay(capture, matcher, limitsOf(words), decoding).text, log)
          if (difference !== undefined)
            throw new Error(`seed ${seed}, p0f ${words.join(" ")}, decoded ${decoding}: ${difference}`)
        }
        for (const line of log.split("\n")) if (line !== "") kinds.add(/mod=([^|]*)/.exec(line)![1]!)
        lines += log.split("\n").length - 1
      }
      console.log(`${CAPTURES} random captures from seed ${FIRST_SEED}: ${lines} equal lines`)
      // Forty captures show all that p0f says, but for the rare sendsyn.
      const usual = ["host change", "http request", "http response", "ip sharing", "mtu", "syn", "syn+ack", "uptime"]
      if (CAPTURES >= 40) expect([...kinds]).toEqual(expect.arrayContaining(usual))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
  60_000 + CAPTURES * 200
)
