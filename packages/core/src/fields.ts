/**
 * The fields that an application sees: SPOE variable, header name in each preset, and form. The order is the order in which the
 * agent writes variables, and from its end it drops them when an ACK would grow too long.
 */

/** Why an answer is what it is; `agent_down` is set by HAProxy's own configuration. */
export const STATUSES = [
  "ok",
  "by_address",
  "via_proxy",
  "syncookie",
  "not_captured",
  "stale",
  "malformed",
  "backend_down",
  "disabled"
] as const
export type Status = (typeof STATUSES)[number]

export interface Field {
  /** Name in configuration and of the SPOE variable. */
  readonly name: string
  readonly form: "string" | "integer"
  /** Header name by preset, undefined where the preset has none. */
  readonly xTcp: string | undefined
  readonly xP0f: string | undefined
  readonly seed: string | undefined
  readonly huginn: ReadonlyArray<string>
  /** Set by the SPOE agent when `[spoa] variables` names nothing. */
  readonly isDefault: boolean
}

const field = (
  name: string,
  form: "string" | "integer",
  isDefault: boolean,
  xTcp?: string,
  xP0f?: string,
  seed?: string,
  huginn: ReadonlyArray<string> = []
): Field => ({ name, form, isDefault, xTcp, xP0f, seed, huginn })

/** Every field, in the order of the SPOE variables. */
export const FIELDS: ReadonlyArray<Field> = [
  field("status", "string", true, "x-tcp-status"),
  field("done", "string", true),
  field("os", "string", true, "x-tcp-os", "X-P0f-OS", "x_tcp_os"),
  field("os_match_q", "integer", true, "x-tcp-matchq", "X-P0f-MatchQ", "x-tcp-matchq"),
  field("dist", "integer", true, "x-tcp-dist", "X-P0f-Dist", "x_tcp_dist"),
  field("link", "string", true, "x-tcp-link", "X-P0f-Link", "x_tcp_link"),
  field("link_mtu", "integer", true, "x-tcp-mtu", "X-P0f-MTU", "x-tcp-mtu"),
  field("link_mss", "integer", true, "x-tcp-mss", "X-P0f-MSS", "x-tcp-mss"),
  field("uptime", "integer", true, "x-tcp-uptime", "X-P0f-Uptime", "x_tcp_uptime"),
  field("nat", "string", true, "x-tcp-nat", "X-P0f-NAT", "x_tcp_nat"),
  field("sig", "string", true, "x-tcp-sig", undefined, undefined, ["x-huginn-net-tcp", "x-tcp-p0f"]),
  field("hints", "string", false, "x-tcp-hints"),
  field("mtu_origin", "string", false, "x-tcp-mtu-origin"),
  field("interface_mss", "integer", false, "x-tcp-interface-mss"),
  field("link_candidates", "string", false, "x-tcp-link-candidates"),
  field("dist_reason", "string", false, "x-tcp-dist-reason"),
  field("retransmits", "integer", false, "x-tcp-retransmits"),
  field("rtt", "integer", false, "x-tcp-rtt"),
  field("chello_delay", "integer", false, "x-tls-chello-delay"),
  field("tls_rtt", "integer", false, "x-tls-rtt"),
  // Each hint alone, for those who prefer that to a list: by [spoa] variables or a header of the operator's choice.
  field("ua_mismatch", "string", false),
  field("tunnel", "string", false),
  field("relay", "string", false),
  field("user_space_stack", "string", false),
  field("scanner", "string", false),
  field("shared_address", "string", false),
  field("middlebox", "string", false),
  field("spoofed_header", "string", false),
  field("bad_sw", "string", false, "x-tcp-bad-sw", "X-P0f-BadSW"),
  field("http_name", "string", false, "x-tcp-http-name", "X-P0f-HTTP-Name"),
  field("http_flavor", "string", false, "x-tcp-http-flavor", "X-P0f-HTTP-Ver"),
  field("language", "string", false, "x-tcp-language", "X-P0f-Lang"),
  field("first_seen", "integer", false, "x-tcp-first-seen", "X-P0f-FirstSeen"),
  field("last_seen", "integer", false, "x-tcp-last-seen", "X-P0f-LastSeen"),
  field("total_conn", "integer", false, "x-tcp-total-conn", "X-P0f-Conns"),
  field("last_nat", "integer", false, "x-tcp-last-nat", "X-P0f-LastNat"),
  field("last_chg", "integer", false, "x-tcp-last-chg", "X-P0f-LastChg"),
  field("up_mod_days", "integer", false, "x-tcp-up-mod-days", "X-P0f-UpModDays")
]

/** Beginnings of header names that clients may never send: compared without case and with `_` equal to `-`. */
export const RESERVED_PREFIXES: ReadonlyArray<string> = ["x-tcp-", "x-tls-", "x-p0f-", "x-huginn-net-"]

/** Whether a client copy of this header must be removed: any name that a preset can emit begins with a reserved prefix. */
export function isReservedHeader(name: string): boolean {
  const canonical = name.toLowerCase().replaceAll("_", "-")
  for (const prefix of RESERVED_PREFIXES) if (canonical.startsWith(prefix)) return true
  return false
}
