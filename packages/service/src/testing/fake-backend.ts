/**
 * A backend over a Map, for tests of what stands on the seam: front ends, the chain, answers.
 */
import * as Effect from "effect/Effect"
import { printConnectionKey } from "@synprint/core/testing"
import type { BackendModule, BackendOptions, CaptureBackend, CaptureFilter, Check, Miss } from "../capture/backend.ts"
import { CaptureError } from "../capture/backend.ts"
import { table } from "../config/table.ts"

/** A backend whose answers a test sets, and whose calls it reads. */
export interface FakeBackend extends CaptureBackend {
  /** IP packets (IP and TCP header) by `printConnectionKey`. */
  readonly syns: Map<string, Uint8Array>
  /** The result of a lookup without an entry. */
  miss: Miss
  /** Set: the backend is down with this text. */
  reason: string | undefined
  readonly filters: Array<CaptureFilter>
  lookups: number
}

export function makeFakeBackend(name = "fake", syns: Iterable<readonly [string, Uint8Array]> = []): FakeBackend {
  const fake: FakeBackend = {
    name,
    syns: new Map(syns),
    miss: "not_captured",
    reason: undefined,
    filters: [],
    lookups: 0,
    lookup: (connection, into) => {
      fake.lookups++
      if (fake.reason !== undefined) return "backend_down"
      const syn = fake.syns.get(printConnectionKey(connection.key))
      if (syn === undefined) return fake.miss
      const ipBytes = syn[0]! >> 4 === 4 ? (syn[0]! & 15) * 4 : 40
      into.bytes.set(syn)
      into.ip = 0
      into.ipCaptured = ipBytes
      into.tcp = ipBytes
      into.tcpCaptured = syn.length - ipBytes
      into.tcpDistance = ipBytes
      into.seenAtMs = connection.openedAtMs
      into.retransmits = 0
      into.vlan = -1
      into.interfaceIndex = 0
      return "hit"
    },
    packets: undefined,
    stats: () => ({ lookups: fake.lookups }),
    down: () => fake.reason,
    setFilter: (filter) =>
      Effect.sync(() => {
        fake.filters.push(filter)
      })
  }
  return fake
}

/** A module whose `open` gives what `next` says each time; counts its openings and closings. */
export interface FakeModule extends BackendModule {
  readonly opened: Array<BackendOptions<any>>
  closed: number
}

export function makeFakeModule(
  name: string,
  next: () => CaptureBackend | CaptureError,
  more: Partial<BackendModule> & { readonly checks?: ReadonlyArray<Check> } = {}
): FakeModule {
  const { checks = [], ...description } = more
  const module: FakeModule = {
    name,
    autoRank: 50,
    config: table({}),
    deliversPackets: false,
    statNames: {},
    opened: [],
    closed: 0,
    load: async () => ({
      open: (options) =>
        Effect.acquireRelease(
          Effect.suspend(() => {
            module.opened.push(options)
            const given = next()
            return given instanceof CaptureError ? Effect.fail(given) : Effect.succeed(given)
          }),
          () =>
            Effect.sync(() => {
              module.closed++
            })
        ),
      doctor: () => Effect.succeed(checks)
    }),
    ...description
  }
  return module
}
