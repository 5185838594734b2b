/**
 * Part (a): the shared captures. A capture whose index names a system (by User-Agent, file or device) is judged by family; every
 * capture counts for coverage. p0f's answers are those of its own log beside the capture.
 *
 * A SYN is counted once per connection: p0f does not report retransmissions either.
 */
import { existsSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { BUILTIN, BUILTIN_DATABASE } from "../src/tcp/database/builtin.ts"
import { readDatabases } from "../src/tcp/database/reader.ts"
import { Matcher } from "../src/tcp/matching/matcher.ts"
import { REQUEST } from "../src/tcp/direction.ts"
import {
  FAMILIES_LINUX_KERNEL,
  FAMILY_APPLE,
  FAMILY_SCANNER,
  FAMILY_WINDOWS,
  printFamilies
} from "../src/tcp/database/stack-family.ts"
import { CaptureReader } from "../src/packet/capture/capture-file.ts"
import { decodeFrame } from "../src/packet/frame.ts"
import { Packet, TCP_SYN } from "../src/packet/packet.ts"
import { VERDICT_TCP } from "../src/packet/verdict.ts"
import { sharedFile } from "../src/testing/shared.ts"
import { familiesOfAnswer, type P0fLine, readP0fLog } from "./p0f-peer.ts"
import { share, shareRow, type SignalPart } from "./part.ts"

/** Systems that a label names; a label of two names both. */
const LABELS: ReadonlyArray<readonly [pattern: RegExp, families: number]> = [
  [/iPhone|Macintosh|macOS|[Dd]arwin|CFNetwork|CaptiveNetworkSupport/, FAMILY_APPLE],
  [/Windows NT|WinRM/, FAMILY_WINDOWS],
  [/Android|Linux|Dalvik/, FAMILIES_LINUX_KERNEL],
  [/nmap -O/, FAMILY_SCANNER]
]

/** SYNs of labelled captures that another host sent, or whose agent says what is not so. */
const NOT_OF_THE_LABEL: ReadonlyArray<readonly [capture: string, families: string, reason: string]> = [
  ["arkime_synthetic.pcap", "scanner", "made by a program: no SYN of it has an option"],
  ["capture2.pcap", "windows", "many captures merged: the agents are those of two hosts, worms and peers call a third"],
  ["sites.pcapng", "windows", "many captures merged: the agent is that of one phone"],
  ["conn-size.pcap", "linux or android or chromeos", "two hosts: the agent is that of the other, a PowerPC Mac"]
]

interface Syn {
  readonly families: number
  readonly signature: string
  /** Neither generic nor fuzzy. */
  readonly specific: boolean
}

function* synsOf(path: string, matcher: Matcher): Generator<Syn> {
  const packet = new Packet()
  const seen = new Set<string>()
  const syns: Array<Syn> = []
  const reader = new CaptureReader(({ bytes, at, captured, wire, linkType }) => {
    if (decodeFrame(bytes, at, captured, wire, linkType, packet) !== VERDICT_TCP || packet.type !== TCP_SYN) return
    const { src0, src1, src2, src3, dst0, dst1, dst2, dst3, sport, dport, seq } = packet
    const connection = [src0, src1, src2, src3, dst0, dst1, dst2, dst3, sport, dport, seq].join(" ")
    if (seen.has(connection)) return
    seen.add(connection)
    const fingerprint = matcher.fingerprintOf(packet, REQUEST, 0)
    const specific = fingerprint.match !== undefined && fingerprint.osMatchQ === 0
    syns.push({ families: fingerprint.match?.families ?? 0, signature: fingerprint.rawSignature, specific })
  })
  reader.push(readFileSync(path))
  reader.end()
  yield* syns
}

function familiesOfLabel(label: string): number {
  let families = 0
  for (const [pattern, bits] of LABELS) if (pattern.test(label)) families |= bits
  return families
}

function p0fLines(capture: string): ReadonlyArray<P0fLine> {
  const log = `${capture}.p0f.log`
  return existsSync(log) ? readP0fLog(readFileSync(log, "latin1")) : []
}

/** Place in NOT_OF_THE_LABEL, -1 for none. */
const excuseOf = (path: string, families: number): number =>
  NOT_OF_THE_LABEL.findIndex(([capture, said]) => capture === basename(path) && said === printFamilies(families))

export const part: SignalPart = {
  title: "(a) captures with an os_label, pcaps/index.tsv",
  run: () => {
    const index = sharedFile("pcaps/index.tsv")
    if (index === undefined) return "the captures are not there"
    const { database } = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern")
    const matcher = new Matcher(database!, "modern", 4096)
    const rows = readFileSync(index, "utf8").trim().split("\n")
    const column = rows[0]!.split("\t").indexOf("os_label")
    const judged = { answered: 0, right: 0, p0fAnswered: 0, p0fRight: 0 }
    const covered = { syns: 0, answered: 0, specific: 0, p0fAnswered: 0, p0fSpecific: 0 }
    const notes: Array<string> = []
    const excused = NOT_OF_THE_LABEL.map(() => 0)
    const wrong = new Map<string, number>()
    for (const row of rows.slice(1)) {
      const cells = row.split("\t")
      const path = join(index, "..", cells[0]!)
      const label = familiesOfLabel(cells[column]!)
      const lines = p0fLines(path)
      for (const { families, signature, specific } of synsOf(path, matcher)) {
        if (families !== FAMILY_SCANNER) {
          covered.syns++
          if (families !== 0) covered.answered++
          if (specific) covered.specific++
        }
        if (label === 0 || families === 0) continue
        const excuse = excuseOf(path, families)
        if (excuse >= 0 && (families & label) === 0) {
          excused[excuse]!++
          continue
        }
        judged.answered++
        if (families & label) judged.right++
        else {
          const line = `wrong: ${printFamilies(families)} in ${basename(path)} (${cells[column]}): ${signature}`
          wrong.set(line, (wrong.get(line) ?? 0) + 1)
        }
      }
      for (const line of lines) {
        const families = familiesOfAnswer(line)
        if (families === 0) continue
        if (families !== FAMILY_SCANNER) {
          covered.p0fAnswered++
          if (line.specific) covered.p0fSpecific++
        }
        if (label === 0 || ((families & label) === 0 && excuseOf(path, families) >= 0)) continue
        judged.p0fAnswered++
        if (families & label) judged.p0fRight++
      }
    }
    for (const [line, count] of wrong) notes.push(`${count} ${line}`)
    for (const [at, [capture, families, reason]] of NOT_OF_THE_LABEL.entries()) {
      notes.push(`${excused[at]} SYNs of ${capture} left out, called ${families}: ${reason}`)
    }
    return {
      rows: [
        shareRow(
          "family precision where an answer is given",
          judged.right,
          judged.answered,
          share(judged.p0fRight, judged.p0fAnswered),
          0.99
        ),
        shareRow(
          "coverage of non-scanner SYNs, all captures",
          covered.answered,
          covered.syns,
          share(covered.p0fAnswered, covered.syns),
          0.95
        ),
        {
          name: "named by a line that is neither generic nor fuzzy",
          ours: share(covered.specific, covered.syns),
          p0f: share(covered.p0fSpecific, covered.syns),
          bar: "",
          missed: false
        }
      ],
      notes
    }
  }
}
