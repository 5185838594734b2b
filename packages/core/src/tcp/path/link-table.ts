/**
 * Link table: MTU -> which links it may be, each with its weight. Lines of the [mtu] sections that have facts (link-facts.ts) and, when
 * there are such lines, the arithmetic of OpenVPN and WireGuard (openvpn.ts, wireguard.ts) compete; a share is left for what nobody
 * documented. Lines without facts, as in p0f.fp, give a name alone, exactly as p0f would.
 */
import {
  NOT_PRINTABLE,
  serializeDecimal,
  serializeItem,
  serializeList,
  serializeString
} from "../../bytes/structured-field.ts"
import type { Database, Link } from "../database/database.ts"
import type { LinkKind, TunnelKind } from "../database/link-facts.ts"
import { TUNNEL_KINDS } from "../database/link-facts.ts"
import type { MtuOrigin } from "./mtu-origin.ts"
import { openvpnProfiles } from "./openvpn.ts"
import type { Mode } from "../mode.ts"
import { FAMILY_CONSOLE, FAMILY_EMBEDDED } from "../database/stack-family.ts"
import { wireguardWeight } from "./wireguard.ts"

export interface LinkCandidate {
  /** `OpenVPN 2.6 UDP`. */
  readonly name: string
  /** The name without its variant: `OpenVPN`. */
  readonly group: string
  readonly kind: LinkKind
  /** Percent, 1..100. All candidates together stay below 100. */
  readonly weight: number
  readonly versions: ReadonlyArray<string>
  readonly transport: "udp" | "tcp" | undefined
  readonly evidence: string
  readonly source: string
}

export interface Tunnel {
  /** The likeliest one; `vpn` where none is as likely as the others together. */
  readonly kind: TunnelKind
  /** Percent, 1..100: that it is a tunnel at all. */
  readonly weight: number
}

/** The MTU whose links are looked up, and what is known of the SYN. */
export interface LinkQuestion {
  readonly mtu: number
  readonly ver: 4 | 6
  readonly origin: MtuOrigin
  /** Stack families of the sender, 0 not known. */
  readonly families: number
}

/** p0f's API holds 31 bytes of a link's name. */
const NAME_BYTES = 31
/** Parts left for the undocumented; a round MTU or MSS is more likely to be somebody's own choice, an odd clamp the least likely. */
const OTHERS = 4
const OTHERS_CLAMPED = 2
const OTHERS_ROUND = 20
/** Percent from which on a candidate is listed, as 1 at least. */
const LISTED = 0.2
/** Percent from which on a candidate is worth a place in the short name. */
const NAMED = 10
/** Stacks that run no tunnel of their own: a small MSS is theirs by make. */
const FAMILIES_WITHOUT_TUNNEL = FAMILY_CONSOLE | FAMILY_EMBEDDED
const NO_WORDS: ReadonlyArray<string> = []
const NO_CANDIDATES: ReadonlyArray<LinkCandidate> = []
const TUNNELS: ReadonlySet<LinkKind> = new Set(TUNNEL_KINDS)

const isTunnelKind = (kind: LinkKind): kind is TunnelKind => TUNNELS.has(kind)

/** MTU 65536, Linux loopback over IPv6, lies outside p0f's grammar: its IPv4 sibling stands for it. */
const inGrammar = (mtu: number): number => Math.min(mtu, 65_535)

export class LinkTable {
  /** p0f mode knows names alone. */
  readonly mode: Mode
  readonly #database: Database
  /** Lines with facts by MTU. */
  readonly #lines: ReadonlyMap<number, ReadonlyArray<Link>>
  /** MTUs whose winning line is a name and nothing else. */
  readonly #plain = new Set<number>()
  readonly #names = new Map<number, string | undefined>()

  constructor(database: Database, mode: Mode) {
    this.#database = database
    this.mode = mode
    const lines = new Map<number, Array<Link>>()
    const last = new Map<number, Link>()
    for (const line of database.linkLines) {
      const winner = last.get(line.mtu)
      if (winner === undefined || winner.fileIndex < line.fileIndex) last.set(line.mtu, line)
      if (line.facts === undefined) continue
      const known = lines.get(line.mtu)
      if (known === undefined) lines.set(line.mtu, [line])
      else known.push(line)
    }
    for (const [mtu, line] of last) if (line.facts === undefined) this.#plain.add(mtu)
    this.#lines = lines
  }

  /** Short name of the link with this MTU when nothing else is known of the sender. */
  nameOf(mtu: number): string | undefined {
    const known = this.#names.get(mtu)
    if (known !== undefined || mtu <= 0 || this.#names.has(mtu)) return known
    const name = this.name({ mtu, ver: 4, origin: "unknown", families: 0 }, undefined)
    this.#names.set(mtu, name)
    return name
  }

  /** Short name, below 32 bytes: the likeliest candidates, or the one name of a line without facts. */
  name(question: LinkQuestion, candidates: ReadonlyArray<LinkCandidate> | undefined): string | undefined {
    const mtu = inGrammar(question.mtu)
    if (this.#plain.has(mtu)) return this.#database.links.get(mtu)
    return shortName(candidates ?? this.candidates(question))
  }

  /** Every link that fits, the likeliest first. */
  candidates(question: LinkQuestion): ReadonlyArray<LinkCandidate> {
    if (this.#lines.size === 0) return NO_CANDIDATES
    const { ver, origin, families } = question
    const mtu = inGrammar(question.mtu)
    const found: Array<LinkCandidate> = []
    const isDevice = families !== 0 && (families & ~FAMILIES_WITHOUT_TUNNEL) === 0
    for (const { name, facts, attributes } of this.#lines.get(mtu) ?? []) {
      if (facts === undefined || (facts.ver !== 0 && facts.ver !== ver)) continue
      if (origin !== "unknown" && facts.origin !== "either" && facts.origin !== origin) continue
      if (facts.families !== 0 && families !== 0 && (facts.families & families) === 0) continue
      if (isDevice && isTunnelKind(facts.kind)) continue
      const evidence = attributes.get("evidence") ?? ""
      const source = attributes.get("source") ?? ""
      const { kind, weight } = facts
      add(found, { name, group: name, kind, weight, versions: NO_WORDS, transport: undefined, evidence, source })
    }
    // Links by arithmetic. Where the window shows no interface, WireGuard's freedom to choose its MTU is no evidence.
    if (origin === "interface" && !isDevice) add(found, { ...WIREGUARD, weight: wireguardWeight(mtu) })
    for (const { name, weight, ownInterface, versions, transport, evidence, source } of openvpnProfiles(mtu)) {
      if (isDevice) break
      if (origin !== "unknown" && ownInterface !== (origin === "interface")) continue
      add(found, { name, group: "OpenVPN", kind: "openvpn", weight, versions, transport, evidence, source })
    }
    let sum = isRound(mtu, ver) ? OTHERS_ROUND : origin === "clamped" ? OTHERS_CLAMPED : OTHERS
    for (const { weight } of found) sum += weight
    const shares: Array<LinkCandidate> = []
    for (const candidate of found) {
      const percent = (100 * candidate.weight) / sum
      // A link that was seen with this MTU stays in the list, however rare.
      if (percent >= LISTED || candidate.evidence === "measured")
        shares.push({ ...candidate, weight: Math.max(Math.round(percent), 1) })
    }
    return shares.sort((a, b) => b.weight - a.weight)
  }

  /**
   * Decides a window that fits both an interface of that MTU and Ethernet with a clamp: only if the table has links of one sort and none of
   * the other.
   */
  decide(mtu: number, ver: 4 | 6): MtuOrigin {
    const own = this.#isKnown(mtu, ver, "interface")
    const clamped = this.#isKnown(mtu, ver, "clamped")
    return own === clamped ? "unknown" : own ? "interface" : "clamped"
  }

  /** Returns true if a link with this MTU has only this origin. */
  #isKnown(mtu: number, ver: 4 | 6, origin: "interface" | "clamped"): boolean {
    if (this.#lines.size === 0) return false
    const line = this.#lines.get(mtu)?.find(({ facts }) => facts?.origin === origin && facts.ver !== 10 - ver)
    return (
      line !== undefined || openvpnProfiles(mtu).some(({ ownInterface }) => ownInterface === (origin === "interface"))
    )
  }
}

const WIREGUARD = {
  name: "WireGuard",
  group: "WireGuard",
  kind: "wireguard",
  versions: NO_WORDS,
  transport: undefined,
  evidence: "derived",
  source: "MTU of the way out less 60 or 80, or set by hand"
} as const

/** Adds a candidate; what has the same name is one. */
function add(found: Array<LinkCandidate>, candidate: LinkCandidate): void {
  if (candidate.weight === 0) return
  const same = found.findIndex(({ name }) => name === candidate.name)
  if (same < 0) found.push(candidate)
  else found[same] = { ...found[same]!, weight: found[same]!.weight + candidate.weight }
}

/** People choose round numbers, of the MTU or of the MSS. */
const isRound = (mtu: number, ver: 4 | 6): boolean => mtu % 10 === 0 || (mtu - (ver === 6 ? 60 : 40)) % 10 === 0

function shortName(candidates: ReadonlyArray<LinkCandidate>): string | undefined {
  const groups = new Map<string, number>()
  let sum = 0
  for (const { group, weight } of candidates) {
    groups.set(group, (groups.get(group) ?? 0) + weight)
    sum += weight
  }
  const named = [...groups].filter(([, weight]) => weight >= NAMED).sort((a, b) => b[1] - a[1])
  if (named.length === 0) return undefined
  let text = named[0]![0]
  let weight = named[0]![1]
  for (const [group, more] of named.slice(1)) {
    if (more * 4 < named[0]![1] || text.length + 4 + group.length > NAME_BYTES) break
    text += ` or ${group}`
    weight += more
  }
  // More likely something else than what is named: say so.
  const unsure = " or other"
  return weight < 50 && sum < 100 && text.length + unsure.length <= NAME_BYTES ? text + unsure : text
}

/** The candidates as an RFC 9651 list: `"WireGuard";q=0.53, "T-Mobile US";q=0.26`; undefined for none. */
export function printCandidates(candidates: ReadonlyArray<LinkCandidate>): string | undefined {
  return serializeList(
    candidates.flatMap(({ name, weight }) => {
      // A database may name a link in any script, an RFC 9651 string can't.
      const bare = serializeString(name.replaceAll(NOT_PRINTABLE, "?"))
      const item = bare === undefined ? undefined : serializeItem(bare, [["q", serializeDecimal(weight / 100)]])
      return item === undefined ? [] : [item]
    })
  )
}

/**
 * The tunnel that a SYN came through; undefined when no candidate is one. PPPoE, DS-Lite and 6rd are ways of an access line and an
 * overlay is a data center's own affair: none of them counts.
 */
export function tunnelOf({ candidates }: { readonly candidates: ReadonlyArray<LinkCandidate> }): Tunnel | undefined {
  let sum = 0
  let kind: Tunnel["kind"] | undefined
  const weights = new Map<Tunnel["kind"], number>()
  for (const candidate of candidates) {
    if (!isTunnelKind(candidate.kind)) continue
    sum += candidate.weight
    const weight = (weights.get(candidate.kind) ?? 0) + candidate.weight
    weights.set(candidate.kind, weight)
    if (kind === undefined || weight > weights.get(kind)!) kind = candidate.kind
  }
  if (kind === undefined) return undefined
  return { kind: weights.get(kind)! * 2 < sum ? "vpn" : kind, weight: Math.min(sum, 100) }
}

const tables = new WeakMap<Database, LinkTable>()

/** Short name of a link by its MTU alone, for one who keeps no more of a host. */
export function linkName(database: Database, mtu: number): string | undefined {
  let table = tables.get(database)
  if (table === undefined) tables.set(database, (table = new LinkTable(database, "modern")))
  return table.nameOf(mtu)
}
