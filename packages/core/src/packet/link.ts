/**
 * Link layers: from the link type of a capture to the EtherType of what it carries, and through tags, labels and PPPoE.
 *
 *  Ethernet     dst 6 | src 6 | EtherType          SLL   type 2 | ARPHRD 2 | alen 2 | address 8 | EtherType
 *  802.1Q/ad    PCP,DEI,VID 2 | EtherType          SLL2  EtherType | 0 0 | ifindex 4 | ARPHRD 2 | type 1 | alen 1 | address 8
 *  MPLS         label 20, TC 3, S 1, TTL 8         PPPoE 0x11 | code | session 2 | length 2 | PPP protocol
 *
 * Sources: IEEE 802.1Q, RFC 3032, RFC 2516, RFC 1662, tcpdump.org/linktypes.html. Differs from p0f, which reads at one fixed offset.
 */
import { i32, u16 } from "../bytes/big-endian.ts"
import type { HeaderOffsets } from "./header-offsets.ts"
import { VERDICT_MALFORMED, VERDICT_OTHER, VERDICT_TRUNCATED, VERDICT_UNSUPPORTED } from "./verdict.ts"
import type { Verdict } from "./verdict.ts"

/** LINKTYPE_ and DLT_ values (equal for all that are read here, but RAW: 101 in files, 12 or 14 from libpcap). */
export const LINKTYPE_NULL = 0
export const LINKTYPE_ETHERNET = 1
export const LINKTYPE_PPP = 9
export const DLT_RAW = 12
export const DLT_RAW_OPENBSD = 14
export const LINKTYPE_PPP_HDLC = 50
export const LINKTYPE_PPP_ETHER = 51
export const LINKTYPE_RAW = 101
export const LINKTYPE_C_HDLC = 104
/** Read in p0f mode alone. */
export const LINKTYPE_IEEE802_11 = 105
export const LINKTYPE_LOOP = 108
export const LINKTYPE_LINUX_SLL = 113
export const LINKTYPE_IPV4 = 228
export const LINKTYPE_IPV6 = 229
export const LINKTYPE_LINUX_SLL2 = 276

export const ETHERTYPE_IPV4 = 0x0800
export const ETHERTYPE_IPV6 = 0x86dd
export const ETHERTYPE_VLAN = 0x8100
export const ETHERTYPE_QINQ = 0x88a8
/** Stacked tags before 802.1ad. */
export const ETHERTYPE_QINQ_OLD = 0x9100
export const ETHERTYPE_QINQ_OLDER = 0x9200
export const ETHERTYPE_MPLS = 0x8847
export const ETHERTYPE_MPLS_UPSTREAM = 0x8848
export const ETHERTYPE_PPPOE_SESSION = 0x8864
/** Transparent Ethernet bridging: a whole Ethernet frame (RFC 1701). */
export const ETHERTYPE_TEB = 0x6558
/** IEEE 802.1ah backbone bridging, Cisco metadata, IEEE 802.1AE MACsec: not read. */
const ETHERTYPE_PBB = 0x88e7
const ETHERTYPE_CISCO_METADATA = 0x8909
const ETHERTYPE_MACSEC = 0x88e5

/** No EtherType: IPv4 or IPv6 by the first nibble. */
export const TYPE_ANY_IP = -1
/** No EtherType: a PPP frame, with or without address and control. */
export const TYPE_PPP = -2

/** Not a Verdict: the cursor has moved on. */
export const WALK_ON = -1
export type Step = Verdict | typeof WALK_ON

const ETHERNET_HEADER_BYTES = 14
/** First EtherType; smaller values are 802.3 lengths. */
const ETHERTYPE_MIN = 0x600

/** Sets the cursor to what the link header says. `into.at`, `end` and `limit` are the frame's. */
export function walkLink(bytes: Uint8Array, linkType: number, into: HeaderOffsets): Step {
  const at = into.at
  const left = into.limit - at
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      into.type = ETHERTYPE_TEB
      return WALK_ON
    case DLT_RAW:
    case DLT_RAW_OPENBSD:
    case LINKTYPE_RAW:
      into.type = TYPE_ANY_IP
      return WALK_ON
    case LINKTYPE_IPV4:
      into.type = ETHERTYPE_IPV4
      return WALK_ON
    case LINKTYPE_IPV6:
      into.type = ETHERTYPE_IPV6
      return WALK_ON
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      if (left < 4) return VERDICT_TRUNCATED
      into.type = familyType(i32(bytes, at))
      into.at = at + 4
      return into.type === 0 ? VERDICT_OTHER : WALK_ON
    case LINKTYPE_LINUX_SLL:
      if (left < 16) return VERDICT_TRUNCATED
      into.type = u16(bytes, at + 14)
      into.at = at + 16
      return WALK_ON
    case LINKTYPE_LINUX_SLL2:
      if (left < 20) return VERDICT_TRUNCATED
      into.type = u16(bytes, at)
      into.interfaceIndex = i32(bytes, at + 4)
      into.at = at + 20
      return WALK_ON
    case LINKTYPE_PPP_HDLC:
      if (left < 4) return VERDICT_TRUNCATED
      if (bytes[at] !== 0xff && bytes[at + 1] === 0) return walkChdlc(bytes, into)
      into.type = TYPE_PPP
      return WALK_ON
    case LINKTYPE_PPP:
      into.type = TYPE_PPP
      return WALK_ON
    case LINKTYPE_PPP_ETHER:
      into.type = ETHERTYPE_PPPOE_SESSION
      return WALK_ON
    case LINKTYPE_C_HDLC:
      if (left < 4) return VERDICT_TRUNCATED
      return walkChdlc(bytes, into)
    default:
      return VERDICT_UNSUPPORTED
  }
}

/** One step through what is no IP: Ethernet, tags, labels, PPPoE, PPP. */
export function walkEtherType(bytes: Uint8Array, into: HeaderOffsets): Step {
  const at = into.at
  const left = into.limit - at
  switch (into.type) {
    case ETHERTYPE_TEB:
      if (left < ETHERNET_HEADER_BYTES) return VERDICT_TRUNCATED
      into.type = u16(bytes, at + 12)
      into.at = at + ETHERNET_HEADER_BYTES
      return WALK_ON
    case ETHERTYPE_VLAN:
    case ETHERTYPE_QINQ:
    case ETHERTYPE_QINQ_OLD:
    case ETHERTYPE_QINQ_OLDER:
      if (left < 4) return VERDICT_TRUNCATED
      if (into.vlan < 0) into.vlan = u16(bytes, at) & 0xfff
      into.type = u16(bytes, at + 2)
      into.at = at + 4
      return WALK_ON
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_UPSTREAM:
      return walkLabels(bytes, into)
    case ETHERTYPE_PPPOE_SESSION: {
      if (left < 6) return VERDICT_TRUNCATED
      if (bytes[at] !== 0x11) return VERDICT_MALFORMED
      if (bytes[at + 1] !== 0) return VERDICT_OTHER
      into.end = Math.min(into.end, at + 6 + u16(bytes, at + 4))
      into.type = TYPE_PPP
      into.at = at + 6
      return WALK_ON
    }
    case TYPE_PPP:
      return walkPpp(bytes, into)
    case ETHERTYPE_PBB:
    case ETHERTYPE_CISCO_METADATA:
    case ETHERTYPE_MACSEC:
      return VERDICT_UNSUPPORTED
    default:
      return into.type < ETHERTYPE_MIN ? walkLlc(bytes, into) : VERDICT_OTHER
  }
}

/** Label stack down to the bottom (RFC 3032 §2.1); what follows has no type field: IP by its nibble, else a pseudowire. */
function walkLabels(bytes: Uint8Array, into: HeaderOffsets): Step {
  let at = into.at
  for (;;) {
    if (into.limit - at < 4) return VERDICT_TRUNCATED
    const isBottom = bytes[at + 2]! & 1
    at += 4
    if (isBottom) break
  }
  if (at >= into.limit) return VERDICT_TRUNCATED
  into.at = at
  into.type = TYPE_ANY_IP
  into.tunnelled = true
  const version = bytes[at]! >> 4
  return version === 4 || version === 6 ? WALK_ON : VERDICT_UNSUPPORTED
}

/** RFC 1661 §2, RFC 1662 §3.1: address and control may be left out, the protocol may be one byte. */
function walkPpp(bytes: Uint8Array, into: HeaderOffsets): Step {
  let at = into.at
  const limit = into.limit
  if (limit - at >= 2 && bytes[at] === 0xff && bytes[at + 1] === 0x03) at += 2
  if (limit - at < 2) return VERDICT_TRUNCATED
  let protocol = bytes[at]!
  if (protocol & 1) at += 1
  else {
    protocol = u16(bytes, at)
    at += 2
  }
  into.at = at
  switch (protocol) {
    case 0x21:
      into.type = ETHERTYPE_IPV4
      return WALK_ON
    case 0x57:
      into.type = ETHERTYPE_IPV6
      return WALK_ON
    case 0x281:
      into.type = ETHERTYPE_MPLS
      return WALK_ON
    default:
      // Compressed (RFC 1144 TCP, RFC 1962 CCP, multilink): TCP may be inside.
      return protocol === 0x2d || protocol === 0x2f || protocol === 0x3d || protocol === 0xfd
        ? VERDICT_UNSUPPORTED
        : VERDICT_OTHER
  }
}

/** Cisco HDLC: address, 0, EtherType. */
function walkChdlc(bytes: Uint8Array, into: HeaderOffsets): Step {
  into.type = u16(bytes, into.at + 2)
  into.at += 4
  return WALK_ON
}

/** 802.3 with a length: IP in SNAP is not read (no host sends it), everything else is no IP. */
function walkLlc(bytes: Uint8Array, into: HeaderOffsets): Step {
  const at = into.at
  if (into.limit - at < 8 || bytes[at] !== 0xaa || bytes[at + 1] !== 0xaa || bytes[at + 2] !== 3) return VERDICT_OTHER
  const type = u16(bytes, at + 6)
  return type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6 ? VERDICT_UNSUPPORTED : VERDICT_OTHER
}

/** Address family of NULL (the writer's byte order) and LOOP (big-endian); 10 is Linux, 24, 28 and 30 are the BSDs. */
function familyType(word: number): number {
  const family = word >>> 16 === 0 ? word : word >>> 24
  if (word >>> 16 !== 0 && (word & 0xffffff) !== 0) return 0
  if (family === 2) return ETHERTYPE_IPV4
  return family === 10 || family === 24 || family === 28 || family === 30 ? ETHERTYPE_IPV6 : 0
}
