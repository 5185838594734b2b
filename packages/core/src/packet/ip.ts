/**
 * IPv4 and IPv6 headers: the way through them to TCP or a tunnel, and their facts and quirks.
 *
 *  IPv4 (RFC 791)                                     IPv6 (RFC 8200)
 *  |ver 4|IHL 4|  TOS 8  |     total length 16    |   |ver 4| class 8 |       flow label 20        |
 *  |   identification 16 |0 D M|   offset 13      |   |   payload length 16   | next hdr 8 | hops 8 |
 *  |  TTL 8  | protocol 8|     checksum 16        |   |                source 128                  |
 *  |   source 32 | destination 32 | options ...   |   |             destination 128                |
 *
 * Differs from p0f: IPv6 extension headers are walked, a first fragment with a whole TCP header is used, checksums are not judged
 * (as in p0f), and a total length of 0 (segmentation offload, RFC 2675 jumbo) means the rest of the frame.
 */
import { i32, u16 } from "../bytes/big-endian.ts"
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, WALK_ON } from "./link.ts"
import type { Step } from "./link.ts"
import type { HeaderOffsets } from "./header-offsets.ts"
import type { Packet } from "./packet.ts"
import { QUIRK_DF, QUIRK_ECN, QUIRK_FLOW, QUIRK_NZ_ID, QUIRK_NZ_MBZ, QUIRK_ZERO_ID } from "./quirks.ts"
import { TCP_HEADER_BYTES } from "./tcp.ts"
import { walkGre, walkUdp } from "./tunnel.ts"
import {
  VERDICT_FRAGMENT,
  VERDICT_MALFORMED,
  VERDICT_OTHER,
  VERDICT_TCP,
  VERDICT_TRUNCATED,
  VERDICT_UNSUPPORTED
} from "./verdict.ts"

export const IPV4_HEADER_BYTES = 20
export const IPV6_HEADER_BYTES = 40

/** IANA protocol-numbers; the first five are IPv6 extension headers too (RFC 8200 §4.1, RFC 6275, RFC 7401, RFC 5533). */
const PROTO_HOPOPTS = 0
const PROTO_ROUTING = 43
const PROTO_FRAGMENT = 44
const PROTO_AH = 51
const PROTO_DSTOPTS = 60
const PROTO_MOBILITY = 135
const PROTO_HIP = 139
const PROTO_SHIM6 = 140
const PROTO_IPV4 = 4
export const PROTO_TCP = 6
const PROTO_UDP = 17
const PROTO_IPV6 = 41
const PROTO_GRE = 47
const PROTO_ESP = 50
const PROTO_ICMPV6 = 58
const PROTO_ETHERIP = 97
const PROTO_IPCOMP = 108
const PROTO_L2TP = 115
const PROTO_MPLS_IN_IP = 137
const PROTO_ICMP = 1

const IPV4_DF = 0x4000
const IPV4_MF = 0x2000
const IPV4_MBZ = 0x8000
const IPV4_OFFSET = 0x1fff

/** IPv4 header at `into.at`: VERDICT_TCP with `into` filled, WALK_ON into a tunnel, or why not. */
export function walkIpv4(bytes: Uint8Array, into: HeaderOffsets): Step {
  const ip = into.at
  if (into.limit - ip < IPV4_HEADER_BYTES) return VERDICT_TRUNCATED
  const first = bytes[ip]!
  if (first >> 4 !== 4) return VERDICT_MALFORMED
  const headerBytes = (first & 15) * 4
  let length = u16(bytes, ip + 2)
  if (length === 0) length = into.end - ip
  if (headerBytes < IPV4_HEADER_BYTES || headerBytes > length) return VERDICT_MALFORMED
  const fragment = u16(bytes, ip + 6) & (IPV4_MF | IPV4_OFFSET)
  const protocol = bytes[ip + 9]!
  if (fragment & IPV4_OFFSET) {
    return protocol === PROTO_UDP || protocol === PROTO_ICMP ? VERDICT_OTHER : VERDICT_FRAGMENT
  }
  if (length > into.end - ip) return VERDICT_TRUNCATED
  into.ver = 4
  into.ip = ip
  into.ipLength = length
  into.end = ip + length
  into.src0 = i32(bytes, ip + 12)
  into.src1 = 0
  into.src2 = 0
  into.src3 = 0
  into.dst0 = i32(bytes, ip + 16)
  into.dst1 = 0
  into.dst2 = 0
  into.dst3 = 0
  return protocol === PROTO_TCP
    ? walkTcp(bytes, ip + headerBytes, fragment !== 0, into)
    : walkProtocol(bytes, protocol, ip + headerBytes, fragment !== 0, into)
}

/** IPv6 header at `into.at`. */
export function walkIpv6(bytes: Uint8Array, into: HeaderOffsets): Step {
  const ip = into.at
  if (into.limit - ip < IPV6_HEADER_BYTES) return VERDICT_TRUNCATED
  if (bytes[ip]! >> 4 !== 6) return VERDICT_MALFORMED
  const payload = u16(bytes, ip + 4)
  const length = payload === 0 ? into.end - ip : payload + IPV6_HEADER_BYTES
  if (length > into.end - ip) return VERDICT_TRUNCATED
  into.ver = 6
  into.ip = ip
  into.ipLength = length
  into.end = ip + length
  into.src0 = i32(bytes, ip + 8)
  into.src1 = i32(bytes, ip + 12)
  into.src2 = i32(bytes, ip + 16)
  into.src3 = i32(bytes, ip + 20)
  into.dst0 = i32(bytes, ip + 24)
  into.dst1 = i32(bytes, ip + 28)
  into.dst2 = i32(bytes, ip + 32)
  into.dst3 = i32(bytes, ip + 36)
  const protocol = bytes[ip + 6]!
  return protocol === PROTO_TCP
    ? walkTcp(bytes, ip + IPV6_HEADER_BYTES, false, into)
    : walkProtocol(bytes, protocol, ip + IPV6_HEADER_BYTES, false, into)
}

/** Walks what follows the fixed header: extension headers (each at least 8 bytes, so the loop ends), TCP, a tunnel, or neither. */
function walkProtocol(
  bytes: Uint8Array,
  protocol: number,
  from: number,
  fragmented: boolean,
  into: HeaderOffsets
): Step {
  const { end, limit } = into
  const isIpv6 = into.ver === 6
  let at = from
  let isFragment = fragmented
  let next = protocol
  for (;;) {
    switch (next) {
      case PROTO_TCP:
        return walkTcp(bytes, at, isFragment, into)
      case PROTO_UDP:
        into.at = at
        return walkUdp(bytes, into)
      case PROTO_IPV4:
      case PROTO_IPV6:
        into.at = at
        into.type = next === PROTO_IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6
        into.tunnelled = true
        return WALK_ON
      case PROTO_GRE:
        into.at = at
        return walkGre(bytes, into)
      case PROTO_ESP:
      case PROTO_ETHERIP:
      case PROTO_IPCOMP:
      case PROTO_L2TP:
      case PROTO_MPLS_IN_IP:
        return VERDICT_UNSUPPORTED
      case PROTO_AH:
        break
      case PROTO_HOPOPTS:
      case PROTO_ROUTING:
      case PROTO_FRAGMENT:
      case PROTO_DSTOPTS:
      case PROTO_MOBILITY:
      case PROTO_HIP:
      case PROTO_SHIM6:
        if (isIpv6) break
        return VERDICT_OTHER
      default:
        return VERDICT_OTHER
    }
    if (end - at < 8) return isFragment ? VERDICT_FRAGMENT : VERDICT_MALFORMED
    if (limit - at < 8) return VERDICT_TRUNCATED
    const here = next
    next = bytes[at]!
    if (here === PROTO_FRAGMENT) {
      const field = u16(bytes, at + 2)
      if (field & 0xfff8) return next === PROTO_UDP || next === PROTO_ICMPV6 ? VERDICT_OTHER : VERDICT_FRAGMENT
      if (field & 1) isFragment = true
      at += 8
    } else {
      at += here === PROTO_AH ? (bytes[at + 1]! + 2) * 4 : (bytes[at + 1]! + 1) * 8
    }
  }
}

/** TCP header at `tcp`: whole, within its IP packet, and captured. */
function walkTcp(bytes: Uint8Array, tcp: number, isFragment: boolean, into: HeaderOffsets): Step {
  const { end, limit } = into
  if (end - tcp < TCP_HEADER_BYTES) return isFragment ? VERDICT_FRAGMENT : VERDICT_MALFORMED
  if (limit - tcp < TCP_HEADER_BYTES) return VERDICT_TRUNCATED
  const word = bytes[tcp + 12]!
  const doff = (word >> 4) * 4
  if (doff < TCP_HEADER_BYTES) return VERDICT_MALFORMED
  if (end - tcp < doff) return isFragment ? VERDICT_FRAGMENT : VERDICT_MALFORMED
  if (limit - tcp < doff) return VERDICT_TRUNCATED
  into.ipEnd = end < limit ? end : limit
  into.tcp = tcp
  into.tcpDistance = tcp - into.ip
  into.doff = doff
  into.sport = u16(bytes, tcp)
  into.dport = u16(bytes, tcp + 2)
  into.seq = i32(bytes, tcp + 4)
  into.flags = bytes[tcp + 13]! | ((word & 1) << 8)
  return VERDICT_TCP
}

/** Facts of the IPv4 header at `ip` (addresses, ttl, olen, tos) and its quirks, which replace those in `packet`. */
export function decodeIpv4(bytes: Uint8Array, ip: number, packet: Packet): void {
  const tos = bytes[ip + 1]!
  const fragment = u16(bytes, ip + 6)
  const id = bytes[ip + 4]! | bytes[ip + 5]!
  let quirks = 0
  if (tos & 3) quirks = QUIRK_ECN
  if (fragment & IPV4_MBZ) quirks |= QUIRK_NZ_MBZ
  if (fragment & IPV4_DF) quirks |= id !== 0 ? QUIRK_DF | QUIRK_NZ_ID : QUIRK_DF
  else if (id === 0) quirks |= QUIRK_ZERO_ID
  packet.ver = 4
  packet.olen = (bytes[ip]! & 15) * 4 - IPV4_HEADER_BYTES
  packet.tos = tos >> 2
  packet.ttl = bytes[ip + 8]!
  packet.src0 = i32(bytes, ip + 12)
  packet.src1 = 0
  packet.src2 = 0
  packet.src3 = 0
  packet.dst0 = i32(bytes, ip + 16)
  packet.dst1 = 0
  packet.dst2 = 0
  packet.dst3 = 0
  packet.quirks = quirks
}

/** Facts of the IPv6 header at `ip` and its quirks, which replace those in `packet`. */
export function decodeIpv6(bytes: Uint8Array, ip: number, packet: Packet): void {
  const first = i32(bytes, ip)
  let quirks = 0
  if ((first >>> 20) & 3) quirks = QUIRK_ECN
  if (first & 0xfffff) quirks |= QUIRK_FLOW
  packet.ver = 6
  packet.olen = 0
  packet.tos = (first >>> 22) & 0x3f
  packet.ttl = bytes[ip + 7]!
  packet.src0 = i32(bytes, ip + 8)
  packet.src1 = i32(bytes, ip + 12)
  packet.src2 = i32(bytes, ip + 16)
  packet.src3 = i32(bytes, ip + 20)
  packet.dst0 = i32(bytes, ip + 24)
  packet.dst1 = i32(bytes, ip + 28)
  packet.dst2 = i32(bytes, ip + 32)
  packet.dst3 = i32(bytes, ip + 36)
  packet.quirks = quirks
}
