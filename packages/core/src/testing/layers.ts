/**
 * Layers around a packet of the builder: link headers, tags, labels and tunnels. Wire pictures: packet/link.ts, packet/tunnel.ts.
 */
import { putI32, putU16 } from "../bytes/big-endian.ts"
import { concat, ip, tcp } from "./packets.ts"
import type { Extension, IpFields, Layer, PacketFields } from "./packets.ts"

/** A SYN as an Ethernet frame: what most tests need. */
export function synFrame(fields: PacketFields = {}): Uint8Array {
  return ethernet(tcp(fields)).bytes
}

/** A tag of 802.1Q, or of 802.1ad with `tpid` 0x88a8. */
export function vlan(id: number, inner: Layer, tpid = 0x8100, priority = 0): Layer {
  const tag = new Uint8Array(4)
  putU16(tag, 0, (priority << 13) | id)
  putU16(tag, 2, inner.etherType)
  return { bytes: concat(tag, inner.bytes), etherType: tpid, protocol: -1 }
}

/** QinQ: an outer 802.1ad tag around an inner 802.1Q one. */
export function qinq(outer: number, innerId: number, inner: Layer): Layer {
  return vlan(outer, vlan(innerId, inner), 0x88a8)
}

export function mpls(labels: ReadonlyArray<number>, inner: Layer): Layer {
  const stack = new Uint8Array(4 * labels.length)
  labels.forEach((label, i) => putI32(stack, 4 * i, (label << 12) | (i === labels.length - 1 ? 0x100 : 0) | 64))
  return { bytes: concat(stack, inner.bytes), etherType: 0x8847, protocol: 137 }
}

function pppProtocol(inner: Layer): number {
  return inner.etherType === 0x86dd ? 0x57 : inner.etherType === 0x8847 ? 0x281 : 0x21
}

/** PPPoE session stage (RFC 2516). */
export function pppoe(inner: Layer, session = 1): Layer {
  const head = new Uint8Array(8)
  head[0] = 0x11
  putU16(head, 2, session)
  putU16(head, 4, inner.bytes.length + 2)
  putU16(head, 6, pppProtocol(inner))
  return { bytes: concat(head, inner.bytes), etherType: 0x8864, protocol: -1 }
}

/** Ethernet; short frames are padded to 60 bytes on request, as a wire would. */
export function ethernet(inner: Layer, padTo = 0): Layer {
  const head = Uint8Array.of(2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, inner.etherType >> 8, inner.etherType)
  const missing = Math.max(0, padTo - 14 - inner.bytes.length)
  return { bytes: concat(head, inner.bytes, new Uint8Array(missing)), etherType: 0x6558, protocol: 143 }
}

/** Linux cooked capture, LINKTYPE_LINUX_SLL. */
export function sll(inner: Layer): Uint8Array {
  const head = Uint8Array.of(0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0)
  putU16(head, 14, inner.etherType)
  return concat(head, inner.bytes)
}

/** LINKTYPE_LINUX_SLL2. */
export function sll2(inner: Layer, interfaceIndex = 2): Uint8Array {
  const head = new Uint8Array(20)
  putU16(head, 0, inner.etherType)
  putI32(head, 4, interfaceIndex)
  putU16(head, 8, 1)
  head[11] = 6
  head.set([2, 0, 0, 0, 0, 1], 12)
  return concat(head, inner.bytes)
}

/** LINKTYPE_NULL in little-endian, LINKTYPE_LOOP with `bigEndian`. */
export function loopback(inner: Layer, bigEndian = false, family6 = 10): Uint8Array {
  const family = inner.etherType === 0x86dd ? family6 : 2
  return concat(bigEndian ? Uint8Array.of(0, 0, 0, family) : Uint8Array.of(family, 0, 0, 0), inner.bytes)
}

/** LINKTYPE_PPP and PPP_HDLC: with address and control, or bare, or with the protocol in one byte. */
export function ppp(inner: Layer, form: "framed" | "bare" | "compressed" = "framed"): Uint8Array {
  const protocol = pppProtocol(inner)
  const head =
    form === "compressed" && protocol < 256
      ? Uint8Array.of(protocol)
      : form === "bare"
        ? Uint8Array.of(protocol >> 8, protocol)
        : Uint8Array.of(0xff, 3, protocol >> 8, protocol)
  return concat(head, inner.bytes)
}

/** Cisco HDLC, LINKTYPE_C_HDLC. */
export function chdlc(inner: Layer): Uint8Array {
  return concat(Uint8Array.of(0x0f, 0, inner.etherType >> 8, inner.etherType), inner.bytes)
}

/** GRE around IP, MPLS or Ethernet. */
export function gre(inner: Layer, has: { checksum?: boolean; key?: boolean; sequence?: boolean } = {}): Layer {
  const head = new Uint8Array(4 + (has.checksum ? 4 : 0) + (has.key ? 4 : 0) + (has.sequence ? 4 : 0))
  head[0] = (has.checksum ? 0x80 : 0) | (has.key ? 0x20 : 0) | (has.sequence ? 0x10 : 0)
  putU16(head, 2, inner.etherType)
  return { bytes: concat(head, inner.bytes), etherType: -1, protocol: 47 }
}

/** ERSPAN in GRE around Ethernet; type III with `subheader` has its O bit set. */
export function erspan(inner: Layer, type: 1 | 2 | 3 = 2, subheader = false): Layer {
  const greHead = type === 1 ? new Uint8Array(4) : new Uint8Array(8)
  const head = new Uint8Array(type === 1 ? 0 : type === 2 ? 8 : subheader ? 20 : 12)
  if (type !== 1) {
    greHead[0] = 0x10
    head[0] = type === 2 ? 0x10 : 0x20
  }
  if (subheader) head[11] = 1
  putU16(greHead, 2, type === 3 ? 0x22eb : 0x88be)
  return { bytes: concat(greHead, head, inner.bytes), etherType: -1, protocol: 47 }
}

/** UDP without checksum. */
export function udp(dport: number, payload: Uint8Array, sport = 50000): Layer {
  const head = new Uint8Array(8)
  putU16(head, 0, sport)
  putU16(head, 2, dport)
  putU16(head, 4, 8 + payload.length)
  return { bytes: concat(head, payload), etherType: -1, protocol: 17 }
}

/** VXLAN around Ethernet. */
export function vxlan(inner: Layer, port = 4789): Layer {
  return udp(port, concat(Uint8Array.of(8, 0, 0, 0, 0, 0, 42, 0), inner.bytes))
}

/** VXLAN-GPE around IP or Ethernet. */
export function vxlanGpe(inner: Layer): Layer {
  const next = inner.etherType === 0x0800 ? 1 : inner.etherType === 0x86dd ? 2 : 3
  return udp(4790, concat(Uint8Array.of(0x0c, 0, 0, next, 0, 0, 42, 0), inner.bytes))
}

/** Geneve around IP or Ethernet, with `optionWords` 32-bit words of options. */
export function geneve(inner: Layer, optionWords = 0): Layer {
  const head = new Uint8Array(8 + 4 * optionWords)
  head[0] = optionWords
  putU16(head, 2, inner.etherType)
  return udp(6081, concat(head, inner.bytes))
}

/** GTP-U G-PDU around IP; `extension` adds one extension header (PDU session container). */
export function gtpu(inner: Layer, extension = false): Layer {
  const optional = extension ? Uint8Array.of(0, 0, 0, 0x85, 1, 0, 9, 0) : new Uint8Array(0)
  const head = Uint8Array.of(extension ? 0x34 : 0x30, 255, 0, 0, 0, 0, 0, 7)
  putU16(head, 2, optional.length + inner.bytes.length)
  return udp(2152, concat(head, optional, inner.bytes))
}

/** Teredo around IPv6, with the authentication and origin headers of RFC 4380 §5.1.1 on request. */
export function teredo(inner: Layer, headers = false): Layer {
  const front = headers
    ? Uint8Array.of(0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6)
    : new Uint8Array(0)
  return udp(3544, concat(front, inner.bytes))
}

/** Authentication header in front of a layer that has a protocol number: `ip({}, ah(tcp(...)))` is tunnel mode. */
export function ah(inner: Layer, icvBytes = 12): Layer {
  const head = new Uint8Array(12 + icvBytes)
  head[0] = inner.protocol
  head[1] = head.length / 4 - 2
  return { bytes: concat(head, inner.bytes), etherType: -1, protocol: 51 }
}

/** An outer IP packet with usual addresses around a tunnel layer. */
export function outer(inner: Layer, fields: IpFields = {}, extensions: ReadonlyArray<Extension> = []): Layer {
  return ip({ src: fields.ver === 6 ? "2001:db8:1::1" : "203.0.113.1", ...fields, extensions }, inner)
}
