/**
 * The built-in database against everything that is labelled: which system a SYN is said to be from, and which one sent it.
 *
 * A User-Agent or device label (B) can be wrong, a measurement (A) cannot. No A row may get another system's name. Every B row that
 * does is listed in testing/contradictions.ts with the reason why it is not believed; a reason that is no longer needed fails the test.
 */
import { expect, test } from "bun:test"
import { BUILTIN, BUILTIN_DATABASE, Matcher, REQUEST, readDatabases } from "@synprint/core"
import {
  CONTRADICTIONS,
  type Evidence,
  isOfFamily,
  printFamilies,
  readAgentTable,
  readSignatureTable,
  sharedFile
} from "@synprint/core/testing"

const { database, problems } = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern")

interface Counts {
  right: number
  unknown: number
  wrong: number
  notBelieved: number
}

interface Score {
  /** By confidence and by family, in packets. */
  readonly counts: Map<string, Counts>
  /** By `said -> family`. */
  readonly confusion: Map<string, number>
  readonly wrong: Array<string>
  readonly used: Set<number>
}

function score(evidence: ReadonlyArray<Evidence>): Score {
  const matcher = new Matcher(database!, "modern", 4096)
  const result: Score = { counts: new Map(), confusion: new Map(), wrong: [], used: new Set() }
  for (const { family, confidence, signature, label, packets } of evidence) {
    if (family === undefined) continue
    for (const packet of packets) {
      const { match, os } = matcher.fingerprintOf(packet, REQUEST, 0)
      const said = match === undefined ? "unknown" : printFamilies(match.families)
      const same = match !== undefined && isOfFamily(match, family, database!)
      const excuse = CONTRADICTIONS.findIndex((row) => row.signature === signature && row.claimed === family)
      const kind = said === "unknown" ? "unknown" : same ? "right" : excuse >= 0 ? "notBelieved" : "wrong"
      const key = `${confidence} ${family}`
      const counts = result.counts.get(key) ?? { right: 0, unknown: 0, wrong: 0, notBelieved: 0 }
      result.counts.set(key, counts)
      counts[kind]++
      const pair = `${said} <- ${confidence} ${family}`
      result.confusion.set(pair, (result.confusion.get(pair) ?? 0) + 1)
      if (kind === "notBelieved") result.used.add(excuse)

      if (kind === "wrong") result.wrong.push(`${os} for ${family}: ${signature} (${label})`)
    }
  }
  return result
}

function sum(score: Score, confidence: string): Counts {
  const total: Counts = { right: 0, unknown: 0, wrong: 0, notBelieved: 0 }
  for (const [key, counts] of score.counts) {
    if (!key.startsWith(confidence)) continue
    for (const kind of ["right", "unknown", "wrong", "notBelieved"] as const) total[kind] += counts[kind]
  }
  return total
}

function report(title: string, result: Score): void {
  const lines = [title]
  for (const [key, { right, unknown, wrong, notBelieved }] of [...result.counts].sort()) {
    const all = right + unknown + wrong + notBelieved
    const share = ((100 * right) / all).toFixed(1)
    lines.push(
      `  ${key.padEnd(18)} ${String(right).padStart(4)} of ${String(all).padStart(4)} right (${share} %), ${unknown} unknown, ${wrong} wrong, ${notBelieved} not believed`
    )
  }
  for (const [pair, count] of [...result.confusion].sort((a, b) => b[1] - a[1]))
    lines.push(`    ${String(count).padStart(4)}  ${pair}`)
  console.log(lines.join("\n"))
}

const tables = [sharedFile("data/modern-signatures.tsv"), sharedFile("data/ua-evidence.tsv")] as const
const [signatures, agents] = tables

test("the built-in database reads without problems", () => {
  expect(problems).toEqual([])
  expect(database!.warnings).toEqual([])
})

test.skipIf(signatures === undefined || agents === undefined)("says no other system than the evidence", () => {
  const ofSignatures = score(readSignatureTable(signatures!))
  const ofAgents = score(readAgentTable(agents!))
  report("rows of modern-signatures.tsv, by MSS", ofSignatures)
  report("rows of ua-evidence.tsv", ofAgents)

  const measured = sum(ofSignatures, "A")
  expect(measured.right + measured.unknown).toBeGreaterThan(600)
  expect(measured.wrong + measured.notBelieved).toBe(0)
  expect(measured.right / (measured.right + measured.unknown)).toBeGreaterThan(0.98)

  expect([...ofSignatures.wrong, ...ofAgents.wrong]).toEqual([])
  const field = sum(ofSignatures, "B")
  const known = field.right + field.wrong + field.notBelieved
  expect(field.right / known).toBeGreaterThanOrEqual(0.97)
  expect(field.right / (known + field.unknown)).toBeGreaterThan(0.9)

  const used = new Set([...ofSignatures.used, ...ofAgents.used])
  expect(CONTRADICTIONS.filter((_, at) => !used.has(at))).toEqual([])
})
