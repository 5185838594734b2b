import { expect, test } from "bun:test"
import {
  FEW,
  HINT_NAMES,
  MEASURED,
  precisionOf,
  SCANNER,
  UA_MISMATCH,
  UNMEASURED
} from "../../packages/core/src/hints/hint.ts"
import { measureHints } from "../../packages/core/bench/hint-evidence.ts"

test("no hint claims more than its precision on labelled SYNs", () => {
  const evidence = measureHints()
  if (evidence === undefined) return
  const { counts } = evidence
  for (const [hint, name] of HINT_NAMES.entries()) {
    const count = counts[hint]
    if (count === undefined) continue
    const most = count.reported < FEW ? UNMEASURED : precisionOf(count.right, count.reported)
    expect(`${name} ${MEASURED[hint]! <= most ? "at most" : "above"} ${most}`).toBe(`${name} at most ${most}`)
  }
  expect(counts[SCANNER]!.right).toBe(counts[SCANNER]!.reported)
  expect(counts[UA_MISMATCH]!.reported).toBeGreaterThan(500)
})

test("every request whose User-Agent the stack contradicts was looked at", () => {
  const evidence = measureHints()
  if (evidence === undefined) return
  expect(evidence.unjudged).toEqual([])
  expect(evidence.contradictions.length).toBeGreaterThanOrEqual(7)
})
