/**
 * Cost of the program per packet, by BPF_PROG_TEST_RUN: a packet that is no SYN against an empty program (budget +5 ns), a SYN against
 * the sketch that the program grew out of (budget 1.1 x). Best of 9 rounds that take turns.
 *
 *   bun packages/capture-xdp/bench/program.ts [--check]      root, clang-14; the sketch is in the shared directory
 */
import * as Effect from "effect/Effect"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ethernet, sharedFile, tcp } from "@synprint/core/testing"
import { loadOther, openTestProgram, openTestRun } from "@synprint/capture-xdp/testing"

const ROUNDS = 9
const REPEAT = 100_000
const NON_SYN_BUDGET_NS = 5
const SYN_BUDGET = 1.1

const EMPTY = `
__attribute__((section("xdp"), used)) int empty(void *xdp) { return 2; }
char LICENSE[] __attribute__((section("license"), used)) = "MIT";
`

function compile(directory: string, name: string, source: string): Uint8Array {
  writeFileSync(join(directory, `${name}.c`), source)
  const words = `clang-14 -target bpf -mcpu=v2 -O2 -g -nostdinc -c ${name}.c -o ${name}.o`.split(" ")
  const done = Bun.spawnSync(words, { cwd: directory, stderr: "inherit" })
  if (done.exitCode !== 0) throw new Error(`clang-14 cannot compile ${name}`)
  return new Uint8Array(readFileSync(join(directory, `${name}.o`)))
}

const options = "mss=1460,sok,ts=1,nop,ws=7"
const FRAMES = {
  ACK: ethernet(tcp({ flags: "A", options: "nop,nop,ts=1:2" })).bytes,
  "ACK over IPv6": ethernet(tcp({ src: "2001:db8::1", dst: "2001:db8::2", flags: "A", options: "nop,nop,ts=1:2" }))
    .bytes,
  UDP: ethernet(tcp({ protocol: 17, payload: "x".repeat(40) })).bytes
}
const SYN = ethernet(tcp({ options })).bytes
const OTHER_SYN = ethernet(tcp({ options, seq: 1 })).bytes

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const directory = mkdtempSync(join(tmpdir(), "synprint-bench-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(directory, { recursive: true, force: true })))
      const ours = yield* openTestProgram(65536)
      const run = yield* openTestRun
      const { b } = ours
      const empty = yield* loadOther(b, compile(directory, "empty", EMPTY), "empty")
      const best = (program: number, frame: Uint8Array) => run(b, program, frame, REPEAT).ns
      let isOver = false
      const measure = (turns: Readonly<Record<string, () => number>>): Readonly<Record<string, number>> => {
        const least: Record<string, number> = {}
        for (let round = 0; round < ROUNDS; round++) {
          for (const [name, turn] of Object.entries(turns)) least[name] = Math.min(least[name] ?? Infinity, turn())
        }
        return least
      }

      for (const [name, frame] of Object.entries(FRAMES)) {
        const ns = measure({ empty: () => best(empty, frame), ours: () => best(ours.programFd("syn_xdp"), frame) })
        const more = ns["ours"]! - ns["empty"]!
        isOver ||= more > NON_SYN_BUDGET_NS
        console.log(
          `${name.padEnd(14)} ${ns["ours"]} ns, an empty program ${ns["empty"]} ns: +${more} ns (budget +${NON_SYN_BUDGET_NS})`
        )
      }

      const sketch = sharedFile("examples/bpf/syn.bpf.c")
      if (sketch !== undefined) {
        const header = readFileSync(sharedFile("examples/bpf/bpf_mini.h")!, "utf8")
        writeFileSync(join(directory, "bpf_mini.h"), header)
        const source = readFileSync(sketch, "utf8").replace(
          "cfg = {}",
          "cfg = {.v4_on = 1, .v6_on = 1, .keep_first = 1}"
        )
        const bytes = compile(directory, "sketch", source)
        const theirs = yield* loadOther(b, bytes, "syn_xdp")
        // Another ISN each time: each run stores an entry.
        const stored = (program: number) => () => {
          let total = 0
          for (let n = 0; n < 2000; n++) total += run(b, program, n % 2 ? SYN : OTHER_SYN, 1).ns
          return total / 2000
        }
        const again = (program: number) => () => best(program, SYN)
        for (const [name, turn] of [
          ["a new SYN", stored],
          ["the same SYN", again]
        ] as const) {
          const ns = measure({ sketch: turn(theirs), ours: turn(ours.programFd("syn_xdp")) })
          const ratio = ns["ours"]! / ns["sketch"]!
          isOver ||= ratio > SYN_BUDGET
          console.log(
            `${name.padEnd(14)} ${ns["ours"]!.toFixed(0)} ns, the sketch ${ns["sketch"]!.toFixed(0)} ns: ` +
              `${ratio.toFixed(2)} x (budget ${SYN_BUDGET})`
          )
        }
      }
      if (process.argv.includes("--check") && isOver) process.exitCode = 1
    })
  )
)
