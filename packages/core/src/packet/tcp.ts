/**
 * TCP header and options (RFC 9293 §3.1; kinds: IANA tcp-parameters).
 *
 *   0                   1                   2                   3
 *  +-------------------------------+-------------------------------+
 *  |          source port          |       destination port        |
 *  |                        sequence number                        |
 *  |                     acknowledgement number                    |
 *  | offset| rsvd|N|C|E|U|A|P|R|S|F|            window             |
 *  |           checksum            |        urgent pointer         |
 *  |                            options ...                        |
 *
 * Options are walked as p0f walks them (process.c: parse_packet): the kind is noted before its length is judged, a wrong length of
 * MSS, window scale, SACK-permitted or timestamps sets `bad` and goes on, any other impossible length ends the walk with `bad`.
 */
import { i32, u16 } from "../bytes/big-endian.ts"
import {
  MAX_TCP_OPT,
  TCP_ACK,
  TCP_CWR,
  TCP_ECE,
  TCP_FIN,
  TCP_NS,
  TCP_PUSH,
  TCP_RST,
  TCP_SYN,
  TCP_URG
} from "./packet.ts"
import type { Packet } from "./packet.ts"
import {
  QUIRK_ECN,
  QUIRK_NZ_ACK,
  QUIRK_NZ_URG,
  QUIRK_OPT_BAD,
  QUIRK_OPT_EOL_NZ,
  QUIRK_OPT_EXWS,
  QUIRK_OPT_NZ_TS2,
  QUIRK_OPT_ZERO_TS1,
  QUIRK_PUSH,
  QUIRK_URG,
  QUIRK_ZERO_ACK,
  QUIRK_ZERO_SEQ
} from "./quirks.ts"
import { VERDICT_OTHER, VERDICT_TCP } from "./verdict.ts"
import type { Verdict } from "./verdict.ts"

export const TCP_HEADER_BYTES = 20

export const TCPOPT_EOL = 0
export const TCPOPT_NOP = 1
/** RFC 9293 §3.2, length 4. */
export const TCPOPT_MSS = 2
/** RFC 7323 §2.2, length 3. */
export const TCPOPT_WSCALE = 3
/** RFC 2018 §2, length 2. */
export const TCPOPT_SACKOK = 4
/** RFC 2018 §3, length 10, 18, 26 or 34. */
export const TCPOPT_SACK = 5
/** RFC 7323 §3.2, length 10. */
export const TCPOPT_TSTAMP = 8

/** Window scale above which a SYN has `exws` (RFC 7323 §2.3). */
const MAX_WSCALE = 14

/**
 * Reads the header of `doff` bytes at `tcp`, all of them captured, and adds its quirks. `imitate` repeats two bugs of p0f 3.09b:
 * `ack+` tests bit 24 of the acknowledgement number alone, `opt+` overlooks the last byte after EOL.
 * VERDICT_OTHER: flags that p0f drops (none, or SYN, FIN and RST together).
 */
export function decodeTcp(bytes: Uint8Array, tcp: number, doff: number, packet: Packet, imitate: boolean): Verdict {
  const flags = bytes[tcp + 13]! | ((bytes[tcp + 12]! & 1) << 8)
  const type = flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)
  if (type === 0) return VERDICT_OTHER
  if (flags & TCP_SYN ? flags & (TCP_FIN | TCP_RST) : (flags & (TCP_FIN | TCP_RST)) === (TCP_FIN | TCP_RST)) {
    return VERDICT_OTHER
  }
  const seq = i32(bytes, tcp + 4)
  const ack = i32(bytes, tcp + 8)
  let quirks = packet.quirks
  if (flags & (TCP_ECE | TCP_CWR | TCP_NS)) quirks |= QUIRK_ECN
  if (seq === 0) quirks |= QUIRK_ZERO_SEQ
  if (flags & TCP_ACK) {
    if (ack === 0) quirks |= QUIRK_ZERO_ACK
  } else if (!(flags & TCP_RST) && (imitate ? ack & 0x01000000 : ack)) quirks |= QUIRK_NZ_ACK
  if (flags & TCP_URG) quirks |= QUIRK_URG
  else if (bytes[tcp + 18]! | bytes[tcp + 19]!) quirks |= QUIRK_NZ_URG
  if (flags & TCP_PUSH) quirks |= QUIRK_PUSH
  packet.sport = u16(bytes, tcp)
  packet.dport = u16(bytes, tcp + 2)
  packet.seq = seq
  packet.ack = ack
  packet.type = type
  packet.flags = flags
  packet.win = u16(bytes, tcp + 14)
  packet.mss = 0
  packet.wscale = 0
  packet.ts1 = 0
  packet.pad = 0
  if (doff === TCP_HEADER_BYTES) packet.layoutLength = 0
  else quirks |= walkOptions(bytes, tcp + TCP_HEADER_BYTES, tcp + doff, packet, imitate)
  packet.quirks = quirks
  return VERDICT_TCP
}

/** Options in [from, end): fills layout, pad, mss, wscale and ts1 and returns the quirks. `packet.type` must be set. */
export function walkOptions(bytes: Uint8Array, from: number, end: number, packet: Packet, imitate: boolean): number {
  const layout = packet.layout
  let count = 0
  let quirks = 0
  let at = from
  walk: while (at < end && count < MAX_TCP_OPT) {
    const kind = bytes[at++]!
    layout[count++] = kind
    const left = end - at
    switch (kind) {
      case TCPOPT_EOL: {
        packet.pad = left
        const last = imitate ? end - 1 : end
        for (let i = at; i < last; i++) {
          if (bytes[i] !== 0) {
            quirks |= QUIRK_OPT_EOL_NZ
            break
          }
        }
        at = end
        break
      }
      case TCPOPT_NOP:
        break
      case TCPOPT_MSS:
        if (left < 3) {
          quirks |= QUIRK_OPT_BAD
          break walk
        }
        if (bytes[at] !== 4) quirks |= QUIRK_OPT_BAD
        packet.mss = u16(bytes, at + 1)
        at += 3
        break
      case TCPOPT_WSCALE:
        if (left < 2) {
          quirks |= QUIRK_OPT_BAD
          break walk
        }
        if (bytes[at] !== 3) quirks |= QUIRK_OPT_BAD
        packet.wscale = bytes[at + 1]!
        if (packet.wscale > MAX_WSCALE) quirks |= QUIRK_OPT_EXWS
        at += 2
        break
      case TCPOPT_SACKOK:
        if (left < 1) {
          quirks |= QUIRK_OPT_BAD
          break walk
        }
        if (bytes[at] !== 2) quirks |= QUIRK_OPT_BAD
        at += 1
        break
      case TCPOPT_TSTAMP:
        if (left < 9) {
          quirks |= QUIRK_OPT_BAD
          break walk
        }
        if (bytes[at] !== 10) quirks |= QUIRK_OPT_BAD
        packet.ts1 = i32(bytes, at + 1)
        if (packet.ts1 === 0) quirks |= QUIRK_OPT_ZERO_TS1
        if (packet.type === TCP_SYN && i32(bytes, at + 5) !== 0) quirks |= QUIRK_OPT_NZ_TS2
        at += 9
        break
      default: {
        const length = left < 1 ? 0 : bytes[at]!
        if (
          length < (kind === TCPOPT_SACK ? 10 : 2) ||
          length > (kind === TCPOPT_SACK ? 34 : 40) ||
          length - 1 > left
        ) {
          quirks |= QUIRK_OPT_BAD
          break walk
        }
        at += length - 1
      }
    }
  }
  packet.layoutLength = count
  return at === end ? quirks : quirks | QUIRK_OPT_BAD
}
