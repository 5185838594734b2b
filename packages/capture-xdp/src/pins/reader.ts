/**
 * Reads the agent's pinned maps without libbpf and without a capability (Linux >= 5.19).
 *
 * The reader follows the agent: if the agent was restarted with another capacity, the pin names another map. Lookups then go to the new
 * map first and to the old one second, so that a SYN from before the change is found too. The pin is checked every 0.1 s and on every
 * miss.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { closeSync } from "node:fs"
import { CONNECTION_KEY_BYTES } from "@synprint/core"
import type { CaptureBackend, CaptureError, CaptureFilter, Miss, RawSyn } from "@synprint/service"
import type { XdpOptions } from "../config.ts"
import { type BpfCalls, openBpfCalls } from "../program/bpf-call.ts"
import { openClock } from "../clock.ts"
import { openCounterMap } from "../map/counter-map.ts"
import { failure, refusedConfig } from "../failure.ts"
import { openLibc } from "../program/libraries.ts"
import { CLOSED, closeWithScope, makeLookup, newCounts, type SynSource } from "../map/lookup.ts"
import { kernelVersion } from "@synprint/linux"
import { pinFailure } from "./pin-failure.ts"
import { mapPin, pinIdentity } from "./pins.ts"
import { LAYOUT_VERSION, RECORD_BYTES } from "../map/record.ts"
import { decodeActive, isClientKey, SETTINGS_BYTES } from "../settings.ts"
import { openSynMap } from "../map/syn-map.ts"

/** The pinned maps that are open. */
interface Pinned {
  readonly identity: number
  readonly syns: number
  readonly config: number
  readonly counters: number
  readonly capacity: number
}

export const openReader = (options: XdpOptions): Effect.Effect<CaptureBackend, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const c = yield* openLibc
    const calls = yield* openBpfCalls(c)
    const { pin } = options.config
    const first = openPinned(calls, pin)
    if ("message" in first) return yield* first
    let current: Pinned | undefined = first
    let previous: Pinned | undefined
    let previousUntilMs = 0
    let reason: string | undefined
    let followed = 0
    const counters = openCounterMap(calls)
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        if (current !== undefined) closePinned(current)
        if (previous !== undefined) closePinned(previous)
      })
    )

    /** Opens the pinned map if it has changed; true: there is a new map. */
    const follow = (): boolean => {
      if (current !== undefined && pinIdentity(mapPin(pin, "syns")) === current.identity) return false
      const next = openPinned(calls, pin)
      if ("message" in next) {
        reason = `${next.attempted}: ${next.reason}`
        if (current !== undefined) keepPrevious(current)
        current = undefined
        source.fd = -1
        return false
      }
      reason = undefined
      if (current !== undefined) keepPrevious(current)
      current = next
      source.fd = next.syns
      followed++
      readKey()
      return true
    }
    const keepPrevious = (last: Pinned): void => {
      if (previous !== undefined) closePinned(previous)
      previous = last
      previousUntilMs = performance.now() + options.maxAgeMs
    }

    const settings = new Uint8Array(SETTINGS_BYTES)
    const entry = new Uint8Array(4)
    /** The key of the agent's filter, which may change at run time. */
    const readKey = (): void => {
      if (current === undefined) return
      entry[0] = 0
      if (calls.read(current.config, entry, settings) < 0) return
      const { active } = decodeActive(settings)
      if (active === 0) return
      entry[0] = active
      if (calls.read(current.config, entry, settings) < 0) return
      map.keyOf = isClientKey(settings) ? "client" : "connection"
    }

    const readCounters = () =>
      current === undefined || source.fd === CLOSED ? undefined : counters.read(current.counters, current.capacity)
    const clock = yield* openClock(c, () => {
      follow()
      readKey()
      readCounters()
      if (previous !== undefined && performance.now() > previousUntilMs) {
        closePinned(previous)
        previous = undefined
      }
    })
    const map = yield* openSynMap(c, clock)
    const source: SynSource = {
      fd: current.syns,
      elsewhere: (maxAgeMs: number, into: RawSyn): "hit" | Miss => {
        let found: "hit" | Miss = "not_captured"
        if (follow()) found = map.find(source.fd, maxAgeMs, into)
        if (found === "not_captured" && previous !== undefined) found = map.find(previous.syns, maxAgeMs, into)
        return found
      },
      down: () => reason
    }
    yield* closeWithScope(source)
    readKey()
    yield* checkKey(options.filter.key, map.keyOf, pin)
    yield* Effect.logInfo(`xdp: reads the agent's pins in ${pin} (${first.capacity} entries, key = "${map.keyOf}")`)
    const counts = newCounts()
    return {
      name: "xdp",
      recovers: true,
      lookup: makeLookup(map, source, options.maxAgeMs, counts),
      packets: undefined,
      stats: () => ({ ...counts, ...readCounters(), followed }),
      down: () => reason,
      // The agent's filter applies.
      setFilter: (filter) => Effect.suspend(() => checkKey(filter.key, map.keyOf, pin))
    }
  })

/** The reverse works: a reader with key = "connection" can read the map of an agent with "client". */
const checkKey = (
  wanted: CaptureFilter["key"],
  pinned: CaptureFilter["key"],
  pin: string
): Effect.Effect<void, CaptureError> =>
  wanted === "client" && pinned === "connection"
    ? Effect.fail(
        refusedConfig(
          `read the pins in ${pin}`,
          'the agent captures with key = "connection", this program asks with key = "client"',
          'set [capture] key = "client" for the agent too'
        )
      )
    : Effect.void

function openPinned(calls: BpfCalls, pin: string): Pinned | CaptureError {
  const opened: Array<number> = []
  const fail = (error: CaptureError): CaptureError => {
    for (const fd of opened) closeSync(fd)
    return error
  }
  const identity = pinIdentity(mapPin(pin, "syns"))
  for (const name of ["syns", "config", "counters"] as const) {
    const path = mapPin(pin, name)
    const fd = calls.get(path)
    if (fd < 0) return fail(pinFailure(pin, path, fd, kernelVersion()))
    opened.push(fd)
  }
  const [syns, config, counters] = opened as [number, number, number]
  const path = mapPin(pin, "syns")
  const info = calls.mapInfo(syns)
  if (typeof info === "number") return fail(pinFailure(pin, path, info, kernelVersion()))
  const settings = new Uint8Array(SETTINGS_BYTES)
  const read = calls.read(config, new Uint8Array(4), settings)
  if (read < 0) return fail(pinFailure(pin, mapPin(pin, "config"), read, kernelVersion()))
  const { layout } = decodeActive(settings)
  if (layout !== LAYOUT_VERSION || info.keyBytes !== CONNECTION_KEY_BYTES || info.valueBytes !== RECORD_BYTES) {
    return fail(
      failure(
        `read ${path}`,
        `layout ${layout} with keys of ${info.keyBytes} and values of ${info.valueBytes} bytes, this program reads ` +
          `layout ${LAYOUT_VERSION} with ${CONNECTION_KEY_BYTES} and ${RECORD_BYTES}`,
        "run the same version of synprint on both sides"
      )
    )
  }
  return { identity, syns, config, counters, capacity: info.capacity }
}

function closePinned(pinned: Pinned): void {
  closeSync(pinned.syns)
  closeSync(pinned.config)
  closeSync(pinned.counters)
}
