/**
 * Tunnels inside IP: GRE with ERSPAN, and those over UDP. Each step moves the cursor to the inner packet.
 *
 *  GRE     C,R,K,S flags, version | EtherType | [checksum 4] [key 4] [sequence 4]          RFC 2784, RFC 2890
 *  ERSPAN  type II 8 bytes, type III 12 (+8 with O) before the Ethernet frame; type I none  draft-foschiano-erspan
 *  VXLAN   I flag | VNI, 8 bytes, then Ethernet; GPE: P flag, next protocol in byte 3        RFC 7348, draft-ietf-nvo3-vxlan-gpe
 *  Geneve  version, option words | O,C | EtherType | VNI, 8 bytes + options                 RFC 8926
 *  GTP-U   version 1, PT, E,S,PN | type 255 | length | TEID [4 bytes] [extensions], then IP 3GPP TS 29.281
 *  Teredo  [authentication] [origin] IPv6                                                   RFC 4380
 */
import { u16 } from "../bytes/big-endian.ts"
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MPLS,
  ETHERTYPE_MPLS_UPSTREAM,
  ETHERTYPE_TEB,
  TYPE_ANY_IP,
  WALK_ON
} from "./link.ts"
import type { Step } from "./link.ts"
import type { HeaderOffsets } from "./header-offsets.ts"
import { VERDICT_MALFORMED, VERDICT_OTHER, VERDICT_TRUNCATED, VERDICT_UNSUPPORTED } from "./verdict.ts"

const GRE_CHECKSUM = 0x8000
const GRE_ROUTING = 0x4000
const GRE_KEY = 0x2000
const GRE_SEQUENCE = 0x1000
const GRE_VERSION = 0x0007
const GRE_ERSPAN_I_II = 0x88be
const GRE_ERSPAN_III = 0x22eb

const PORT_VXLAN = 4789
/** Linux before the registration, flannel. */
const PORT_VXLAN_LINUX = 8472
const PORT_GENEVE = 6081
const PORT_GTPU = 2152
const PORT_TEREDO = 3544
const PORT_L2TP = 1701
const PORT_VXLAN_GPE = 4790

/** GRE header at `into.at`. Version 1 (PPTP) is not read. */
export function walkGre(bytes: Uint8Array, into: HeaderOffsets): Step {
  let at = into.at
  const limit = into.limit
  if (limit - at < 4) return VERDICT_TRUNCATED
  const flags = u16(bytes, at)
  const type = u16(bytes, at + 2)
  if (flags & (GRE_VERSION | GRE_ROUTING)) return VERDICT_UNSUPPORTED
  at += 4
  if (flags & GRE_CHECKSUM) at += 4
  if (flags & GRE_KEY) at += 4
  if (flags & GRE_SEQUENCE) at += 4
  into.tunnelled = true
  switch (type) {
    case GRE_ERSPAN_I_II:
      if (flags & GRE_SEQUENCE) at += 8
      into.type = ETHERTYPE_TEB
      break
    case GRE_ERSPAN_III:
      if (limit - at < 12) return VERDICT_TRUNCATED
      at += bytes[at + 11]! & 1 ? 20 : 12
      into.type = ETHERTYPE_TEB
      break
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
    case ETHERTYPE_TEB:
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_UPSTREAM:
      into.type = type
      break
    default:
      return VERDICT_UNSUPPORTED
  }
  into.at = at
  return WALK_ON
}

/** UDP header at `into.at`: a tunnel by its registered port, otherwise not ours. */
export function walkUdp(bytes: Uint8Array, into: HeaderOffsets): Step {
  const at = into.at
  if (into.limit - at < 8) return VERDICT_TRUNCATED
  const sport = u16(bytes, at)
  const dport = u16(bytes, at + 2)
  const length = u16(bytes, at + 4)
  if (length >= 8) into.end = Math.min(into.end, at + length)
  into.at = at + 8
  switch (dport) {
    case PORT_VXLAN:
    case PORT_VXLAN_LINUX:
      return walkVxlan(bytes, into)
    case PORT_GENEVE:
      return walkGeneve(bytes, into)
    case PORT_GTPU:
      return walkGtpu(bytes, into)
    case PORT_TEREDO:
      return walkTeredo(bytes, into)
    case PORT_VXLAN_GPE:
      return walkVxlanGpe(bytes, into)
    case PORT_L2TP:
      return VERDICT_UNSUPPORTED
    default:
      if (sport === PORT_TEREDO) return walkTeredo(bytes, into)
      return sport === PORT_GTPU ? walkGtpu(bytes, into) : VERDICT_OTHER
  }
}

function walkVxlan(bytes: Uint8Array, into: HeaderOffsets): Step {
  const at = into.at
  if (into.limit - at < 8) return VERDICT_TRUNCATED
  if (!(bytes[at]! & 0x08)) return VERDICT_OTHER
  into.type = ETHERTYPE_TEB
  into.at = at + 8
  into.tunnelled = true
  return WALK_ON
}

function walkVxlanGpe(bytes: Uint8Array, into: HeaderOffsets): Step {
  const at = into.at
  if (into.limit - at < 8) return VERDICT_TRUNCATED
  const hasProtocol = (bytes[at]! & 0x04) !== 0
  const next = hasProtocol ? bytes[at + 3]! : 3
  if (next !== 1 && next !== 2 && next !== 3) return next === 4 ? VERDICT_UNSUPPORTED : VERDICT_OTHER
  into.type = next === 1 ? ETHERTYPE_IPV4 : next === 2 ? ETHERTYPE_IPV6 : ETHERTYPE_TEB
  into.at = at + 8
  into.tunnelled = true
  return WALK_ON
}

function walkGeneve(bytes: Uint8Array, into: HeaderOffsets): Step {
  const at = into.at
  if (into.limit - at < 8) return VERDICT_TRUNCATED
  if (bytes[at]! >> 6 !== 0) return VERDICT_UNSUPPORTED
  const type = u16(bytes, at + 2)
  // Control packets and other payloads carry no client's TCP.
  if (type !== ETHERTYPE_TEB && type !== ETHERTYPE_IPV4 && type !== ETHERTYPE_IPV6) return VERDICT_OTHER
  into.type = type
  into.at = at + 8 + (bytes[at]! & 0x3f) * 4
  into.tunnelled = true
  return WALK_ON
}

function walkGtpu(bytes: Uint8Array, into: HeaderOffsets): Step {
  let at = into.at
  const limit = into.limit
  if (limit - at < 8) return VERDICT_TRUNCATED
  const flags = bytes[at]!
  // Version 1 with PT, and a G-PDU: anything else is signalling.
  if (flags >> 4 !== 3 || bytes[at + 1] !== 255) return VERDICT_OTHER
  at += 8
  if (flags & 7) {
    if (limit - at < 4) return VERDICT_TRUNCATED
    let next = flags & 4 ? bytes[at + 3]! : 0
    at += 4
    while (next !== 0) {
      if (limit - at < 4) return VERDICT_TRUNCATED
      const length = bytes[at]! * 4
      if (length === 0) return VERDICT_MALFORMED
      if (length > limit - at) return VERDICT_TRUNCATED
      next = bytes[at + length - 1]!
      at += length
    }
  }
  into.at = at
  into.type = TYPE_ANY_IP
  into.tunnelled = true
  return WALK_ON
}

function walkTeredo(bytes: Uint8Array, into: HeaderOffsets): Step {
  let at = into.at
  const limit = into.limit
  if (limit - at < 4) return VERDICT_TRUNCATED
  if (bytes[at] === 0 && bytes[at + 1] === 1) at += 13 + bytes[at + 2]! + bytes[at + 3]!
  if (limit - at >= 2 && bytes[at] === 0 && bytes[at + 1] === 0) at += 8
  if (at >= limit) return VERDICT_TRUNCATED
  if (bytes[at]! >> 4 !== 6) return VERDICT_OTHER
  into.at = at
  into.type = ETHERTYPE_IPV6
  into.tunnelled = true
  return WALK_ON
}
