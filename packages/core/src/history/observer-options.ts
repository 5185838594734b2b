/**
 * Options of an observer.
 */
import type { SharedHosts } from "./hosts/shared-hosts.ts"
import type { Matcher } from "../tcp/matching/matcher.ts"
import type { ObservationLog } from "./log/observation-log.ts"

export interface ObserverOptions {
  readonly mode: "modern" | "p0f"
  readonly matcher: Matcher
  /** p0f's -m: 1000 flows and 10,000 hosts there. */
  readonly maxFlows: number
  readonly maxHosts: number
  /** p0f's -t: 30 s and 120 min there. */
  readonly flowAgeSeconds: number
  readonly hostIdleMinutes: number
  /** Modern mode: how long a system behind an address is remembered, an hour by default (sharing.ts). */
  readonly sharingSeconds?: number
  readonly log?: ObservationLog
  /** Modern mode: hosts that other threads know too, and the number of the databases that `matcher` is of. */
  readonly shared?: { readonly hosts: SharedHosts; readonly generation: number }
}
