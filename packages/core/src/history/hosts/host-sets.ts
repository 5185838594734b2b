/**
 * Host sets: the layout of modern mode's index, from the hash of an address to the number of its host (clock-host-table.ts).
 *
 *     a set, 16 words = one cache line of the 12 ways that a hash has
 *      0 tags[3], a byte for each way: 0 free, else 1 to 255 by the hash     3 hand, for when it is full     4 hosts[12]
 *
 * All tags of a set are compared at once, and a record is looked at only where a tag is equal (one in 40 looks at another's). Nothing
 * is ever moved: the byte of a host that leaves becomes 0. Beside the pairs of tagged-index.ts, with 65,536 hosts and 3 of 4
 * looks for a new one, a look with what it puts in and out took 40 ns instead of 75: there are no runs to follow and to close, and
 * hardly a branch that the processor can't foresee. Sets of 32 ways, with all tags in one array and all numbers in another, took a
 * fifth more, with a million hosts half more: three cache lines to a record instead of two. Records at the place of the way itself,
 * with no index at all, gained nothing: a new host's record then lies anywhere instead of behind the last one's.
 */

/** `set << SET_SHIFT` is its first word. */
export const SET_SHIFT = 4
export const SET_HAND = 3
export const SET_HOSTS = 4
export const WAYS = 12

/**
 * Ways per host. Addresses fall into sets at random, on average 6 into each in a full table: 0.2 % of the hosts find their set full
 * (with 1.5 it would be 1.6 %; as fast), and one of its hosts leaves early.
 */
const ROOM = 2

/** So many sets more, so that a table of a few hundred hosts keeps every one. */
const SPARE = 64

const ONES = 0x01010101
const TOPS = 0x80808080 | 0

export const setsFor = (maxHosts: number): number => Math.ceil((maxHosts * ROOM) / WAYS) + SPARE

/** The tag of a hash in all four bytes. Sets go by the high bits of the hash, tags by the low ones. */
export const tagsOf = (hash: number): number => Math.imul((Math.imul(hash & 0xfff, 255) >>> 12) + 1, ONES)

const zeroBytes = (word: number): number => (word - ONES) & ~word & TOPS

/**
 * A bit for each way with this tag, 0 for free ones; `wayOf` takes the lowest. Others than the lowest may be of a tag that differs in
 * one bit (the borrow of a subtraction).
 */
export const waysWith = (sets: Int32Array, at: number, tags: number): number =>
  (zeroBytes(sets[at]! ^ tags) >>> 7) |
  (zeroBytes(sets[at + 1]! ^ tags) >>> 6) |
  (zeroBytes(sets[at + 2]! ^ tags) >>> 5)

/** The way of the lowest bit: bits lie by byte of the word, then by word. */
export function wayOf(ways: number): number {
  const bit = 31 - Math.clz32(ways & -ways)
  return ((bit & 7) << 2) | (bit >> 3)
}
