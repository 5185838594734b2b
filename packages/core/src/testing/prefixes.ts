/**
 * Sets of networks by their texts.
 */
import { PrefixSet, parsePrefixes } from "../address/prefix.ts"

export function prefixes(...texts: ReadonlyArray<string>): PrefixSet {
  const set = parsePrefixes(texts)
  if (set instanceof PrefixSet) return set
  throw new Error(set.join("; "))
}
