/**
 * Link facts: what a line of a database's [mtu] section says beyond a name, as attributes. A line without `kind` is a name and nothing
 * else, as in p0f.fp.
 *
 *     ;@ kind=wireguard; origin=interface; weight=50
 *     label = WireGuard
 *     sig   = 1420
 *
 *     kind     what it is, one of LINK_KINDS
 *     origin   interface: the sender's own interface has the MTU; clamped: something on the path lowers the MSS; default: either
 *     weight   how common it is against the others with this MTU and against 20 parts of what nobody documented; default 10
 *     ver      4 or 6: over that family only
 *     family   stacks that can have it (stack-family.ts)
 */
import { ParseError } from "../parse-error.ts"
import { parseFamilies } from "./stack-family.ts"

/** Tunnels that a host enters by choice or is put into by its network's owner, as opposed to the ways of an access line. */
export const TUNNEL_KINDS = [
  "wireguard",
  "openvpn",
  "ipsec",
  "ppp-vpn",
  "masque",
  "zerotier",
  "gre",
  "ipip",
  "6in4",
  "vpn"
] as const
export type TunnelKind = (typeof TUNNEL_KINDS)[number]

export const LINK_KINDS = [
  ...TUNNEL_KINDS,
  "ethernet",
  "jumbo",
  "vlan",
  "pppoe",
  "ds-lite",
  "nat64",
  "6rd",
  "mobile",
  "cloud",
  "overlay",
  "firewall",
  "loopback",
  "minimum"
] as const
export type LinkKind = (typeof LINK_KINDS)[number]

export interface LinkFacts {
  readonly kind: LinkKind
  readonly origin: "interface" | "clamped" | "either"
  readonly weight: number
  /** 0 both. */
  readonly ver: 0 | 4 | 6
  /** Bits of stack-family.ts; 0 any. */
  readonly families: number
}

const ORIGINS = ["interface", "clamped", "either"] as const

/** Facts of a line; undefined when it has no `kind`. */
export function parseLinkFacts(attributes: ReadonlyMap<string, string>): LinkFacts | ParseError | undefined {
  const kindText = attributes.get("kind")
  if (kindText === undefined) return undefined
  const kind = LINK_KINDS.find((name) => name === kindText)
  if (kind === undefined)
    return new ParseError(`kind: '${kindText}' is no kind of link: use ${LINK_KINDS.join(" ")}`, 0)
  const originText = attributes.get("origin") ?? "either"
  const origin = ORIGINS.find((name) => name === originText)
  if (origin === undefined) return new ParseError(`origin: '${originText}' is unknown: use ${ORIGINS.join(", ")}`, 0)
  const weightText = attributes.get("weight") ?? "10"
  const weight = Number(weightText)
  if (!/^\d+(\.\d+)?$/.test(weightText) || weight <= 0 || weight > 10_000) {
    return new ParseError(`weight: '${weightText}' is no number above 0 and up to 10000`, 0)
  }
  const verText = attributes.get("ver") ?? "0"
  if (verText !== "0" && verText !== "4" && verText !== "6")
    return new ParseError(`ver: '${verText}' is neither 4 nor 6`, 0)
  const family = attributes.get("family")
  const families = family === undefined ? 0 : parseFamilies(family)
  if (families instanceof ParseError) return families
  return { kind, origin, weight, ver: Number(verText) as 0 | 4 | 6, families }
}
