/**
 * Packet intake of p0f 3.09b, its faults included (process.c: parse_packet, find_offset): what p0f mode reads instead of frame.ts.
 *
 *   one offset per link type, guessed once when the type is unknown | no VLAN | no IPv6 extension headers | no fragments
 *   a packet shorter than its IP length, or shorter than 40 bytes, is dropped | ack+ and opt+ as p0f gets them wrong
 *
 * Differs from p0f: a packet shorter than its link header is dropped; there the length wraps around and memory is over-read.
 */
import { u16 } from "../bytes/big-endian.ts"
import { decodeIpv4, decodeIpv6, IPV4_HEADER_BYTES, IPV6_HEADER_BYTES, PROTO_TCP } from "../packet/ip.ts"
import {
  DLT_RAW,
  LINKTYPE_ETHERNET,
  LINKTYPE_IEEE802_11,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LOOP,
  LINKTYPE_NULL,
  LINKTYPE_PPP,
  LINKTYPE_PPP_ETHER,
  LINKTYPE_PPP_HDLC,
  LINKTYPE_RAW
} from "../packet/link.ts"
import { passesP0fFilter } from "./filter.ts"
import type { Packet } from "../packet/packet.ts"
import { decodeTcp, TCP_HEADER_BYTES } from "../packet/tcp.ts"
import {
  VERDICT_FRAGMENT,
  VERDICT_MALFORMED,
  VERDICT_OTHER,
  VERDICT_TRUNCATED,
  VERDICT_UNSUPPORTED
} from "../packet/verdict.ts"
import type { Verdict } from "../packet/verdict.ts"

/** config.h: SNAPLEN. */
const SNAPLEN = 65535
/** Shortest IP packet with a TCP header: tcp.h, MIN_TCP4 and MIN_TCP6. */
const MIN_TCP4 = 40
const MIN_TCP6 = 60

const OFFSET_UNKNOWN = -1
/** Offsets that are tried: 0, 2, ... 38. */
const OFFSET_TRIES = 40

export class P0fPacketDecoder {
  /** Bytes in front of the IP header; -1 as long as it isn't known. */
  linkOffset: number = OFFSET_UNKNOWN
  /** Packets that passed p0f's filter: its own packet counter, of which every 50th expires the caches before it is parsed. */
  packets = 0
  /** An auto-detection failed: p0f's one warning "Unable to find link-specific packet offset". */
  offsetWarned = false
  /** The first nibble of a packet that was neither IPv4 nor IPv6, -1 for none: p0f's one warning "Unknown packet type". */
  unknownVersion = -1

  /** VERDICT_TCP: `packet` is filled. VERDICT_UNSUPPORTED: p0f's filter holds it back, nothing is counted. Else p0f drops it. */
  decode(bytes: Uint8Array, at: number, captured: number, wire: number, linkType: number, packet: Packet): Verdict {
    const isPlain =
      linkType === LINKTYPE_ETHERNET &&
      captured >= 54 &&
      bytes[at + 12] === 8 &&
      bytes[at + 13] === 0 &&
      bytes[at + 23] === PROTO_TCP
    if (!isPlain && !passesP0fFilter(bytes, at, captured, linkType)) return VERDICT_UNSUPPORTED
    this.packets++
    let length = wire < captured ? wire : captured
    if (length > SNAPLEN) length = SNAPLEN
    if (length > bytes.length - at) length = bytes.length - at
    let offset = this.linkOffset
    if (offset < 0) {
      offset = this.#findOffset(bytes, at, length, linkType)
      if (offset < 0) offset = 0
    }
    const ip = at + offset
    length -= offset
    if (length < MIN_TCP4) return VERDICT_TRUNCATED
    const first = bytes[ip]!
    let ipHeaderBytes: number
    if (first >> 4 === 4) {
      ipHeaderBytes = (first & 15) * 4
      const total = u16(bytes, ip + 2)
      if (length > total) length = total
      if (length < MIN_TCP4) return VERDICT_TRUNCATED
      if (ipHeaderBytes < IPV4_HEADER_BYTES) return VERDICT_MALFORMED
      if (total > length || ipHeaderBytes + TCP_HEADER_BYTES > length) return VERDICT_TRUNCATED
      if (bytes[ip + 9] !== PROTO_TCP) return VERDICT_OTHER
      if (u16(bytes, ip + 6) & 0x3fff) return VERDICT_FRAGMENT
      decodeIpv4(bytes, ip, packet)
    } else if (first >> 4 === 6) {
      ipHeaderBytes = IPV6_HEADER_BYTES
      const total = u16(bytes, ip + 4) + IPV6_HEADER_BYTES
      if (length > total) length = total
      if (length < MIN_TCP6 || total > length) return VERDICT_TRUNCATED
      if (bytes[ip + 6] !== PROTO_TCP) return VERDICT_OTHER
      decodeIpv6(bytes, ip, packet)
    } else {
      if (this.unknownVersion < 0) this.unknownVersion = first >> 4
      return VERDICT_OTHER
    }
    const tcp = ip + ipHeaderBytes
    length -= ipHeaderBytes
    const doff = (bytes[tcp + 12]! >> 4) * 4
    if (doff < TCP_HEADER_BYTES) return VERDICT_MALFORMED
    if (doff > length) return VERDICT_TRUNCATED
    packet.totHdr = ipHeaderBytes + doff
    packet.payload = tcp + doff
    packet.payloadLength = length - doff
    packet.payloadCaptured = length - doff
    return decodeTcp(bytes, tcp, doff, packet, true)
  }

  /** process.c: find_offset. Negative when nothing was found: the packet is then read at 0 and the next one tries again. */
  #findOffset(bytes: Uint8Array, at: number, length: number, linkType: number): number {
    let offset = knownOffset(linkType)
    if (offset < 0) {
      for (let i = 0; i < OFFSET_TRIES && length - i >= MIN_TCP4; i += 2) {
        const version = bytes[at + i]! >> 4
        if (
          (version === 6 && length - i >= MIN_TCP6 && bytes[at + i + 6] === PROTO_TCP) ||
          (version === 4 && bytes[at + i + 9] === PROTO_TCP)
        ) {
          offset = i
          break
        }
      }
      if (offset >= 4 && bytes[at + offset - 4] === 0x81 && bytes[at + offset - 3] === 0) offset -= 4
      if (offset < 0) this.offsetWarned = true
    }
    this.linkOffset = offset
    return offset
  }
}

/** LOOP and PPP_HDLC have 4 bytes; p0f takes 8, and so never finds a packet there. PFLOG (28) doesn't pass our filter. */
function knownOffset(linkType: number): number {
  switch (linkType) {
    case DLT_RAW:
    case LINKTYPE_RAW:
      return 0
    case LINKTYPE_NULL:
    case LINKTYPE_PPP:
      return 4
    case LINKTYPE_LOOP:
    case LINKTYPE_PPP_HDLC:
    case LINKTYPE_PPP_ETHER:
      return 8
    case LINKTYPE_ETHERNET:
      return 14
    case LINKTYPE_LINUX_SLL:
      return 16
    case LINKTYPE_IEEE802_11:
      return 32
    default:
      return OFFSET_UNKNOWN
  }
}
