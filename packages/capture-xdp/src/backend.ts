/**
 * The backend: an eBPF program writes SYNs to a map before the TCP stack sees them, so a lookup at accept or later finds its SYN.
 *
 * `attach = true`: this process loads and attaches the program, which ends with the process. `attach = false`: the agent attached it;
 * see pins/reader.ts. If several threads serve, one attaches and `share`s its map, since an interface takes only one XDP program.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CaptureBackend, CaptureError, SharedCapture } from "@synprint/service"
import type { XdpOptions } from "./config.ts"
import { openAttached } from "./attach/attached.ts"
import { openBpfCalls } from "./program/bpf-call.ts"
import { openClock } from "./clock.ts"
import { openCounterMap } from "./map/counter-map.ts"
import { openLibbpf, openLibc } from "./program/libraries.ts"
import { CLOSED, closeWithScope, makeLookup, newCounts, type SynSource } from "./map/lookup.ts"
import { reportEveryMinute } from "./minute-report.ts"
import { openReader } from "./pins/reader.ts"
import { openSynMap } from "./map/syn-map.ts"

export const open = (options: XdpOptions): Effect.Effect<CaptureBackend, CaptureError, Scope.Scope> => {
  const handle = options.shared?.["xdp"]
  if (handle !== undefined) return openShared(handle as XdpHandle, options)
  return options.config.attach ? Effect.map(openOwn(options), ({ backend }) => backend) : openReader(options)
}

/** The parts of an attached capture that other threads use; descriptors belong to the process. */
interface XdpHandle {
  readonly syns: number
  /** An int32 that is 1 while no hook is attached. */
  readonly down: SharedArrayBuffer
}

const WATCH_MS = 250

export const share = (options: XdpOptions): Effect.Effect<SharedCapture | undefined, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    if (!options.config.attach) return undefined
    const { backend, syns, isAllDown } = yield* openOwn(options)
    const handle: XdpHandle = { syns, down: new SharedArrayBuffer(4) }
    const flag = new Int32Array(handle.down)
    yield* Effect.acquireRelease(
      Effect.sync(() => setInterval(() => Atomics.store(flag, 0, isAllDown() ? 1 : 0), WATCH_MS)),
      (timer) => Effect.sync(() => clearInterval(timer))
    )
    return { handle, stats: backend.stats, down: backend.down, setFilter: backend.setFilter }
  })

const openShared = (
  { syns, down }: XdpHandle,
  options: XdpOptions
): Effect.Effect<CaptureBackend, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const c = yield* openLibc
    const clock = yield* openClock(c, () => {})
    const map = yield* openSynMap(c, clock)
    map.keyOf = options.filter.key
    const flag = new Int32Array(down)
    const lost = "no hook is attached: the log says why"
    const source: SynSource = {
      fd: syns,
      elsewhere: undefined,
      down: () => (Atomics.load(flag, 0) === 0 ? undefined : lost)
    }
    const counts = newCounts()
    yield* closeWithScope(source)
    return {
      name: "xdp",
      recovers: true,
      lookup: makeLookup(map, source, options.maxAgeMs, counts),
      packets: undefined,
      stats: () => ({ ...counts }),
      down: source.down,
      // The thread that attached owns the program's filter.
      setFilter: (filter) =>
        Effect.sync(() => {
          map.keyOf = filter.key
        })
    }
  })

interface OwnCapture {
  readonly backend: CaptureBackend
  readonly syns: number
  readonly isAllDown: () => boolean
}

const openOwn = (options: XdpOptions): Effect.Effect<OwnCapture, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const c = yield* openLibc
    const b = yield* openLibbpf
    const { object, attachments, setFilter } = yield* openAttached(
      c,
      b,
      options,
      {},
      () => undefined,
      () => Effect.void
    )
    const calls = yield* openBpfCalls(c)
    const counters = openCounterMap(calls)
    const down = (): string | undefined => attachments.find(({ reason }) => reason !== undefined)?.reason
    const isAllDown = (): boolean => attachments.every(({ hook }) => hook === undefined)
    const source: SynSource = {
      fd: object.map("syns"),
      elsewhere: undefined,
      down: () => (isAllDown() ? down() : undefined)
    }
    const readCounters = () =>
      source.fd === CLOSED ? undefined : counters.read(object.map("counters"), options.capacity)
    // Each reading is a sample for the retention estimate.
    const clock = yield* openClock(c, readCounters)
    const map = yield* openSynMap(c, clock)
    map.keyOf = options.filter.key
    const counts = newCounts()
    yield* reportEveryMinute(readCounters)
    yield* closeWithScope(source)
    const backend: CaptureBackend = {
      name: "xdp",
      recovers: true,
      lookup: makeLookup(map, source, options.maxAgeMs, counts),
      packets: undefined,
      stats: () => ({
        ...counts,
        ...readCounters(),
        hooks: attachments.filter(({ hook }) => hook !== undefined).length,
        hooks_down: attachments.filter(({ hook }) => hook === undefined).length,
        reattached: attachments.reduce((sum, { reattached }) => sum + reattached, 0)
      }),
      down,
      setFilter: (filter) =>
        Effect.andThen(
          setFilter(filter),
          Effect.sync(() => {
            map.keyOf = filter.key
          })
        )
    }
    return { backend, syns: object.map("syns"), isAllDown }
  })
