/**
 * Part (g): the precision of each hint, from which its score comes (src/hints/hint.ts). p0f has bad_sw for one of them and no scores.
 */
import { FEW, HINT_NAMES, MEASURED, precisionOf } from "../src/hints/hint.ts"
import { measureHints } from "./hint-evidence.ts"
import { share, type SignalPart, type SignalRow } from "./part.ts"

export const part: SignalPart = {
  title: "(g) Hints: right of reported",
  run: () => {
    const evidence = measureHints()
    if (evidence === undefined) return "the tables of labelled SYNs are not there"
    const rows = HINT_NAMES.flatMap((name, hint): ReadonlyArray<SignalRow> => {
      const count = evidence.counts[hint]
      if (count === undefined) return []
      const precision = precisionOf(count.right, count.reported)
      return [
        {
          name,
          ours: `${share(count.right, count.reported)}, found ${share(count.right, count.due)}`,
          p0f: "-",
          bar: count.reported < FEW ? `too few: score ${MEASURED[hint]}` : `score ${MEASURED[hint]} <= ${precision}`,
          missed: MEASURED[hint]! > precision && count.reported >= FEW
        }
      ]
    })
    return {
      rows,
      notes: [
        "the bar is the lower end of the 95 % interval of right of reported",
        "requests of captures whose User-Agent the stack contradicts:",
        ...evidence.contradictions.map((line) => `  ${line}`),
        ...evidence.wrong.map((line) => `reported of a client that says what its label says: ${line}`)
      ]
    }
  }
}
