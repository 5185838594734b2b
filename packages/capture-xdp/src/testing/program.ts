/**
 * The program in the kernel without an interface: BPF_PROG_TEST_RUN gives frames to a hook, then the map is read.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type CaptureBackend, type CaptureError, type CaptureFilter, type RawSyn, makeRawSyn } from "@synprint/service"
import { openBpfCalls } from "../program/bpf-call.ts"
import { openClock } from "../clock.ts"
import { openCounterMap, type MapCounters } from "../map/counter-map.ts"
import { writeFilter } from "../map/filter-map.ts"
import { type Libbpf, TEST_RUN_OPTS_BYTES } from "../program/libbpf.ts"
import { openLibbpf, openLibc } from "../program/libraries.ts"
import { makeLookup, newCounts, type SynSource } from "../map/lookup.ts"
import { allocate } from "../program/memory.ts"
import { loadObject, PROGRAMS, type ProgramName } from "../program/object.ts"
import { openSynMap } from "../map/syn-map.ts"

export const ALL_SYNS: CaptureFilter = { ports: [], addresses: [], key: "connection" }
const FRAME_BYTES = 4096

export interface TestRun {
  readonly result: number
  /** Duration of one run in nanoseconds, as measured by the kernel. */
  readonly ns: number
}

export interface TestProgram {
  readonly b: Libbpf
  /** Runs one frame `repeat` times; it begins with an Ethernet header for cgroup_skb too, and the kernel removes it. */
  readonly run: (program: ProgramName, frame: Uint8Array, repeat?: number) => TestRun
  readonly find: (key: Uint8Array) => RawSyn | undefined
  /** Looks a connection up as the backend does. */
  readonly lookup: CaptureBackend["lookup"]
  readonly counters: () => MapCounters
  readonly setFilter: (filter: CaptureFilter) => void
  readonly programFd: (program: ProgramName) => number
  readonly mapFd: number
}

/** Loads all hooks and features, so that the verifier sees all of them. */
export const openTestProgram = (capacity = 1024): Effect.Effect<TestProgram, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const c = yield* openLibc
    const b = yield* openLibbpf
    const object = yield* loadObject(c, b, { programs: PROGRAMS, capacity, reuse: {} })
    yield* writeFilter(b, object.map("config"), ALL_SYNS)
    const calls = yield* openBpfCalls(c)
    const clock = yield* openClock(c, () => undefined)
    const map = yield* openSynMap(c, clock)
    const counters = openCounterMap(calls)
    const run = yield* openTestRun
    const source: SynSource = { fd: object.map("syns"), elsewhere: undefined, down: () => undefined }
    return {
      b,
      lookup: makeLookup(map, source, 60_000, newCounts()),
      run: (program, frame, repeat) => run(b, object.program(program), frame, repeat),
      find: (key) => {
        const into = makeRawSyn()
        map.seek(key)
        return map.find(object.map("syns"), 60_000, into) === "hit" ? into : undefined
      },
      counters: () => counters.read(object.map("counters"), capacity)!,
      setFilter: (filter) => {
        Effect.runSync(writeFilter(b, object.map("config"), filter))
        map.keyOf = filter.key
      },
      programFd: object.program,
      mapFd: object.map("syns")
    }
  })

/** Runs any program by its descriptor with BPF_PROG_TEST_RUN. */
export const openTestRun: Effect.Effect<
  (b: Libbpf, program: number, frame: Uint8Array, repeat?: number) => TestRun,
  CaptureError,
  Scope.Scope
> = Effect.gen(function* () {
  const c = yield* openLibc
  const { address, buffer } = yield* allocate(c, TEST_RUN_OPTS_BYTES + FRAME_BYTES)
  const options = new DataView(buffer, 0, TEST_RUN_OPTS_BYTES)
  const optionBytes = new Uint8Array(buffer, 0, TEST_RUN_OPTS_BYTES)
  const data = new Uint8Array(buffer, TEST_RUN_OPTS_BYTES, FRAME_BYTES)
  return (b, program, frame, repeat = 1) => {
    optionBytes.fill(0)
    data.set(frame)
    options.setBigUint64(0, BigInt(TEST_RUN_OPTS_BYTES), true)
    options.setBigUint64(8, BigInt(address + TEST_RUN_OPTS_BYTES), true)
    options.setUint32(24, frame.length, true)
    options.setInt32(60, repeat, true)
    const result = b.bpf_prog_test_run_opts(program, optionBytes)
    if (result < 0) throw new Error(`BPF_PROG_TEST_RUN: ${result}`)
    return { result: options.getInt32(56, true), ns: options.getUint32(64, true) }
  }
})
