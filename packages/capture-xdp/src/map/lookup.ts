/**
 * The counted lookup in the map of SYNs, shared by both ways of capturing.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Connection, Miss, RawSyn } from "@synprint/service"
import { isAddressOnly, type SynMap } from "./syn-map.ts"

/** The Scope has ended, and the memory of lookups is freed. */
export const CLOSED = -2

/** The maps that hold SYNs. */
export interface SynSource {
  /** Descriptor of the map that the program fills; -1: none; or CLOSED. */
  fd: number
  /** Looks in other maps after a miss; undefined: there are none. */
  readonly elsewhere: ((maxAgeMs: number, into: RawSyn) => "hit" | Miss) | undefined
  /** Reason why the SYN of an existing connection may be missing. */
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
    // The map is keyed by connection. A lookup by address is for a backend that has an index by address.
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

/** Stops lookups from touching freed memory. It is the last resource acquired, so its finalizer runs first. */
export const closeWithScope = (source: SynSource): Effect.Effect<void, never, Scope.Scope> =>
  Effect.addFinalizer(() =>
    Effect.sync(() => {
      source.fd = CLOSED
    })
  )

export function newCounts(): LookupCounts {
  return { hit: 0, not_captured: 0, stale: 0, backend_down: 0 }
}
