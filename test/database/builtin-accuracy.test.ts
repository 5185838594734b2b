/**
 * The built-in database against everything that is labelled: which system a SYN is said to be from, and which one sent it.
 *
 * A User-Agent or device label (B) can be wrong, a measurement (A) cannot. No A row may get another system's name. Every B row that
 * does is listed below with the reason why the row is not believed; a reason that is no longer needed fails the test.
 */
import { expect, test } from "bun:test"
import { BUILTIN, BUILTIN_DATABASE, Matcher, readDatabases, REQUEST } from "@synprint/core"
import { type Evidence, readAgentTable, readSignatureTable, sharedFile } from "@synprint/core/testing"

/** Signature, family that the row claims, reason. */
const NOT_BELIEVED: ReadonlyArray<readonly [signature: string, claimed: string, reason: string]> = [
  [
    "4:64:0:*:42340,6:mss,sok,ts,nop,ws:df,id+:0",
    "windows",
    "one Linux stack under Windows, macOS, iOS and Android agents: a proxy"
  ],
  ["4:64:0:*:42340,6:mss,sok,ts,nop,ws:df,id+:0", "apple", "the same proxy"],
  [
    "4:64:0:*:64240,7:mss,sok,ts,nop,ws:df,id+:0",
    "windows",
    "option order of Linux alone, 16 of 1556: automation or a proxy"
  ],
  [
    "4:64:0:*:64240,7:mss,sok,ts,nop,ws:df,id+:0",
    "apple",
    "option order of Linux alone, 7 of 1047: automation or a proxy"
  ],
  ["4:128:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0", "apple", "X-Mailer of a mail: a server relays it"],
  ["4:128:0:1460:mss*44,0:mss,nop,nop,sok:df,id+:0", "linux", "the same capture has this SYN under NT 5.1 agents"],
  ["4:64:0:1360:mss*10,8:mss,sok,ts,nop,ws:df,id+:0", "windows", "carries X-Forwarded-For: the SYN is the proxy's"],
  [
    "4:64:0:1460:65535,0:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0",
    "windows",
    "layout of Apple alone, made for a demonstration: the agent was typed in"
  ],
  ["4:64:0:1460:mss*20,7:mss,sok,ts,nop,ws:df,id+:0", "windows", "option order of Linux alone: the agent was typed in"],
  ["4:64:0:1460:mss*44,6:mss,sok,ts,nop,ws:df,id+:0", "windows", "a SoftEther server's SYN for its client"],
  [
    "4:64:0:1460:mss*44,7:mss,nop,nop,sok,nop,ws:df,id+:0",
    "windows",
    "option order of Linux alone, malware and test captures"
  ],
  ["4:64:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0", "windows", "option order of Linux alone: the agent was typed in"]
]

const SYSTEMS = new Map([
  ["Linux", "linux"],
  ["Mac OS X", "apple"],
  ["Windows", "windows"],
  ["Linux or Windows", "linux or windows"]
])

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
      const { match, os } = matcher.shapeOf(packet, REQUEST, 0)
      const name = match === undefined ? undefined : database!.names[match.label.nameId]!
      const said =
        name === undefined ? "unknown" : match!.label.classId === -1 ? `tool ${name}` : (SYSTEMS.get(name) ?? name)
      const same = said.toLowerCase().split(" or ").includes(family)
      const excuse = NOT_BELIEVED.findIndex(([line, claimed]) => line === signature && claimed === family)
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
  expect(field.right / known).toBeGreaterThanOrEqual(0.975)
  expect(field.right / (known + field.unknown)).toBeGreaterThan(0.9)

  const used = new Set([...ofSignatures.used, ...ofAgents.used])
  expect(NOT_BELIEVED.filter((_, at) => !used.has(at))).toEqual([])
})
