/** A random sample of mutations that spreads over lines: a long condition has ten mutations and is one line. */
import type { Mutation } from "./mutations.ts"

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** At most `count` mutations, from as many lines; in the order of the sources. */
export function sample(all: ReadonlyArray<Mutation>, count: number, random: () => number): ReadonlyArray<Mutation> {
  const lines = new Map<string, Array<Mutation>>()
  for (const mutation of all) {
    const key = `${mutation.file}:${mutation.line}`
    const known = lines.get(key)
    if (known === undefined) lines.set(key, [mutation])
    else known.push(mutation)
  }
  const rest = [...lines.values()]
  const drawn = new Set<Mutation>()
  while (drawn.size < count && rest.length > 0) {
    const [line] = rest.splice(Math.floor(random() * rest.length), 1)
    drawn.add(line![Math.floor(random() * line!.length)]!)
  }
  return all.filter((mutation) => drawn.has(mutation))
}
