/**
 * Hashes for tables whose keys come from us: names of databases and of the configuration, option layouts. Tables whose keys clients choose
 * need a secret, so that nobody makes them collide: hosts.ts and the store of SYNs multiply by random numbers, connection-key.ts and the
 * proxy's address limits start from a random seed.
 */

/** The hash of no bytes (FNV-1a, draft-eastlake-fnv). */
export const EMPTY_HASH = 0x811c9dc5 | 0

/** FNV-1a: the hash after one more byte. */
export function hashByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193)
}

/** FNV-1a of `bytes[from..end)`. */
export function hashBytes(bytes: Uint8Array, from: number, end: number): number {
  let hash = EMPTY_HASH
  for (let i = from; i < end; i++) hash = hashByte(hash, bytes[i]!)
  return hash
}

/** The hash after one more word; take the low bits of `hash ^ (hash >>> 15)` in the end. */
export function hashWord(hash: number, word: number): number {
  return Math.imul(hash ^ (hash >>> 15) ^ word, 0x9e3779b1)
}
