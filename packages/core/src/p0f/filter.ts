/**
 * The packets that libpcap hands to p0f 3.09b when it is given no rule: `tcp or (vlan and tcp)` on Ethernet, `tcp` on any other link
 * type (p0f.c: prepare_bpf), as libpcap 1.10 compiles it (`tcpdump -y TYPE -d tcp`).
 *
 * Matters because p0f expires its caches on every 50th packet that it is handed. A load past the captured bytes rejects the packet,
 * as in a BPF machine. Differs from libpcap: NULL accepts both byte orders of the address family, and of the link types that p0f
 * guesses its way through or that libpcap has no filter for, none passes but those below.
 */
import { i32, u16 } from "../bytes/big-endian.ts"
import {
  DLT_RAW,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_QINQ,
  ETHERTYPE_QINQ_OLD,
  ETHERTYPE_VLAN,
  LINKTYPE_C_HDLC,
  LINKTYPE_ETHERNET,
  LINKTYPE_IEEE802_11,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_LOOP,
  LINKTYPE_NULL,
  LINKTYPE_PPP,
  LINKTYPE_PPP_ETHER,
  LINKTYPE_PPP_HDLC,
  LINKTYPE_RAW
} from "../packet/link.ts"

const PROTO_TCP = 6
const PROTO_FRAGMENT = 44

/** Returns true if p0f would see the packet. */
export function passesP0fFilter(bytes: Uint8Array, at: number, captured: number, linkType: number): boolean {
  const end = Math.min(at + captured, bytes.length)
  switch (linkType) {
    case LINKTYPE_ETHERNET: {
      if (end - at < 14) return false
      const type = u16(bytes, at + 12)
      if (type !== ETHERTYPE_VLAN && type !== ETHERTYPE_QINQ && type !== ETHERTYPE_QINQ_OLD) {
        return isTcp(bytes, at + 14, end, type)
      }
      return end - at >= 18 && isTcp(bytes, at + 18, end, u16(bytes, at + 16))
    }
    case DLT_RAW:
    case LINKTYPE_RAW: {
      const version = at < end ? bytes[at]! >> 4 : 0
      return isTcp(bytes, at, end, version === 4 ? ETHERTYPE_IPV4 : version === 6 ? ETHERTYPE_IPV6 : 0)
    }
    case LINKTYPE_IPV4:
      return isTcp(bytes, at, end, ETHERTYPE_IPV4)
    case LINKTYPE_IPV6:
      return isTcp(bytes, at, end, ETHERTYPE_IPV6)
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP: {
      if (end - at < 4) return false
      const word = i32(bytes, at)
      const family = linkType === LINKTYPE_NULL && (word & 0xffffff) === 0 ? word >>> 24 : word
      // AF_INET6 of the BSDs and macOS: in a file libpcap looks for these and not for Linux's 10.
      const isIpv6 = family === 24 || family === 28 || family === 30
      return isTcp(bytes, at + 4, end, family === 2 ? ETHERTYPE_IPV4 : isIpv6 ? ETHERTYPE_IPV6 : 0)
    }
    case LINKTYPE_PPP:
    case LINKTYPE_PPP_HDLC:
      return end - at >= 4 && isTcp(bytes, at + 4, end, pppType(u16(bytes, at + 2)))
    case LINKTYPE_PPP_ETHER:
      return end - at >= 8 && isTcp(bytes, at + 8, end, pppType(u16(bytes, at + 6)))
    case LINKTYPE_LINUX_SLL:
      return end - at >= 16 && isTcp(bytes, at + 16, end, u16(bytes, at + 14))
    case LINKTYPE_LINUX_SLL2:
      return end - at >= 20 && isTcp(bytes, at + 20, end, u16(bytes, at))
    case LINKTYPE_C_HDLC:
      return end - at >= 4 && isTcp(bytes, at + 4, end, u16(bytes, at + 2))
    case LINKTYPE_IEEE802_11: {
      // A data frame, its header 2 bytes longer with QoS, then LLC and SNAP.
      if (end - at < 24 || (bytes[at]! & 0x0c) !== 0x08) return false
      const llc = at + (bytes[at]! & 0x80 ? 26 : 24)
      return end - llc >= 8 && isTcp(bytes, llc + 8, end, u16(bytes, llc + 6))
    }
    default:
      return false
  }
}

function pppType(protocol: number): number {
  return protocol === 0x21 ? ETHERTYPE_IPV4 : protocol === 0x57 ? ETHERTYPE_IPV6 : 0
}

/** `(ip proto 6) or (ip6 proto 6)`; one IPv6 fragment header is looked through, no other extension. */
function isTcp(bytes: Uint8Array, ip: number, end: number, etherType: number): boolean {
  if (etherType === ETHERTYPE_IPV4) return end - ip > 9 && bytes[ip + 9] === PROTO_TCP
  if (etherType !== ETHERTYPE_IPV6 || end - ip <= 6) return false
  const next = bytes[ip + 6]
  return next === PROTO_TCP || (next === PROTO_FRAGMENT && end - ip > 40 && bytes[ip + 40] === PROTO_TCP)
}
