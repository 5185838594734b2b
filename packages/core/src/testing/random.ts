/**
 * A seeded random source (mulberry32), so that a failing random test can be run again.
 */

export interface Random {
  /** An integer from 0 to below `bound`. */
  readonly below: (bound: number) => number
  readonly pick: <A>(of: ReadonlyArray<A>) => A
  /** True once in `times`. */
  readonly once: (times: number) => boolean
}

export function seededRandom(seed: number): Random {
  let state = seed | 0
  const below = (bound: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * bound)
  }
  return {
    below,
    pick: (of) => of[below(of.length)]!,
    once: (times) => below(times) === 0
  }
}
