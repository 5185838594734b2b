/**
 * The one table of the fields that an application sees. It drives the headers of every preset, the SPOE variables, the access log and
 * the field table of the documents; connection-info.ts holds the values. The order is the order in which the agent writes variables; if an
 * ACK would grow too long, the agent drops them from the end.
 *
 * A field is added by one row here and, unless the fingerprint has it already, its value in connection-info.ts.
 */
import type { ConnectionInfo } from "./connection-info.ts"
import { HINT_FIELDS, HINT_TEXTS } from "./hints/hint.ts"
import { reportedDistance } from "./tcp/path/distance-reason.ts"

/** Names of the header presets. */
export const PRESETS = ["x-tcp", "x-p0f", "seed", "huginn"] as const
export type Preset = (typeof PRESETS)[number]

/**
 * The part of a connection on which a field depends, and with it how often a front end encodes the field:
 * - status: always set, encoded once per status;
 * - fingerprint: encoded once per fingerprint;
 * - connection: encoded per connection;
 * - timing: known once the handshakes are complete;
 * - hint: depends on the request too.
 */
export type FieldScope = "status" | "fingerprint" | "connection" | "timing" | "hint"

export interface Field {
  /** Name in the configuration and of the SPOE variable. */
  readonly name: string
  readonly scope: FieldScope
  /** Names of the headers by preset; [] where a preset does not send the field. */
  readonly headers: Readonly<Record<Preset, ReadonlyArray<string>>>
  /** True: the SPOE agent sets the variable when `[spoa] variables` is not configured. */
  readonly isDefault: boolean
  /** The value: text, or a number that is 0 or more; undefined: not known, and the field is not sent. */
  readonly read: (info: ConnectionInfo) => string | number | undefined
  /** Description for the documents. */
  readonly text: string
}

/** A row's headers in presets other than x-tcp. */
interface OtherHeaders {
  readonly xP0f?: string
  readonly seed?: string
  readonly huginn?: ReadonlyArray<string>
}

interface Row extends Pick<Field, "name" | "scope" | "read" | "text"> {
  /** Header of preset x-tcp; undefined: only on request, by `[headers]`. */
  readonly header?: string
  readonly others?: OtherHeaders
  readonly isDefault?: boolean
}

function field({ name, scope, read, text, header, others = {}, isDefault = false }: Row): Field {
  const one = (header: string | undefined): ReadonlyArray<string> => (header === undefined ? [] : [header])
  const { xP0f, seed, huginn = [] } = others
  const headers = { "x-tcp": one(header), "x-p0f": one(xP0f), seed: one(seed), huginn }
  return { name, scope, read, text, headers, isDefault }
}

/** A hint as a field of its own, for those who prefer that to the list. */
const hint = (name: string, index: number): Field => {
  // A parameter text is `;q=0.7;reason="..."`; the field is the RFC 9651 item `0.7;reason="..."`.
  const read = ({ hintParameters }: ConnectionInfo): string | undefined => hintParameters?.[index]?.slice(";q=".length)
  return field({ name, scope: "hint", read, text: HINT_TEXTS[index]! })
}

/** Numbers of which -1 stands for "not known". */
const natural = (value: number): number | undefined => (value < 0 ? undefined : value)
/** Numbers of which 0 stands for "not known". */
const positive = (value: number): number | undefined => (value > 0 ? value : undefined)

/** Every field, in the order of the SPOE variables. Without a SYN, the host's record replaces the fingerprint. */
export const FIELDS: ReadonlyArray<Field> = [
  field({
    name: "status",
    scope: "status",
    header: "x-tcp-status",
    isDefault: true,
    read: ({ status }) => status,
    text: "`ok`, or why there is no fingerprint: by_address via_proxy syncookie not_captured stale malformed backend_down disabled agent_down"
  }),
  field({
    name: "done",
    scope: "status",
    isDefault: true,
    read: () => "1",
    text: "always `1`: the guard by which HAProxy asks once per connection"
  }),
  field({
    name: "os",
    scope: "fingerprint",
    header: "x-tcp-os",
    others: { xP0f: "X-P0f-OS", seed: "x_tcp_os" },
    isDefault: true,
    read: ({ fingerprint, hostOs }) => (fingerprint === undefined ? hostOs : fingerprint.os),
    text: "name and flavor of the database line that matches, such as `Windows 10, 11 or Server 2016+`"
  }),
  field({
    name: "os_match_q",
    scope: "fingerprint",
    header: "x-tcp-matchq",
    others: { xP0f: "X-P0f-MatchQ", seed: "x-tcp-matchq" },
    isDefault: true,
    read: ({ fingerprint, hostOs, hostOsMatchQ }) => {
      if (fingerprint === undefined) return hostOs === undefined ? undefined : hostOsMatchQ
      return fingerprint.os === undefined ? undefined : fingerprint.osMatchQ
    },
    text: "quality of the match: 0 exact, 1 fuzzy, 2 generic, 3 both"
  }),
  field({
    name: "dist",
    scope: "fingerprint",
    header: "x-tcp-dist",
    others: { xP0f: "X-P0f-Dist", seed: "x_tcp_dist" },
    isDefault: true,
    read: ({ fingerprint, hostDist }) => natural(fingerprint === undefined ? hostDist : reportedDistance(fingerprint)),
    text: "hops between the client and us"
  }),
  field({
    name: "link",
    scope: "fingerprint",
    header: "x-tcp-link",
    others: { xP0f: "X-P0f-Link", seed: "x_tcp_link" },
    isDefault: true,
    read: ({ fingerprint, hostLink }) => (fingerprint === undefined ? hostLink : fingerprint.link),
    text: "the likeliest link, by the MTU: Ethernet, WireGuard, a mobile network"
  }),
  field({
    name: "link_mtu",
    scope: "fingerprint",
    header: "x-tcp-mtu",
    others: { xP0f: "X-P0f-MTU", seed: "x-tcp-mtu" },
    isDefault: true,
    read: ({ fingerprint }) => positive(fingerprint?.linkMtu ?? 0),
    text: "MTU of the path by the MSS, bytes"
  }),
  field({
    name: "link_mss",
    scope: "fingerprint",
    header: "x-tcp-mss",
    others: { xP0f: "X-P0f-MSS", seed: "x-tcp-mss" },
    isDefault: true,
    read: ({ fingerprint }) => positive(fingerprint?.mss ?? 0),
    text: "MSS of the SYN, bytes"
  }),
  field({
    name: "uptime",
    scope: "connection",
    header: "x-tcp-uptime",
    others: { xP0f: "X-P0f-Uptime", seed: "x_tcp_uptime" },
    isDefault: true,
    read: ({ uptimeMinutes }) => natural(uptimeMinutes),
    text: "minutes since the client booted, only from stacks whose timestamps are a clock"
  }),
  field({
    name: "nat",
    scope: "connection",
    header: "x-tcp-nat",
    others: { xP0f: "X-P0f-NAT", seed: "x_tcp_nat" },
    isDefault: true,
    read: ({ nat }) => (nat ? "1" : undefined),
    text: "`1`: several systems take turns behind the IPv4 address or IPv6 /64"
  }),
  field({
    name: "sig",
    scope: "fingerprint",
    header: "x-tcp-sig",
    others: { huginn: ["x-huginn-net-tcp", "x-tcp-p0f"] },
    isDefault: true,
    read: ({ fingerprint }) => fingerprint?.rawSignature,
    text: "p0f's raw signature of the SYN"
  }),
  field({
    name: "hints",
    scope: "hint",
    header: "x-tcp-hints",
    read: ({ hints }) => hints,
    text: "what the facts add up to, an RFC 9651 list: score and reason of each hint"
  }),
  field({
    name: "mtu_origin",
    scope: "fingerprint",
    header: "x-tcp-mtu-origin",
    read: ({ fingerprint }) => fingerprint?.mtuOrigin,
    text: "`interface`: a small MSS is the sender's own (WireGuard, cloud, phones); `clamped`: it was lowered on the path (OpenVPN, PPPoE); `unknown`"
  }),
  field({
    name: "interface_mss",
    scope: "fingerprint",
    header: "x-tcp-interface-mss",
    read: ({ fingerprint }) => positive(fingerprint?.interfaceMss ?? 0),
    text: "MSS of the sender's own interface, bytes"
  }),
  field({
    name: "link_candidates",
    scope: "fingerprint",
    header: "x-tcp-link-candidates",
    read: ({ fingerprint }) => fingerprint?.linkCandidates,
    text: "every link that fits, an RFC 9651 list with weights"
  }),
  field({
    name: "dist_reason",
    scope: "fingerprint",
    header: "x-tcp-dist-reason",
    read: ({ fingerprint }) => fingerprint?.distReason,
    text: "why the hops are not known or only a guess"
  }),
  field({
    name: "retransmits",
    scope: "connection",
    header: "x-tcp-retransmits",
    read: ({ retransmits }) => natural(retransmits),
    text: "number of times the SYN was sent again; not with backend saved-syn, which sees one SYN"
  }),
  field({
    name: "rtt",
    scope: "timing",
    header: "x-tcp-rtt",
    read: ({ rttMicros }) => natural(rttMicros),
    text: "round trip of TCP, µs"
  }),
  field({
    name: "chello_delay",
    scope: "timing",
    header: "x-tls-chello-delay",
    read: ({ chelloDelayMicros }) => natural(chelloDelayMicros),
    text: "wait for the ClientHello, or for the first byte of a request, µs"
  }),
  field({
    name: "tls_rtt",
    scope: "timing",
    header: "x-tls-rtt",
    read: ({ tlsRttMicros }) => natural(tlsRttMicros),
    text: "round trip of TLS, µs"
  }),
  ...HINT_FIELDS.map(hint),
  field({
    name: "bad_sw",
    scope: "connection",
    header: "x-tcp-bad-sw",
    others: { xP0f: "X-P0f-BadSW" },
    read: ({ badSw }) => (badSw === 0 ? undefined : "1"),
    text: "`1`: the User-Agent contradicts the stack, as p0f judges it"
  }),
  field({
    name: "http_name",
    scope: "connection",
    header: "x-tcp-http-name",
    others: { xP0f: "X-P0f-HTTP-Name" },
    read: ({ httpName }) => httpName,
    text: "name of the HTTP signature that matches"
  }),
  field({
    name: "http_flavor",
    scope: "connection",
    header: "x-tcp-http-flavor",
    others: { xP0f: "X-P0f-HTTP-Ver" },
    read: ({ httpFlavor }) => httpFlavor,
    text: "its flavor"
  }),
  field({
    name: "language",
    scope: "connection",
    header: "x-tcp-language",
    others: { xP0f: "X-P0f-Lang" },
    read: ({ language }) => language,
    text: "language that the client asks for"
  }),
  field({
    name: "first_seen",
    scope: "connection",
    header: "x-tcp-first-seen",
    others: { xP0f: "X-P0f-FirstSeen" },
    read: ({ firstSeen }) => positive(firstSeen),
    text: "first connection of the address, Unix seconds"
  }),
  field({
    name: "last_seen",
    scope: "connection",
    header: "x-tcp-last-seen",
    others: { xP0f: "X-P0f-LastSeen" },
    read: ({ lastSeen }) => positive(lastSeen),
    text: "last connection of the address, Unix seconds"
  }),
  field({
    name: "total_conn",
    scope: "connection",
    header: "x-tcp-total-conn",
    others: { xP0f: "X-P0f-Conns" },
    read: ({ totalConn }) => positive(totalConn),
    text: "connections of the address so far"
  }),
  field({
    name: "last_nat",
    scope: "connection",
    header: "x-tcp-last-nat",
    others: { xP0f: "X-P0f-LastNat" },
    read: ({ lastNat }) => positive(lastNat),
    text: "last time the address looked shared, Unix seconds"
  }),
  field({
    name: "last_chg",
    scope: "connection",
    header: "x-tcp-last-chg",
    others: { xP0f: "X-P0f-LastChg" },
    read: ({ lastChg }) => positive(lastChg),
    text: "last time the system behind the address changed, Unix seconds"
  }),
  field({
    name: "up_mod_days",
    scope: "connection",
    header: "x-tcp-up-mod-days",
    others: { xP0f: "X-P0f-UpModDays" },
    read: ({ upModDays, uptimeMinutes }) => (uptimeMinutes < 0 ? undefined : positive(upModDays)),
    text: "days after which the client's timestamp clock wraps; only with uptime"
  })
]

/** The field of a name; throws for a name that is not in the table. */
export function fieldOf(name: string): Field {
  const found = FIELDS.find((field) => field.name === name)
  if (found === undefined) throw new Error(`there is no field ${name}`)
  return found
}

/** The status field, whose value a front end encodes ahead of time for every status. */
export const STATUS_FIELD: Field = fieldOf("status")

/** Prefixes of header names that clients may never send, compared ignoring case and with `_` equal to `-`. */
export const RESERVED_PREFIXES: ReadonlyArray<string> = ["x-tcp-", "x-tls-", "x-p0f-", "x-huginn-net-"]

/** Returns true if a client copy of this header must be removed: every name that a preset can send begins with a reserved prefix. */
export function isReservedHeader(name: string): boolean {
  const canonical = name.toLowerCase().replaceAll("_", "-")
  for (const prefix of RESERVED_PREFIXES) if (canonical.startsWith(prefix)) return true
  return false
}
