/**
 * Labelled SYNs of the shared tables as packets: `data/modern-signatures.tsv` (what was measured or seen and of which system) and
 * `data/ua-evidence.tsv` (signature and User-Agent of the same connection).
 *
 * A row's window is the literal one of its third column where that is given. A row with MSS `*` stands for the MSS values that its
 * note counts.
 */
import { readFileSync } from "node:fs"
import type { Packet } from "../packet/packet.ts"
import { signaturePacket } from "./signature-packet.ts"

/** linux, apple, windows, ... or `tool NAME`. */
export type EvidenceFamily = string

export interface Evidence {
  readonly origin: string
  readonly label: string
  /** undefined: the row does not say which system it is. */
  readonly family: EvidenceFamily | undefined
  readonly confidence: "A" | "B"
  readonly signature: string
  readonly packets: ReadonlyArray<Packet>
}

const rowsOf = (path: string): ReadonlyArray<ReadonlyArray<string>> =>
  readFileSync(path, "utf8")
    .split("\n")
    .slice(1)
    .filter((line) => line !== "")
    .map((line) => line.split("\t"))

const FAMILIES: ReadonlyArray<readonly [RegExp, EvidenceFamily]> = [
  [/^s:!:Linux traceroute/, "tool traceroute"],
  [/^s:!:lwIP/, "lwip"],
  [/^[gs]:unix:Linux|^vm:|^middlebox:.*Linux|^field:(Android|Linux|Chromium OS)|^device:Android/, "linux"],
  [/^field:(iOS|Mac OS)|^device:(iPhone|macOS)|^middlebox:.*Apple/, "apple"],
  [/^field:Windows/, "windows"],
  [/^device:Nintendo/, "nintendo"]
]

function familyOfLabel(label: string): EvidenceFamily | undefined {
  for (const [pattern, family] of FAMILIES) if (pattern.test(label)) return family
  const tool = /^s:!:([A-Za-z0-9]+)/.exec(label)?.[1]
  return tool === undefined ? undefined : `tool ${tool.toLowerCase()}`
}

const AGENTS: ReadonlyArray<readonly [RegExp, EvidenceFamily]> = [
  [/iPhone|iPad|CaptiveNetworkSupport|CFNetwork|[Dd]arwin|Macintosh|MacOutlook/, "apple"],
  [/Windows NT|Windows; U|Microsoft|WinHTTP/, "windows"],
  [/Android|Dalvik|Linux|linux-|Ubuntu|Debian/, "linux"]
]

/** Field forms of the table that are no signature: alternatives are written out as their first. */
const plain = (signature: string): string =>
  signature
    .replace("[,ecn]", "")
    .replace(/:\*,\*:/, ":65535,8:")
    .replace(",*:", ",8:")

function packetsOf(row: string, window: string | undefined, note: string): ReadonlyArray<Packet> {
  const fields = plain(row).split(":")
  const counted = [...note.matchAll(/(\d+)\(\d+\)/g)].map((match) => match[1]!)
  const sizes = fields[3] === "*" ? (counted.length > 0 ? counted : ["1460"]) : [fields[3]!]
  return sizes.map((mss) => {
    const [, scale] = fields[4]!.split(",")
    const literal = window === undefined || window === "" ? fields[4]! : `${window},${scale}`
    return signaturePacket([...fields.slice(0, 3), mss, literal, ...fields.slice(5)].join(":"))
  })
}

const literalWindow = (column: string): string | undefined => /^(\d+)_/.exec(column)?.[1]

/** Rows of confidence A and B. */
export function readSignatureTable(path: string): ReadonlyArray<Evidence> {
  const evidence: Array<Evidence> = []
  for (const [label = "", signature = "", column = "", , confidence = "", note = ""] of rowsOf(path)) {
    if (!/^[AB]-/.test(confidence)) continue
    evidence.push({
      origin: "signatures",
      label,
      family: familyOfLabel(label),
      confidence: confidence.startsWith("A") ? "A" : "B",
      signature,
      packets: packetsOf(signature, literalWindow(column), note)
    })
  }
  return evidence
}

/** Every row: a User-Agent that names no system has no family. */
export function readAgentTable(path: string): ReadonlyArray<Evidence> {
  return rowsOf(path).map(([signature = "", column = "", , agent = ""]) => ({
    origin: "user agents",
    label: agent,
    family: AGENTS.find(([pattern]) => pattern.test(agent))?.[1],
    confidence: "B",
    signature,
    packets: packetsOf(signature, literalWindow(column), "")
  }))
}
