/**
 * Hint evidence: how often each hint that a SYN and a User-Agent give is right, on everything whose sender is known.
 *
 *     ua-mismatch       every labelled stack asked twice, by a client that says what it is (a hint is wrong) and by one that lies (right);
 *                       requests of captures whose User-Agent contradicts the stack, judged by hand
 *     tunnel            measured VPNs: the kind is right; devices on their home network: any is wrong
 *     scanner           labelled tools right, everything else wrong; user-space-stack alike
 *     middlebox         SYNs of browsers with options as the table's middleboxes leave them; everything else is wrong
 */
import { readFileSync } from "node:fs"
import { BUILTIN, BUILTIN_DATABASE } from "../src/fingerprint/builtin-database.ts"
import { readDatabases } from "../src/fingerprint/database-reader.ts"
import { Matcher } from "../src/fingerprint/matcher.ts"
import { REQUEST, type Shape } from "../src/fingerprint/shape.ts"
import { tunnelOf } from "../src/fingerprint/tunnel.ts"
import { claimOf, mismatchOf, Tolerated } from "../src/hints/claim.ts"
import { MIDDLEBOX, SCANNER, TUNNEL, UA_MISMATCH, USER_SPACE_STACK } from "../src/hints/hint.ts"
import { comparedFamilies, middleboxOf, scannerOf, TUNNEL_LEAST, userSpaceStackOf } from "../src/hints/shape-hints.ts"
import {
  PLATFORM_ANDROID,
  PLATFORM_APPLE,
  PLATFORM_BSD,
  PLATFORM_CHROMEOS,
  PLATFORM_LINUX,
  PLATFORM_UNKNOWN,
  PLATFORM_WINDOWS,
  platformOfUserAgent
} from "../src/hints/user-agent.ts"
import { sharedFile } from "../src/testing/shared.ts"
import { signaturePacket } from "../src/testing/signature-packet.ts"

export interface Count {
  told: number
  right: number
  /** Cases in which the hint had to be told. */
  due: number
}

export interface HintEvidence {
  /** By number of the hint; undefined where this data shows nothing. */
  readonly counts: ReadonlyArray<Count | undefined>
  /** Requests of captures whose User-Agent contradicts the stack, with what is known of each. */
  readonly contradictions: ReadonlyArray<string>
  /** Of those the ones that nobody has judged yet. */
  readonly unjudged: ReadonlyArray<string>
  readonly wrong: ReadonlyArray<string>
}

const NO_WINDOWS = "Windows puts no sok behind mss, and its timestamps last"
const PADDED = "timestamps off leaves nop,nop,sok,nop,ws only on Linux; TTL 64"

/** Why the SYN of a capture is not from the platform that its User-Agent names, by the capture's name: looked at one by one. */
const JUDGED: Readonly<Record<string, string>> = {
  "arkime+arkime/tests__pcap__http-xff.pcap": `${NO_WINDOWS}; the capture is about X-Forwarded-For, so a proxy`,
  "chrissanders+packets/mail_receiver_server_3.pcapng": `${NO_WINDOWS}; the capture is a mail server's`,
  "OISF+suricata-verify/tests__http-request-invalid__input.pcap": `${NO_WINDOWS}; a request made for a test`,
  "OISF+suricata-verify/tests__bug-7657-01__input.pcap": `${NO_WINDOWS}; a request made for a test`,
  "ntop+nDPI/tests__cfgs__default__pcap__softether.pcap": `${NO_WINDOWS}; a VPN's client that plays a browser`,
  "nfstream+nfstream/tests__pcaps__malware.pcap": PADDED,
  "snort3+snort3_demo/tests__ips_options__http_client_body__hex-all-vars_post-POST-chunk_2.pcap":
    "ts,sok,eol at the end is XNU's alone; a request made for a test",
  "markofu+pcaps/HoneyNet__0210__suspicious-time.pcap":
    "no scaling, 44 times the MSS, TTL 128: Windows XP, as the capture's other requests say"
}

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
    counts[hint] = { told: 0, right: 0, due: 0 }
  }
  const wrong: Array<string> = []
  const contradictions: Array<string> = []
  const unjudged: Array<string> = []
  const none = new Tolerated([])

  const count = (hint: number, told: boolean, isDue: boolean, what: string): void => {
    const of = counts[hint]!
    if (isDue) of.due++
    if (!told) return
    of.told++
    if (isDue) of.right++
    else wrong.push(`${what}: hint ${hint}`)
  }
  /** The shape of a signature with its window as the JA4T column has it; undefined for one with wild cards. */
  const shapeOf = (signature: string, ja4t: string): Shape | undefined => {
    const window = ja4t.split("_")[0]!
    const literal = /^\d+$/.test(window) ? signature.replace(/^((?:[^:]*:){4})[^,]*/, `$1${window}`) : signature
    try {
      return matcher.shapeOf(signaturePacket(literal), REQUEST, 0)
    } catch {
      return undefined
    }
  }
  const contradicts = (platform: number, shape: Shape): boolean =>
    mismatchOf(claimOf(platform, 0, false), comparedFamilies(shape), none) !== undefined

  const table = rowsOf(signatures)
  const rewritten = new Set(
    table.flatMap(([label = "", signature = ""]) => (label.startsWith("middlebox:") ? [layoutOf(signature)] : []))
  )
  const seen = new Set<string>()
  for (const [label = "", signature = "", ja4t = "", , confidence = ""] of table) {
    if (label.startsWith("syn-ack:")) continue
    const shape = shapeOf(signature, ja4t)
    const name = `${label.replace(/:.*/, "")} ${label} ${signature}`
    if (shape === undefined || seen.has(name)) continue
    seen.add(name)
    const isTool = label.startsWith("s:!:")
    const isUserSpace = /netstack/i.test(label)
    count(SCANNER, scannerOf(shape) !== undefined, isTool && !isUserSpace, name)
    count(USER_SPACE_STACK, userSpaceStackOf(shape) !== undefined, isUserSpace, name)
    const isRewritten = rewritten.has(layoutOf(signature)) || /(?:nop,){7}nop/.test(signature)
    count(MIDDLEBOX, middleboxOf(shape) !== undefined, isRewritten && confidence !== "A-measured", name)
    if (label.startsWith("device:")) count(TUNNEL, tells(tunnelOf(shape)), false, name)
    const platform = isTool ? undefined : PLATFORMS.find(([pattern]) => pattern.test(label))?.[1]
    if (platform === undefined) continue
    const lie = platform === PLATFORM_WINDOWS ? PLATFORM_APPLE : PLATFORM_WINDOWS
    count(UA_MISMATCH, contradicts(platform, shape), false, name)
    count(UA_MISMATCH, contradicts(lie, shape), true, name)
  }

  for (const [signature = "", ja4t = "", ttls = "", userAgent = "", , example = ""] of rowsOf(requests)) {
    const shape = shapeOf(signature, ja4t)
    const bytes = new TextEncoder().encode(userAgent)
    const platform = platformOfUserAgent(bytes, 0, bytes.length) & 7
    if (shape === undefined || platform === PLATFORM_UNKNOWN || !contradicts(platform, shape)) continue
    const why = JUDGED[example]
    if (why === undefined) unjudged.push(`${example}: ${userAgent} on ${shape.os ?? "?"} (${signature}, ${ttls})`)
    count(UA_MISMATCH, true, why !== undefined, example)
    contradictions.push(`${userAgent.slice(0, 48)} | ${shape.os} | ${why ?? "not judged"}`)
  }

  for (const [scenario = "", , , , window = "", , rawSignature = ""] of rowsOf(vpns)) {
    const shape = shapeOf(rawSignature, window)
    if (shape === undefined) continue
    const tunnel = tunnelOf(shape)
    const isRight = tunnel?.kind === (scenario.startsWith("wireguard") ? "wireguard" : "openvpn")
    if (tells(tunnel)) count(TUNNEL, true, isRight, scenario)
    else counts[TUNNEL]!.due++
  }
  return { counts, contradictions, unjudged, wrong }
}

const layoutOf = (signature: string): string => signature.split(":")[5] ?? ""

const tells = (tunnel: ReturnType<typeof tunnelOf>): boolean => tunnel !== undefined && tunnel.weight >= TUNNEL_LEAST
