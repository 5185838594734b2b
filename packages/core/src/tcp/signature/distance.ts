/**
 * Distance in hops, guessed from a TTL alone (fp_tcp.c: guess_dist): initial TTLs in use are 32, 64, 128 and 255.
 */

/** p0f's MAX_DIST (config.h): more hops than this are not believed. */
export const MAX_DIST = 35

/** The smallest usual initial TTL that is not below `ttl`. */
export function guessInitialTtl(ttl: number): number {
  return ttl <= 32 ? 32 : ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255
}

/** Hops, 0..127. */
export function guessDistance(ttl: number): number {
  return guessInitialTtl(ttl) - ttl
}
