/**
 * Distance reason: why the TTL of a SYN does not give its hops, or gives only a guess.
 *
 *     random-ttl         the sender draws its initial TTL at random (nmap): at most so many hops
 *     excess-distance    more than 35 hops from every usual initial TTL above it: not believed (p0f's MAX_DIST)
 *     ttl-above-initial  more than the stack that it looks like begins with: changed on the way or by configuration
 *     ttl-below-initial  more than 35 hops from where that stack begins, fewer from a lower usual value
 *     ttl-above-usual    above 128, and no known stack says that it began with 255: many devices and relays do, any stack can be set to
 *     ttl-below-usual    32 or less, and no known stack says so: hops from 32, or more than 31 from 64
 *
 * With the first two the distance is a bound at most; with the others it is p0f's guess from the next usual initial TTL.
 */
import { MAX_DIST } from "../signature/distance.ts"
import type { Signature } from "../signature/signature.ts"

export type DistanceReason =
  | "random-ttl"
  | "excess-distance"
  | "ttl-above-initial"
  | "ttl-below-initial"
  | "ttl-above-usual"
  | "ttl-below-usual"

/** The part of a fingerprint on which the reason depends. */
export interface MeasuredDistance {
  readonly match: { readonly signature: Signature } | undefined
  readonly ttl: number
  /** Hops, by the matched line or guessed. */
  readonly dist: number
}

/** Returns the reason; undefined: the distance can be relied on. */
export function distanceReason({ match, ttl, dist }: MeasuredDistance): DistanceReason | undefined {
  if (match?.signature.badTtl === true) return "random-ttl"
  if (match !== undefined && ttl <= match.signature.ittl && match.signature.ittl - ttl <= MAX_DIST) return undefined
  if (dist > MAX_DIST) return "excess-distance"
  if (match !== undefined) return ttl > match.signature.ittl ? "ttl-above-initial" : "ttl-below-initial"
  if (ttl > 128) return "ttl-above-usual"
  return ttl <= 32 ? "ttl-below-usual" : undefined
}

/** Hops for the field `dist`; -1 if they are only an upper bound and not even a guess. */
export function reportedDistance(fingerprint: {
  readonly dist: number
  readonly distReason: DistanceReason | undefined
}): number {
  const { distReason } = fingerprint
  return distReason === "random-ttl" || distReason === "excess-distance" ? -1 : fingerprint.dist
}
