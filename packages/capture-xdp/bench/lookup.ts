/**
 * Cost of looking up a connection's SYN, against the same loop in C (lookup.c): median of 9 rounds that take turns.
 *
 *   bun packages/capture-xdp/bench/lookup.ts [--check]      root, gcc; budget 1.5
 */
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeConnectionKey } from "@synprint/core"
import { ethernet, tcp } from "@synprint/core/testing"
import { makeRawSyn } from "@synprint/service"
import { openTestProgram } from "@synprint/capture-xdp/testing"

const ROUNDS = 9
const KEYS = 20_000
const BUDGET = 1.5

function median(values: ReadonlyArray<number>): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const directory = mkdtempSync(join(tmpdir(), "synprint-bench-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(directory, { recursive: true, force: true })))
      const peer = join(directory, "lookup")
      const gcc = Bun.spawnSync(["gcc", "-O2", "-o", peer, join(import.meta.dir, "lookup.c")], { stderr: "inherit" })
      if (gcc.exitCode !== 0) throw new Error("gcc cannot compile lookup.c")
      const program = yield* openTestProgram(65536)
      const options = "mss=1460,sok,ts=1,nop,ws=7"
      for (let n = 0; n < KEYS; n++) program.run("syn_xdp", ethernet(tcp({ sport: 1024 + n, seq: n, options })).bytes)

      const key = makeConnectionKey()
      key.set([4], 0)
      key.set([1, 0xbb], 6)
      key.set([192, 0, 2, 1], 8)
      key.set([198, 51, 100, 7], 24)
      const connection = { key, savedSyn: undefined, openedAtMs: 0 }
      const into = makeRawSyn()
      const ours = (): number => {
        const begin = Bun.nanoseconds()
        for (let n = 0; n < KEYS; n++) {
          const port = 1024 + ((n * 7919) % KEYS)
          key[4] = port >> 8
          key[5] = port
          if (program.lookup(connection, into) !== "hit") throw new Error(`port ${port} was not found`)
        }
        return (Bun.nanoseconds() - begin) / KEYS
      }
      const theirs = (): number => {
        const ran = Bun.spawnSync([peer, "1", String(KEYS)], { stdio: ["ignore", "pipe", "inherit", program.mapFd] })
        if (ran.exitCode !== 0) throw new Error("lookup.c failed")
        return Number(ran.stdout!.toString())
      }
      for (let n = 0; n < 3; n++) ours()
      const times = { ours: [] as Array<number>, theirs: [] as Array<number> }
      for (let round = 0; round < ROUNDS; round++) {
        times.theirs.push(theirs())
        times.ours.push(ours())
      }
      const [us, them] = [median(times.ours), median(times.theirs)]
      console.log(
        `look-up ${us.toFixed(0)} ns, the loop in C ${them.toFixed(0)} ns: ${(us / them).toFixed(2)} x (budget ${BUDGET})`
      )
      if (process.argv.includes("--check") && us > BUDGET * them) process.exitCode = 1
    })
  )
)
