/**
 * The BPF text of a capture (pcap-filter(7)): SYNs of both families, or every TCP packet for p0f mode.
 *
 * Gotchas of the language, each covered by a test that runs the compiled filter over packets:
 * - `tcp[tcpflags]` means IPv4 only, and `ip6 and tcp[13]` is refused; the flags of IPv6 are byte 53 = 40 + 13.
 * - No filter reaches behind an IPv6 extension header (`protochain` cannot be combined): such packets are passed and judged in
 *   TypeScript. `tcp` over IPv4 asks for fragment offset 0, so a first fragment passes and the others do not.
 * - `vlan` moves every offset to its right for the rest of the text, and only Ethernet has it. Cooked devices (`any`) get the
 *   tag taken off by the kernel before the filter runs; of two tags it takes the outer one, so QinQ needs the interface by name.
 */
import { isIP } from "node:net"
import type { CaptureFilter } from "@synprint/service"

/** A filter that cannot be written as BPF: which entry and why. */
export interface FilterProblem {
  readonly entry: string
  readonly problem: string
}

/** IPv6 next headers that the decoder walks (RFC 8200 §4.1, RFC 6275, 7401, 5533, 4302): hop-by-hop, routing, fragment, ... */
const EXTENSION_HEADERS: ReadonlyArray<number> = [0, 43, 44, 51, 60, 135, 139, 140]

const SYN_IPV4 = "(tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn)"
const SYN_IPV6 = "(ip6 and ip6[6] == 6 and (ip6[53] & 0x12) == 0x02)"
const EXTENDED = `(ip6 and (${EXTENSION_HEADERS.map((header) => `ip6[6] == ${header}`).join(" or ")}))`

/** SYNs to the ports and addresses of `filter`; with key = "client" its server side is left out (taps see it before DNAT). */
export function synFilterText(filter: CaptureFilter, isEthernet: boolean): string {
  const ports = filter.key === "client" ? [] : filter.ports
  const addresses = filter.key === "client" ? [] : serverAddresses(filter.addresses)
  let syn = `(${SYN_IPV4} or ${SYN_IPV6})`
  if (ports.length > 0) syn = `(${either(ports.map((port) => `tcp dst port ${port}`))} and ${syn})`
  let text = `(${syn} or ${EXTENDED})`
  if (addresses.length > 0) text = `(${either(addresses.map((address) => `dst host ${address}`))} and ${text})`
  return isEthernet ? `${text} or (vlan and (${text} or (vlan and ${text})))` : text
}

/** Every TCP packet from or to the ports and addresses: p0f's own filter `tcp or (vlan and tcp)` (p0f.c: prepare_pcap). */
export function feedFilterText(filter: CaptureFilter, isEthernet: boolean): string {
  const ports = filter.key === "client" ? [] : filter.ports
  const addresses = filter.key === "client" ? [] : serverAddresses(filter.addresses)
  let text = ports.length > 0 ? either(ports.map((port) => `tcp port ${port}`)) : "tcp"
  text = `(${text} or ${EXTENDED})`
  if (addresses.length > 0) text = `(${either(addresses.map((address) => `host ${address}`))} and ${text})`
  return isEthernet ? `${text} or (vlan and (${text} or (vlan and ${text})))` : text
}

/** The entries that are no port or address. A name must never reach libpcap: it would ask the resolver and block. */
export function filterProblems(filter: CaptureFilter): ReadonlyArray<FilterProblem> {
  const problems: Array<FilterProblem> = []
  for (const port of filter.ports) {
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
      problems.push({ entry: String(port), problem: "expected a port from 1 to 65535" })
    }
  }
  for (const address of filter.addresses) {
    if (isIP(withoutZone(address)) === 0) problems.push({ entry: address, problem: "expected an IPv4 or IPv6 address" })
  }
  return problems
}

/** Canonical server addresses; empty when one of them means all. */
function serverAddresses(addresses: ReadonlyArray<string>): ReadonlyArray<string> {
  const canonical = addresses.map((address) => withoutMapping(withoutZone(address)))
  return canonical.some((address) => address === "0.0.0.0" || isUnspecifiedIpv6(address)) ? [] : canonical
}

function withoutZone(address: string): string {
  const zone = address.indexOf("%")
  return zone < 0 ? address : address.slice(0, zone)
}

/** ::ffff:192.0.2.1 -> 192.0.2.1, also in hexadecimal spelling: the wire carries IPv4. */
function withoutMapping(address: string): string {
  const mapped = /^(?:0{0,4}:){2,5}ffff:(.+)$/i.exec(address)?.[1]
  if (mapped === undefined) return address
  if (isIP(mapped) === 4) return mapped
  const words = mapped.split(":").map((word) => Number.parseInt(word, 16))
  return words.length === 2 ? words.map((word) => `${word >> 8}.${word & 255}`).join(".") : address
}

function isUnspecifiedIpv6(address: string): boolean {
  return address.includes(":") && /^[0:]+$/.test(address)
}

function either(terms: ReadonlyArray<string>): string {
  return `(${terms.join(" or ")})`
}
