/**
 * Every field of a decoded packet, by every way to it; the values are distinct, so that none can stand for another.
 */
import { expect, test } from "bun:test"
import { P0fPacketDecoder } from "../p0f/packet-decoder.ts"
import { ethernet, sll2, vlan } from "../testing/layers.ts"
import { concat, hex, type PacketFields, tcp } from "../testing/packets.ts"
import { decodeFrame, findTcp } from "./frame.ts"
import { HeaderOffsets } from "./header-offsets.ts"
import { MAX_TCP_OPT, Packet, TCP_ACK, TCP_ECE, TCP_NS, TCP_PUSH, TCP_SYN } from "./packet.ts"
import { QUIRK_ECN, QUIRK_FLOW, QUIRK_NZ_MBZ, QUIRK_OPT_EOL_NZ, QUIRK_PUSH, QUIRK_ZERO_ID } from "./quirks.ts"
import { decodeSavedSyn, decodeSyn } from "./syn.ts"
import { VERDICT_TCP } from "./verdict.ts"

const TCP_FIELDS: PacketFields = {
  sport: 0xa1b2,
  dport: 0xc3d4,
  seq: 0x81828384,
  ack: 0x91929394,
  flags: "SAPEN",
  win: 0xe5f6,
  // 24 bytes: MSS, window scale, timestamps, a NOP, EOL with three bytes behind it of which the second is not zero.
  options: hex("02 04 05 a7  03 03 0b  08 0a f1 f2 f3 f4 00 00 00 00  01 01 01  00 00 01 00")
}
const TCP_FACTS = {
  sport: 0xa1b2,
  dport: 0xc3d4,
  seq: 0x81828384 | 0,
  ack: 0x91929394 | 0,
  type: TCP_SYN | TCP_ACK,
  flags: TCP_SYN | TCP_ACK | TCP_PUSH | TCP_ECE | TCP_NS,
  win: 0xe5f6,
  mss: 0x05a7,
  wscale: 11,
  ts1: 0xf1f2f3f4 | 0,
  pad: 3,
  layoutLength: 7
}
const LAYOUT = [2, 3, 8, 1, 1, 1, 0]
const PAYLOAD = "eleven byte"

const IPV4: PacketFields = {
  src: "193.2.3.4",
  dst: "197.6.7.8",
  ttl: 201,
  tos: 0xb5,
  id: 0,
  df: false,
  mbz: true,
  ipOptions: hex("94 04 00 00 01 01 01 00"),
  ...TCP_FIELDS
}
const IPV4_FACTS = {
  ...TCP_FACTS,
  ver: 4,
  src0: 0xc1020304 | 0,
  src1: 0,
  src2: 0,
  src3: 0,
  dst0: 0xc5060708 | 0,
  dst1: 0,
  dst2: 0,
  dst3: 0,
  ttl: 201,
  tos: 0x2d,
  olen: 8,
  totHdr: 28 + 44,
  quirks: QUIRK_ZERO_ID | QUIRK_ECN | QUIRK_NZ_MBZ | QUIRK_PUSH | QUIRK_OPT_EOL_NZ
}
const IPV6: PacketFields = {
  src: "8001:203:8405:607:8809:a0b:8c0d:e0f",
  dst: "9011:1213:9415:1617:9819:1a1b:9c1d:1e1f",
  ttl: 203,
  tos: 0xb6,
  flowLabel: 0x80000,
  ...TCP_FIELDS
}
const IPV6_FACTS = {
  ...TCP_FACTS,
  ver: 6,
  src0: 0x80010203 | 0,
  src1: 0x84050607 | 0,
  src2: 0x88090a0b | 0,
  src3: 0x8c0d0e0f | 0,
  dst0: 0x90111213 | 0,
  dst1: 0x94151617 | 0,
  dst2: 0x98191a1b | 0,
  dst3: 0x9c1d1e1f | 0,
  ttl: 203,
  tos: 0x2d,
  olen: 0,
  totHdr: 40 + 44,
  quirks: QUIRK_ECN | QUIRK_FLOW | QUIRK_PUSH | QUIRK_OPT_EOL_NZ
}

/** A packet in which every field is wrong, as another packet may have left it. */
function used(): Packet {
  const packet = new Packet()
  const odd = packet as unknown as Record<string, unknown>
  for (const [name, value] of Object.entries(packet)) if (typeof value === "number") odd[name] = -7
  packet.layout.fill(0xee)
  return packet
}

/** All fields but those that say where the payload lies. */
function factsOf(packet: Packet): Record<string, unknown> {
  const { payload: _a, payloadLength: _b, payloadCaptured: _c, layout, layoutWords: _d, ...facts } = packet
  expect([...layout.subarray(0, packet.layoutLength)]).toEqual(LAYOUT)
  return facts
}

test.each([
  ["IPv4", IPV4, IPV4_FACTS],
  ["IPv6", IPV6, IPV6_FACTS]
] as const)("%s: as a plain frame, behind a tag, as p0f reads it, and from saved headers", (_, fields, facts) => {
  const layer = tcp({ ...fields, payload: PAYLOAD })
  const headers = facts.totHdr
  for (const [frame, linkType, inFront] of [
    [ethernet(layer).bytes, 1, 14],
    [ethernet(vlan(5, layer)).bytes, 1, 18],
    [sll2(layer), 276, 20],
    [layer.bytes, 101, 0]
  ] as const) {
    const bytes = concat(new Uint8Array(9).fill(0xff), frame)
    const packet = used()
    expect(decodeFrame(bytes, 9, frame.length, frame.length, linkType, packet)).toBe(VERDICT_TCP)
    expect(factsOf(packet)).toEqual(facts)
    expect([packet.payload, packet.payloadLength, packet.payloadCaptured]).toEqual([
      9 + inFront + headers,
      PAYLOAD.length,
      PAYLOAD.length
    ])
    // Five bytes of the payload were not captured.
    const cut = used()
    expect(decodeFrame(bytes, 9, frame.length - 5, frame.length, linkType, cut)).toBe(VERDICT_TCP)
    expect([cut.payload, cut.payloadLength, cut.payloadCaptured]).toEqual([
      9 + inFront + headers,
      PAYLOAD.length,
      PAYLOAD.length - 5
    ])
    if (inFront === 18) continue
    const p0f = used()
    expect(new P0fPacketDecoder().decode(bytes, 9, frame.length, frame.length, linkType, p0f)).toBe(VERDICT_TCP)
    expect(factsOf(p0f)).toEqual(facts)
    expect([p0f.payload, p0f.payloadLength, p0f.payloadCaptured]).toEqual([
      9 + inFront + headers,
      PAYLOAD.length,
      PAYLOAD.length
    ])
  }
  const saved = used()
  expect(decodeSavedSyn(layer.bytes.slice(0, headers), saved)).toBe(VERDICT_TCP)
  expect(factsOf(saved)).toEqual(facts)
  expect([saved.payload, saved.payloadLength, saved.payloadCaptured]).toEqual([headers, PAYLOAD.length, 0])
  const ipBytes = headers - 44
  const apart = used()
  const captured = {
    bytes: layer.bytes,
    ip: 0,
    ipCaptured: ipBytes,
    tcp: ipBytes,
    tcpCaptured: 44 + 3,
    tcpDistance: ipBytes
  }
  expect(decodeSyn(captured, apart)).toBe(VERDICT_TCP)
  expect(factsOf(apart)).toEqual(facts)
  expect([apart.payload, apart.payloadLength, apart.payloadCaptured]).toEqual([headers, PAYLOAD.length, 3])
})

test.each([
  ["IPv4", IPV4, IPV4_FACTS],
  ["IPv6", IPV6, IPV6_FACTS]
] as const)("%s: offsets of the headers and the addresses beside them", (_, fields, facts) => {
  const layer = tcp({ ...fields, payload: PAYLOAD })
  const frame = concat(new Uint8Array(9).fill(0xff), sll2(layer, 0x81020304), new Uint8Array(6))
  const into = new HeaderOffsets()
  const odd = into as unknown as Record<string, unknown>
  for (const name of Object.keys(into)) odd[name] = -7
  expect(findTcp(frame, 9, frame.length - 9 - 5, frame.length - 9, 276, into)).toBe(VERDICT_TCP)
  const { src0, src1, src2, src3, dst0, dst1, dst2, dst3, ver, sport, dport, seq, flags, totHdr } = facts
  const length = totHdr + PAYLOAD.length
  const { type: _a, at: _b, end: _c, limit: _d, ...found } = into
  expect(found).toEqual({
    ip: 29,
    ipLength: length,
    ipEnd: 29 + length,
    tcp: 29 + totHdr - 44,
    tcpDistance: totHdr - 44,
    doff: 44,
    ver,
    src0,
    src1,
    src2,
    src3,
    dst0,
    dst1,
    dst2,
    dst3,
    sport,
    dport,
    seq,
    flags,
    vlan: -1,
    interfaceIndex: 0x81020304 | 0,
    tunnelled: false
  })
})

test("a packet without options has none of the last one's", () => {
  const packet = used()
  const frame = ethernet(tcp({ id: 0, df: true })).bytes
  expect(decodeFrame(frame, 0, frame.length, frame.length, 1, packet)).toBe(VERDICT_TCP)
  const { mss, wscale, ts1, pad, layoutLength, olen, tos, payloadLength, payloadCaptured } = packet
  expect([mss, wscale, ts1, pad, layoutLength, olen, tos, payloadLength, payloadCaptured]).toEqual(Array(9).fill(0))
  expect(packet.layoutWords.buffer).toBe(packet.layout.buffer as ArrayBuffer)
  expect(packet.layout).toHaveLength(MAX_TCP_OPT)
})
