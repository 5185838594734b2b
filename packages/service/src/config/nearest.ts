/**
 * The known name that a mistyped one most likely meant (Levenshtein distance, ignoring case).
 */

function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1]
    for (let j = 0; j < b.length; j++) {
      row.push(Math.min(row[j]! + 1, previous[j + 1]! + 1, previous[j]! + (a[i] === b[j] ? 0 : 1)))
    }
    previous = row
  }
  return previous[b.length]!
}

/** undefined when nothing is near: more than half of the letters would have to change. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase()
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const d = distance(wanted, candidate.toLowerCase())
    if (d < least) {
      least = d
      best = candidate
    }
  }
  return best !== undefined && least <= Math.max(2, Math.floor(Math.max(wanted.length, best.length) / 2))
    ? best
    : undefined
}
