/**
 * Labelled SYNs of the shared tables as packets: `data/modern-signatures.tsv` (what was measured or seen and of which system) and
 * `data/ua-evidence.tsv` (signature and User-Agent of the same connection).
 *
 * A row's window is the literal one of its third column where that is given. A row with MSS `*` stands for the MSS values that its
 * note counts.
 */
import { readFileSync } from "node:fs"
import type { Database, TcpSignature } from "../tcp/database/database.ts"
import { differences } from "../tcp/explain/difference.ts"
import { parseSubject } from "../tcp/explain/subject.ts"
import { ParseError } from "../tcp/parse-error.ts"
import {
  contradict,
  FAMILIES_LINUX_KERNEL,
  FAMILY_APPLE,
  FAMILY_CONSOLE,
  FAMILY_EMBEDDED,
  FAMILY_SCANNER,
  FAMILY_WINDOWS
} from "../tcp/database/stack-family.ts"
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
  /** One for each MSS that the row stands for, with the window as a number where that is known. */
  readonly signatures: ReadonlyArray<string>
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

function signaturesOf(row: string, window: string | undefined, note: string): ReadonlyArray<string> {
  const fields = plain(row).split(":")
  const counted = [...note.matchAll(/(\d+)\(\d+\)/g)].map((match) => match[1]!)
  const sizes = fields[3] === "*" ? (counted.length > 0 ? counted : ["1460"]) : [fields[3]!]
  return sizes.map((mss) => {
    const [, scale] = fields[4]!.split(",")
    const literal = window === undefined || window === "" ? fields[4]! : `${window},${scale}`
    return [...fields.slice(0, 3), mss, literal, ...fields.slice(5)].join(":")
  })
}

const literalWindow = (column: string): string | undefined => /^(\d+)_/.exec(column)?.[1]

/** Rows of confidence A and B. */
export function readSignatureTable(path: string): ReadonlyArray<Evidence> {
  const evidence: Array<Evidence> = []
  for (const [label = "", signature = "", column = "", , confidence = "", note = ""] of rowsOf(path)) {
    if (!/^[AB]-/.test(confidence)) continue
    const signatures = signaturesOf(signature, literalWindow(column), note)
    evidence.push({
      origin: "signatures",
      label,
      family: familyOfLabel(label),
      confidence: confidence.startsWith("A") ? "A" : "B",
      signature,
      signatures,
      packets: signatures.map((text) => signaturePacket(text))
    })
  }
  return evidence
}

/** Every row: a User-Agent that names no system has no family. */
export function readAgentTable(path: string): ReadonlyArray<Evidence> {
  return rowsOf(path).map(([signature = "", column = "", , agent = ""]) => {
    const signatures = signaturesOf(signature, literalWindow(column), "")
    return {
      origin: "user agents",
      label: agent,
      family: AGENTS.find(([pattern]) => pattern.test(agent))?.[1],
      confidence: "B",
      signature,
      signatures,
      packets: signatures.map((text) => signaturePacket(text))
    }
  })
}

const BITS: Readonly<Record<string, number>> = {
  linux: FAMILIES_LINUX_KERNEL,
  apple: FAMILY_APPLE,
  windows: FAMILY_WINDOWS,
  lwip: FAMILY_EMBEDDED,
  nintendo: FAMILY_CONSOLE
}

/** Bits of stack-family.ts that a row's family stands for. */
export const bitsOf = (family: EvidenceFamily): number => BITS[family] ?? FAMILY_SCANNER

/** Returns true if a database line names the sender that a row names. */
export function isOfFamily(line: TcpSignature, family: EvidenceFamily, database: Database): boolean {
  const bits = BITS[family]
  if (bits !== undefined) return (line.families & bits) !== 0
  return line.label.classId === -1 && `tool ${database.names[line.label.nameId]!.toLowerCase()}` === family
}

/** Returns true if a line names another system than a row; every system on which a tool can run contradicts the tool. */
export function contradictsFamily(line: TcpSignature, family: EvidenceFamily): boolean {
  return contradict(line.families, bitsOf(family))
}

/** Returns true if a line alone, without those before it, would match a SYN exactly. */
export function answersAlone(line: TcpSignature, signature: string): boolean {
  const subject = parseSubject(signature)
  if (subject instanceof ParseError) throw new Error(`${signature}: ${subject.message}`)
  return differences(line.signature, subject).length === 0
}
