/**
 * Hint evidence: how often each hint that a SYN and a User-Agent give is right, on everything whose sender is known.
 *
 *     ua-mismatch       every labelled stack asked twice, by a client that says what it is (a hint is wrong) and by one that lies (right);
 *                       rows whose User-Agent contradicts the stack, judged by hand (testing/contradictions.ts)
 *     tunnel            measured VPNs: the kind is right; devices on their home network: any is wrong
 *     scanner           labelled tools right, everything else wrong; user-space-stack alike
 *     shared-address    sharing-evidence.ts
 *     middlebox         SYNs of browsers with options as the table's middleboxes leave them; everything else is wrong
 */
import { readFileSync } from "node:fs"
import { BUILTIN, BUILTIN_DATABASE } from "../src/tcp/database/builtin.ts"
import { readDatabases } from "../src/tcp/database/reader.ts"
import { Matcher } from "../src/tcp/matching/matcher.ts"
import { type TcpFingerprint } from "../src/tcp/matching/fingerprint.ts"
import { REQUEST } from "../src/tcp/direction.ts"
import { tunnelOf } from "../src/tcp/path/link-table.ts"
import { claimOf, mismatchOf, Tolerated } from "../src/hints/claim.ts"
import { MIDDLEBOX, SCANNER, SHARED_ADDRESS, TUNNEL, UA_MISMATCH, USER_SPACE_STACK } from "../src/hints/hint.ts"
import {
  comparedFamilies,
  middleboxOf,
  scannerOf,
  TUNNEL_LEAST,
  userSpaceStackOf
} from "../src/hints/fingerprint-hints.ts"
import {
  PLATFORM_ANDROID,
  PLATFORM_APPLE,
  PLATFORM_BSD,
  PLATFORM_CHROMEOS,
  PLATFORM_LINUX,
  PLATFORM_NAMES,
  PLATFORM_UNKNOWN,
  PLATFORM_WINDOWS,
  platformOfUserAgent
} from "../src/hints/user-agent.ts"
import { CONTRADICTIONS } from "../src/testing/contradictions.ts"
import { sharedFile } from "../src/testing/shared.ts"
import { signaturePacket } from "../src/testing/signature-packet.ts"
import type { Count } from "./count.ts"
import { type LabelledSyn, measureSharing } from "./sharing-evidence.ts"

export interface HintEvidence {
  /** By number of the hint; undefined where this data shows nothing. */
  readonly counts: ReadonlyArray<Count | undefined>
  /** Requests of captures whose User-Agent contradicts the stack, with what is known of each. */
  readonly contradictions: ReadonlyArray<string>
  /** The contradictions that nobody has judged yet. */
  readonly unjudged: ReadonlyArray<string>
  readonly wrong: ReadonlyArray<string>
}

/** Why the stack of a row is not what its User-Agent says, for rows that somebody looked at. */
const judged = (signature: string, platform: number): string | undefined =>
  CONTRADICTIONS.find((row) => row.signature === signature && row.claimed === PLATFORM_NAMES[platform])?.reason

const PLATFORMS: ReadonlyArray<readonly [pattern: RegExp, platform: number]> = [
  [/Android|Fire TV/i, PLATFORM_ANDROID],
  [/Chromium OS/i, PLATFORM_CHROMEOS],
  [/Windows/i, PLATFORM_WINDOWS],
  [/Mac OS|macOS|iOS|iPhone/i, PLATFORM_APPLE],
  [/(Free|Open|Net|PC-)BSD/i, PLATFORM_BSD],
  [/Linux|Red ?hat|Ubuntu|Debian|Fedora/i, PLATFORM_LINUX]
]

/** Fields of a table's rows, without its head. */
const rowsOf = (file: string): ReadonlyArray<ReadonlyArray<string>> =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"))

/** Undefined: the data is not there. */
export function measureHints(): HintEvidence | undefined {
  const signatures = sharedFile("data/modern-signatures.tsv")
  const requests = sharedFile("data/ua-evidence.tsv")
  const vpns = sharedFile("data/groundtruth/vpn-mss.tsv")
  if (signatures === undefined || requests === undefined || vpns === undefined) return undefined
  const { database } = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern")
  const matcher = new Matcher(database!, "modern", 8192)
  const counts: Array<Count | undefined> = []
  for (const hint of [UA_MISMATCH, TUNNEL, SCANNER, USER_SPACE_STACK, MIDDLEBOX]) {
    counts[hint] = { reported: 0, right: 0, due: 0 }
  }
  const wrong: Array<string> = []
  const contradictions: Array<string> = []
  const unjudged: Array<string> = []
  const none = new Tolerated([])

  const count = (hint: number, reported: boolean, isDue: boolean, what: string): void => {
    const of = counts[hint]!
    if (isDue) of.due++
    if (!reported) return
    of.reported++
    if (isDue) of.right++
    else wrong.push(`${what}: hint ${hint}`)
  }
  /** The fingerprint of a signature with its window as the JA4T column has it; undefined for one with wild cards. */
  const fingerprintOf = (signature: string, ja4t: string): TcpFingerprint | undefined => {
    try {
      return matcher.fingerprintOf(signaturePacket(literalOf(signature, ja4t)), REQUEST, 0)
    } catch {
      return undefined
    }
  }
  const contradicts = (platform: number, fingerprint: TcpFingerprint): boolean =>
    mismatchOf(claimOf(platform, 0, false), comparedFamilies(fingerprint), none) !== undefined

  const table = rowsOf(signatures)
  const rewritten = new Set(
    table.flatMap(([label = "", signature = ""]) => (label.startsWith("middlebox:") ? [layoutOf(signature)] : []))
  )
  const syns: Array<LabelledSyn> = []
  const seen = new Set<string>()
  for (const [label = "", signature = "", ja4t = "", , confidence = ""] of table) {
    if (label.startsWith("syn-ack:")) continue
    const fingerprint = fingerprintOf(signature, ja4t)
    const name = `${label.replace(/:.*/, "")} ${label} ${signature}`
    if (fingerprint === undefined || seen.has(name)) continue
    seen.add(name)
    const isTool = label.startsWith("s:!:")
    const isUserSpace = /netstack/i.test(label)
    count(SCANNER, scannerOf(fingerprint) !== undefined, isTool && !isUserSpace, name)
    count(USER_SPACE_STACK, userSpaceStackOf(fingerprint) !== undefined, isUserSpace, name)
    const isRewritten = rewritten.has(layoutOf(signature)) || /(?:nop,){7}nop/.test(signature)
    count(MIDDLEBOX, middleboxOf(fingerprint) !== undefined, isRewritten && confidence !== "A-measured", name)
    if (label.startsWith("device:")) count(TUNNEL, reports(tunnelOf(fingerprint)), false, name)
    const platform = isTool ? undefined : PLATFORMS.find(([pattern]) => pattern.test(label))?.[1]
    if (platform === undefined) continue
    syns.push({
      packet: signaturePacket(literalOf(signature, ja4t)),
      platform,
      families: comparedFamilies(fingerprint)
    })
    const lie = platform === PLATFORM_WINDOWS ? PLATFORM_APPLE : PLATFORM_WINDOWS
    count(UA_MISMATCH, contradicts(platform, fingerprint), judged(signature, platform) !== undefined, name)
    count(UA_MISMATCH, contradicts(lie, fingerprint), true, name)
  }

  for (const [signature = "", ja4t = "", , userAgent = "", , example = ""] of rowsOf(requests)) {
    const fingerprint = fingerprintOf(signature, ja4t)
    const bytes = new TextEncoder().encode(userAgent)
    const platform = platformOfUserAgent(bytes, 0, bytes.length) & 7
    if (fingerprint === undefined || platform === PLATFORM_UNKNOWN || !contradicts(platform, fingerprint)) continue
    const why = judged(signature, platform)
    if (why === undefined) unjudged.push(`${example}: ${userAgent} on ${fingerprint.os ?? "?"} (${signature})`)
    count(UA_MISMATCH, true, why !== undefined, example)
    contradictions.push(`${userAgent.slice(0, 48)} | ${fingerprint.os} | ${why ?? "not judged"}`)
  }

  for (const [scenario = "", , , , window = "", , rawSignature = ""] of rowsOf(vpns)) {
    const fingerprint = fingerprintOf(rawSignature, window)
    if (fingerprint === undefined) continue
    const tunnel = tunnelOf(fingerprint)
    const isRight = tunnel?.kind === (scenario.startsWith("wireguard") ? "wireguard" : "openvpn")
    if (reports(tunnel)) count(TUNNEL, true, isRight, scenario)
    else counts[TUNNEL]!.due++
  }
  counts[SHARED_ADDRESS] = measureSharing(matcher, syns)
  return { counts, contradictions, unjudged, wrong }
}

/** A signature with the window of its JA4T, where that has one. */
function literalOf(signature: string, ja4t: string): string {
  const window = ja4t.split("_")[0]!
  return /^\d+$/.test(window) ? signature.replace(/^((?:[^:]*:){4})[^,]*/, `$1${window}`) : signature
}

const layoutOf = (signature: string): string => signature.split(":")[5] ?? ""

const reports = (tunnel: ReturnType<typeof tunnelOf>): boolean => tunnel !== undefined && tunnel.weight >= TUNNEL_LEAST
