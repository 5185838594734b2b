/**
 * The facts of one TCP packet, as p0f's `struct packet_data` (process.h) holds them: read, nothing guessed.
 *
 * One instance is reused for every packet; a decoder overwrites all of it. Every 32-bit field is a signed int32 (`| 0`), so that
 * the engine keeps it unboxed: use `>>> 0` before arithmetic or printing.
 */

export const TCP_FIN = 0x01
export const TCP_SYN = 0x02
export const TCP_RST = 0x04
export const TCP_PUSH = 0x08
export const TCP_ACK = 0x10
export const TCP_URG = 0x20
export const TCP_ECE = 0x40
export const TCP_CWR = 0x80
/** Lowest bit of the byte that holds the data offset (RFC 3540, now AE of AccECN). */
export const TCP_NS = 0x100

/** p0f's MAX_TCP_OPT (config.h). */
export const MAX_TCP_OPT = 24

export class Packet {
  /** 4 or 6. */
  ver = 0
  /** Source address as big-endian words; IPv4 in word 0, the others 0. */
  src0 = 0
  src1 = 0
  src2 = 0
  src3 = 0
  /** Destination address, same form. */
  dst0 = 0
  dst1 = 0
  dst2 = 0
  dst3 = 0
  /** TTL or hop limit as received. */
  ttl = 0
  /** Length of the IPv4 options in bytes, 0 for IPv6. */
  olen = 0
  /** DSCP: the upper six bits of TOS or traffic class. */
  tos = 0
  sport = 0
  dport = 0
  seq = 0
  ack = 0
  /** flags & (SYN | ACK | FIN | RST): p0f's tcp_type. */
  type = 0
  /** All flags incl. TCP_NS. */
  flags = 0
  win = 0
  /** 0 when the option is absent. */
  mss = 0
  /** 0 when the option is absent. */
  wscale = 0
  /** Own timestamp, 0 when absent. */
  ts1 = 0
  /** Option kinds in order, the first `layoutLength` bytes count; what lies behind them is an earlier packet's. */
  readonly layout: Uint8Array = new Uint8Array(MAX_TCP_OPT)
  /** `layout` as words of four bytes. */
  readonly layoutWords: Int32Array = new Int32Array(this.layout.buffer)
  layoutLength = 0
  /** Bytes after the kind byte of EOL up to the end of the header: the N of `eol+N`. */
  pad = 0
  /** Bit set of packet/quirks.ts. */
  quirks = 0
  /** IP header (without IPv6 extension headers in p0f's sense: 40) + TCP header in bytes: p0f's tot_hdr. */
  totHdr = 0
  /** Offset of the payload in the bytes given to the decoder. */
  payload = 0
  /** Payload length by the IP header; pclass is `+` when > 0. */
  payloadLength = 0
  /** Payload bytes that were captured, <= payloadLength. */
  payloadCaptured = 0
}
