/**
 * The backend: SYNs that an eBPF program writes to a map before the TCP stack sees them, so a lookup at accept or later finds its own.
 *
 * `attach = true`: this process loads and attaches, the program ends with it. `attach = false`: the agent did; see reader.ts.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CaptureBackend, CaptureError, CaptureOptions } from "@synprint/core/runtime"
import { openAttached } from "./attached.ts"
import { openBpfCalls } from "./bpf-call.ts"
import { openClock } from "./clock.ts"
import { openCounterMap } from "./counter-map.ts"
import { openLibbpf, openLibc } from "./libraries.ts"
import { CLOSED, closeWithScope, makeLookup, newCounts, type SynSource } from "./lookup.ts"
import { reportEveryMinute } from "./minute-report.ts"
import { openReader } from "./reader.ts"
import { openSynMap } from "./syn-map.ts"

export const open = (options: CaptureOptions): Effect.Effect<CaptureBackend, CaptureError, Scope.Scope> =>
  options.xdp.attach ? openOwn(options) : openReader(options)

const openOwn = (options: CaptureOptions): Effect.Effect<CaptureBackend, CaptureError, Scope.Scope> =>
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
    // Each reading is a sample from which the retention is told.
    const clock = yield* openClock(c, readCounters)
    const map = yield* openSynMap(c, clock)
    map.keyOf = options.filter.key
    const counts = newCounts()
    yield* reportEveryMinute(readCounters)
    yield* closeWithScope(source)
    return {
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
  })
