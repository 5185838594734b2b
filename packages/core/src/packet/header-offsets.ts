/**
 * Offsets and addresses of the innermost TCP packet of a frame: what a capture backend needs to store a SYN.
 *
 * One instance is reused for every frame. `type`, `at`, `end` and `limit` are the cursor of the walk (link.ts, ip.ts, tunnel.ts)
 * and mean nothing after it.
 */

export class HeaderOffsets {
  /** Offset of the IP header. */
  ip = 0
  /** Length of the IP packet by its own header. */
  ipLength = 0
  /** End of the IP packet in the bytes given: by its length, clipped to what was captured. */
  ipEnd = 0
  /** Offset of the TCP header; all of it is captured. */
  tcp = 0
  /** IP header with its extension headers. */
  tcpDistance = 0
  /** TCP header with its options. */
  doff = 0
  /** 4 or 6. */
  ver = 0
  /** Addresses as in Packet: big-endian words, IPv4 in word 0. */
  src0 = 0
  src1 = 0
  src2 = 0
  src3 = 0
  dst0 = 0
  dst1 = 0
  dst2 = 0
  dst3 = 0
  sport = 0
  dport = 0
  seq = 0
  /** TCP flags incl. TCP_NS. */
  flags = 0
  /** VLAN id of the outermost tag, -1 without one. */
  vlan = -1
  /** From an SLL2 header; 0 when not known. */
  interfaceIndex = 0
  /** The packet came inside another IP packet or a label stack; PPPoE and VLAN are links, no tunnels. */
  tunnelled = false

  /** Cursor: EtherType of what begins at `at` (link.ts names those that are not registered). */
  type = 0
  at = 0
  /** Cursor: end of the enclosing payload on the wire. */
  end = 0
  /** End of the captured bytes. */
  limit = 0
}
