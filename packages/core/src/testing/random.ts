/**
 * A seeded random source (mulberry32), so that a failing random test can be run again.
 */

export interface Random {
  /** An integer from 0 to below `bound`. */
  readonly below: (bound: number) => number
  readonly pick: <A>(of: ReadonlyArray<A>) => A
  /** True once in `times`. */
  readonly once: (times: number) => boolean
  /** An int32. */
  readonly word: () => number
  /** An integer from `from` to `to`, both included. */
  readonly between: (from: number, to: number) => number
  /** True `percent` times in 100. */
  readonly chance: (percent: number) => boolean
  readonly bytes: (length: number) => Uint8Array
}

/**
 * Number of rounds of a random test: `all`, or an eighth of them in `bun run check --fast`, which is for the time between two edits. Seeds are the same, so the fast rounds are the first of all.
 */
export const rounds = (all: number): number => (process.env["SYNPRINT_TEST_FAST"] === "1" ? Math.ceil(all / 8) : all)

export function seededRandom(seed: number): Random {
  let state = seed | 0
  const word = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return mixed ^ (mixed >>> 14)
  }
  const below = (bound: number): number => Math.floor(((word() >>> 0) / 4294967296) * bound)
  return {
    below,
    pick: (of) => of[below(of.length)]!,
    once: (times) => below(times) === 0,
    word,
    between: (from, to) => from + below(to - from + 1),
    chance: (percent) => (word() >>> 0) / 42949672.96 < percent,
    bytes: (length) => Uint8Array.from({ length }, () => word() & 255)
  }
}
