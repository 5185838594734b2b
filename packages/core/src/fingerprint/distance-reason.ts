/**
 * Distance reason: why the hops of a SYN cannot be told from its TTL. `dist` then is a guess or an upper bound.
 *
 *     random-ttl         the sender draws its initial TTL at random (nmap): at most so many hops
 *     excess-distance    more than 35 hops from the initial TTL: not believed (p0f's MAX_DIST)
 *     ttl-above-initial  more than the stack that it looks like begins with: changed on the way or by configuration
 *     ttl-above-usual    above 128, and no known stack says that it began with 255: many devices and relays do, and any stack can be set
 *     ttl-below-usual    32 or less, and no known stack says so: hops from 32, or more than 31 from 64
 */
import { MAX_DIST } from "./distance.ts"
import type { Shape } from "./shape.ts"

export type DistanceReason =
  | "random-ttl"
  | "excess-distance"
  | "ttl-above-initial"
  | "ttl-above-usual"
  | "ttl-below-usual"

/** The reason, undefined when the distance can be relied on. */
export function distanceReason(shape: Pick<Shape, "match" | "fuzzy" | "ttl" | "dist">): DistanceReason | undefined {
  const { match, ttl } = shape
  if (match !== undefined) {
    const { ittl, badTtl } = match.signature
    if (badTtl) return "random-ttl"
    if (ttl > ittl) return "ttl-above-initial"
    if (ittl - ttl <= MAX_DIST) return undefined
  }
  if (shape.dist > MAX_DIST) return "excess-distance"
  if (match !== undefined) return ttl <= 32 ? "ttl-below-usual" : "excess-distance"
  if (ttl > 128) return "ttl-above-usual"
  return ttl <= 32 ? "ttl-below-usual" : undefined
}
