/**
 * Part (b): SYNs whose connection carried a User-Agent that names a system, IPv4 and IPv6 apart. Each is written as a packet, which we
 * and p0f read. Rows whose agent contradicts the stack (testing/contradictions.ts, by hand) are mismatches to find, and no part of the
 * precision.
 */
import { BUILTIN, BUILTIN_DATABASE } from "../src/tcp/database/builtin.ts"
import { readDatabases } from "../src/tcp/database/reader.ts"
import { Matcher } from "../src/tcp/matching/matcher.ts"
import { REQUEST } from "../src/tcp/direction.ts"
import { FAMILY_SCANNER, printFamilies } from "../src/tcp/database/stack-family.ts"
import { decodeFrame } from "../src/packet/frame.ts"
import { LINKTYPE_ETHERNET } from "../src/packet/link.ts"
import { Packet } from "../src/packet/packet.ts"
import { CONTRADICTIONS } from "../src/testing/contradictions.ts"
import { bitsOf, type Evidence, readAgentTable } from "../src/testing/evidence.ts"
import { synFrame } from "../src/testing/layers.ts"
import type { PacketFields } from "../src/testing/packets.ts"
import { sharedFile } from "../src/testing/shared.ts"
import { signatureFields } from "../src/testing/signature-fields.ts"
import { askP0f, familiesOfAnswer } from "./p0f-peer.ts"
import { share, shareRow, type SignalPart, type SignalRow } from "./part.ts"

interface Syn {
  readonly row: Evidence
  readonly claimed: number
  readonly fields: PacketFields
  readonly isContradiction: boolean
  readonly ours: number
}

interface Counts {
  all: number
  answered: number
  right: number
}

const noCounts = (): Counts => ({ all: 0, answered: 0, right: 0 })

function count(into: Counts, said: number, claimed: number): void {
  if (said === FAMILY_SCANNER) return
  into.all++
  if (said !== 0) into.answered++
  if (said & claimed) into.right++
}

function rowsOf(version: string, ours: Counts, p0f: Counts, hasPeer: boolean): ReadonlyArray<SignalRow> {
  const peer = (some: number, all: number): string => (hasPeer ? share(some, all) : "not installed")
  return [
    shareRow(`${version}: family precision`, ours.right, ours.answered, peer(p0f.right, p0f.answered), 0.99),
    shareRow(`${version}: coverage`, ours.answered, ours.all, peer(p0f.answered, p0f.all), 0.95)
  ]
}

export const part: SignalPart = {
  title: "(b) User-Agents that name a system, ua-evidence.tsv",
  run: () => {
    const table = sharedFile("data/ua-evidence.tsv")
    if (table === undefined) return "the table is not there"
    const { database } = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern")
    const matcher = new Matcher(database!, "modern", 4096)
    const packet = new Packet()
    const syns: Array<Syn> = []
    for (const row of readAgentTable(table)) {
      const claimed = row.family === undefined ? 0 : bitsOf(row.family)
      const fields = signatureFields(row.signatures[0]!)
      if (claimed === 0 || fields === undefined) continue
      const frame = synFrame(fields)
      decodeFrame(frame, 0, frame.length, frame.length, LINKTYPE_ETHERNET, packet)
      const ours = matcher.fingerprintOf(packet, REQUEST, 0).match?.families ?? 0
      const isContradiction = CONTRADICTIONS.some(
        (other) => other.signature === row.signature && other.claimed === row.family
      )
      syns.push({ row, claimed, fields, isContradiction, ours })
    }
    const answers = askP0f(syns.map(({ fields }) => fields))
    const ours = { 4: noCounts(), 6: noCounts() }
    const p0f = { 4: noCounts(), 6: noCounts() }
    const found = { all: 0, ours: 0, p0f: 0 }
    const notes: Array<string> = []
    for (const [at, syn] of syns.entries()) {
      const said = answers === undefined ? 0 : familiesOfAnswer(answers[at]!)
      if (syn.isContradiction) {
        found.all++
        if (syn.ours !== 0 && (syn.ours & syn.claimed) === 0) found.ours++
        if (said !== 0 && (said & syn.claimed) === 0) found.p0f++
        continue
      }
      const version = syn.fields.ver === 6 ? 6 : 4
      count(ours[version], syn.ours, syn.claimed)
      count(p0f[version], said, syn.claimed)
      if (syn.ours !== 0 && (syn.ours & syn.claimed) === 0) {
        notes.push(`wrong: ${printFamilies(syn.ours)} for ${syn.row.label}: ${syn.row.signature}`)
      }
    }
    for (const { signature, claimed, reason } of CONTRADICTIONS) {
      const rows = syns.filter(({ row }) => row.signature === signature && row.family === claimed).length
      if (rows > 0) notes.push(`mismatch: ${rows} x ${claimed} agent, ${signature}: ${reason}`)
    }
    const coverage = (counts: Counts): number => counts.answered / counts.all
    return {
      rows: [
        ...rowsOf("IPv4", ours[4], p0f[4], answers !== undefined),
        ...rowsOf("IPv6", ours[6], p0f[6], answers !== undefined),
        {
          name: "IPv6 no worse than IPv4, coverage",
          ours: `${(100 * (coverage(ours[6]) - coverage(ours[4]))).toFixed(1)} points`,
          p0f: answers === undefined ? "-" : `${(100 * (coverage(p0f[6]) - coverage(p0f[4]))).toFixed(1)} points`,
          bar: ">= 0",
          missed: coverage(ours[6]) < coverage(ours[4])
        },
        shareRow("mismatches found", found.ours, found.all, share(found.p0f, found.all), 1)
      ],
      notes
    }
  }
}
