/**
 * What both ways of capturing have in common: a lookup in the map of SYNs, counted.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Connection, Miss, RawSyn } from "@synprint/service"
import { isAddressOnly, type SynMap } from "./syn-map.ts"

/** The Scope has ended: the memory of lookups is gone. */
export const CLOSED = -2

/** Where the SYNs are. */
export interface SynSource {
  /** The map that the program fills; -1: none; CLOSED. */
  fd: number
  /** After a miss: looks in other maps that may have it. undefined: there are none. */
  readonly elsewhere: ((maxAgeMs: number, into: RawSyn) => "hit" | Miss) | undefined
  /** Why a SYN may be missing although its connection is there. */
  readonly down: () => string | undefined
}

export interface LookupCounts {
  hit: number
  not_captured: number
  stale: number
  backend_down: number
}

export function makeLookup(
  map: SynMap,
  source: SynSource,
  maxAgeMs: number,
  counts: LookupCounts
): (connection: Connection, into: RawSyn) => "hit" | Miss {
  return (connection, into) => {
    // The map knows connections: a question about an address alone is for a backend that keeps them by address too.
    if (isAddressOnly(connection.key)) return "unsupported"
    if (source.fd === CLOSED) return "backend_down"
    let found: "hit" | Miss = "not_captured"
    map.seek(connection.key)
    if (source.fd >= 0) found = map.find(source.fd, maxAgeMs, into)
    if (found === "not_captured" && source.elsewhere !== undefined) found = source.elsewhere(maxAgeMs, into)
    if (found === "hit") {
      counts.hit++
      return "hit"
    }
    if (found === "stale") {
      counts.stale++
      return "stale"
    }
    if (source.fd < 0 || source.down() !== undefined) {
      counts.backend_down++
      return "backend_down"
    }
    counts.not_captured++
    return "not_captured"
  }
}

/** No lookup touches anything from the end of the Scope on; opened last, so it runs first. */
export const closeWithScope = (source: SynSource): Effect.Effect<void, never, Scope.Scope> =>
  Effect.addFinalizer(() =>
    Effect.sync(() => {
      source.fd = CLOSED
    })
  )

export function newCounts(): LookupCounts {
  return { hit: 0, not_captured: 0, stale: 0, backend_down: 0 }
}
