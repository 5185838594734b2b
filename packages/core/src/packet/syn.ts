/**
 * A SYN as headers alone, the payload not captured: out of a capture store (RawSyn), or as the kernel saved it (TCP_SAVED_SYN).
 */
import { u16 } from "../bytes/big-endian.ts"
import { decodeFound, findTcp } from "./frame.ts"
import { decodeIpv4, decodeIpv6, IPV4_HEADER_BYTES, IPV6_HEADER_BYTES } from "./ip.ts"
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, LINKTYPE_ETHERNET, LINKTYPE_RAW } from "./link.ts"
import { HeaderOffsets } from "./header-offsets.ts"
import type { Packet } from "./packet.ts"
import { decodeTcp, TCP_HEADER_BYTES } from "./tcp.ts"
import { VERDICT_MALFORMED, VERDICT_TCP, VERDICT_TRUNCATED } from "./verdict.ts"
import type { Verdict } from "./verdict.ts"

/** Bytes of a SYN as a capture backend keeps them. IP and TCP header may lie in different slots of `bytes`. */
export interface Headers {
  readonly bytes: Uint8Array
  readonly ip: number
  readonly ipCaptured: number
  readonly tcp: number
  readonly tcpCaptured: number
  /** True distance IP header -> TCP header on the wire. */
  readonly tcpDistance: number
}

/**
 * Facts of a SYN from its headers; the payload length, and so pclass, comes from the IP header's own length. `isP0fMode`: quirks
 * as p0f 3.09b sees them, its bugs included.
 */
export function decodeSyn(raw: Headers, packet: Packet, isP0fMode = false): Verdict {
  const { bytes, ip, tcp } = raw
  const ipCaptured = Math.min(raw.ipCaptured, bytes.length - ip)
  const tcpCaptured = Math.min(raw.tcpCaptured, bytes.length - tcp)
  if (ipCaptured < IPV4_HEADER_BYTES || tcpCaptured < TCP_HEADER_BYTES) return VERDICT_TRUNCATED
  const doff = (bytes[tcp + 12]! >> 4) * 4
  if (doff < TCP_HEADER_BYTES) return VERDICT_MALFORMED
  if (tcpCaptured < doff) return VERDICT_TRUNCATED
  let length: number
  let ipHeaderBytes: number
  if (bytes[ip]! >> 4 === 4) {
    ipHeaderBytes = (bytes[ip]! & 15) * 4
    if (ipHeaderBytes < IPV4_HEADER_BYTES) return VERDICT_MALFORMED
    length = u16(bytes, ip + 2)
    decodeIpv4(bytes, ip, packet)
  } else if (bytes[ip]! >> 4 === 6) {
    if (ipCaptured < IPV6_HEADER_BYTES) return VERDICT_TRUNCATED
    ipHeaderBytes = IPV6_HEADER_BYTES
    length = u16(bytes, ip + 4) + IPV6_HEADER_BYTES
    decodeIpv6(bytes, ip, packet)
  } else return VERDICT_MALFORMED
  const payloadLength = length - raw.tcpDistance - doff
  if (payloadLength < 0 || raw.tcpDistance < ipHeaderBytes) return VERDICT_MALFORMED
  packet.totHdr = ipHeaderBytes + doff
  packet.payload = tcp + doff
  packet.payloadLength = payloadLength
  packet.payloadCaptured = Math.min(payloadLength, tcpCaptured - doff)
  return decodeTcp(bytes, tcp, doff, packet, isP0fMode)
}

const IP_MAX_BYTES = 65575

/**
 * Finds the headers in a saved SYN: IP and TCP header, with an Ethernet header of 14 bytes in front when the socket asked for it
 * (TCP_SAVE_SYN 2, HAProxy `tcp-ss 2`). The kernel saves exactly the headers, so the reading whose headers fill the bytes is the
 * right one: a first byte of 0x4. or 0x6. alone could be a MAC address.
 */
export function findSavedSyn(bytes: Uint8Array, into: HeaderOffsets): Verdict {
  const length = bytes.length
  const hasEtherType =
    length > 14 && (u16(bytes, 12) === ETHERTYPE_IPV4 ? bytes[14]! >> 4 === 4 : u16(bytes, 12) === ETHERTYPE_IPV6)
  if (hasEtherType) {
    const verdict = findTcp(bytes, 0, length, 14 + IP_MAX_BYTES, LINKTYPE_ETHERNET, into)
    if (verdict === VERDICT_TCP && into.tcp + into.doff === length) return verdict
  }
  const verdict = findTcp(bytes, 0, length, IP_MAX_BYTES, LINKTYPE_RAW, into)
  if (verdict === VERDICT_TCP || !hasEtherType) return verdict
  return findTcp(bytes, 0, length, 14 + IP_MAX_BYTES, LINKTYPE_ETHERNET, into)
}

const scratch = new HeaderOffsets()

/** Facts of a saved SYN. */
export function decodeSavedSyn(bytes: Uint8Array, packet: Packet): Verdict {
  const verdict = findSavedSyn(bytes, scratch)
  return verdict === VERDICT_TCP ? decodeFound(bytes, scratch, packet) : verdict
}
