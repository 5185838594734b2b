import { describe, expect, test } from "bun:test"
import {
  ah,
  chdlc,
  erspan,
  ethernet,
  geneve,
  gre,
  gtpu,
  loopback,
  mpls,
  outer,
  ppp,
  pppoe,
  qinq,
  sll,
  sll2,
  synFrame,
  teredo,
  udp,
  vlan,
  vxlan,
  vxlanGpe
} from "../testing/layers.ts"
import { concat, fragment, hex, ip, tcp } from "../testing/packets.ts"
import type { Layer, PacketFields } from "../testing/packets.ts"
import { seededRandom } from "../testing/random.ts"
import { decodeFrame, findTcp } from "./frame.ts"
import { HeaderOffsets } from "./header-offsets.ts"
import { Packet } from "./packet.ts"
import {
  VERDICT_FRAGMENT,
  VERDICT_MALFORMED,
  VERDICT_OTHER,
  VERDICT_TCP,
  VERDICT_TRUNCATED,
  VERDICT_UNSUPPORTED
} from "./verdict.ts"

const fields: PacketFields = { sport: 12345, ttl: 57, win: 64240, options: "mss=1460,sok,ts=7:0,nop,ws=7" }
const syn4 = tcp(fields)
const syn6 = tcp({ ...fields, ver: 6, flowLabel: 5 })

const packet = new Packet()
const located = new HeaderOffsets()

function decode(bytes: Uint8Array, linkType = 1, captured = bytes.length): number {
  return decodeFrame(bytes, 0, captured, bytes.length, linkType, packet)
}

/** The frame, anywhere in a larger buffer, is read as the SYN it was built from. */
function expectSyn(bytes: Uint8Array, linkType: number, ver: number, expected: Partial<HeaderOffsets> = {}): void {
  const buffer = concat(new Uint8Array(7), bytes, new Uint8Array(3).fill(255))
  expect(decodeFrame(buffer, 7, bytes.length, bytes.length, linkType, packet)).toBe(VERDICT_TCP)
  const { sport, ttl, win, mss, wscale, ts1, totHdr, payloadLength } = packet
  expect({ ver: packet.ver, sport, ttl, win, mss, wscale, ts1, totHdr, payloadLength }).toEqual({
    ver,
    sport: 12345,
    ttl: 57,
    win: 64240,
    mss: 1460,
    wscale: 7,
    ts1: 7,
    totHdr: ver === 4 ? 60 : 80,
    payloadLength: 0
  })
  expect(findTcp(buffer, 7, bytes.length, bytes.length, linkType, located)).toBe(VERDICT_TCP)
  expect([located.sport, located.ver, located.doff, located.flags]).toEqual([12345, ver, 40, 2])
  expect(located.tcp).toBe(located.ip + located.tcpDistance)
  expect(located.ipEnd).toBe(located.ip + located.ipLength)
  expect([located.src0, located.dst3]).toEqual([packet.src0, packet.dst3])
  expect(located).toMatchObject(expected)
}

describe("link layers", () => {
  test.each<[string, (inner: Layer) => Uint8Array, number, Partial<HeaderOffsets>]>([
    ["Ethernet", (inner) => ethernet(inner).bytes, 1, { vlan: -1, tunnelled: false, interfaceIndex: 0 }],
    ["Ethernet, padded", (inner) => ethernet(inner, 128).bytes, 1, {}],
    ["802.1Q", (inner) => ethernet(vlan(100, inner)).bytes, 1, { vlan: 100, tunnelled: false }],
    ["802.1Q with priority", (inner) => ethernet(vlan(4095, inner, 0x8100, 7)).bytes, 1, { vlan: 4095 }],
    ["QinQ", (inner) => ethernet(qinq(200, 100, inner)).bytes, 1, { vlan: 200 }],
    ["three tags", (inner) => ethernet(vlan(1, vlan(2, vlan(3, inner)), 0x9100)).bytes, 1, { vlan: 1 }],
    ["PPPoE", (inner) => ethernet(pppoe(inner)).bytes, 1, { tunnelled: false }],
    ["VLAN, PPPoE", (inner) => ethernet(vlan(7, pppoe(inner))).bytes, 1, { vlan: 7 }],
    ["MPLS", (inner) => ethernet(mpls([16], inner)).bytes, 1, { tunnelled: true }],
    ["MPLS, 3 labels", (inner) => ethernet(mpls([16, 17, 18], inner)).bytes, 1, {}],
    ["SLL", sll, 113, {}],
    ["SLL with a tag", (inner) => sll(vlan(5, inner)), 113, { vlan: 5 }],
    ["SLL2", (inner) => sll2(inner, 3), 276, { interfaceIndex: 3 }],
    ["RAW", (inner) => inner.bytes, 101, {}],
    ["RAW as DLT 12", (inner) => inner.bytes, 12, {}],
    ["RAW as DLT 14", (inner) => inner.bytes, 14, {}],
    ["NULL, little-endian", (inner) => loopback(inner), 0, {}],
    ["NULL, big-endian", (inner) => loopback(inner, true, 30), 0, {}],
    ["NULL of FreeBSD", (inner) => loopback(inner, false, 28), 0, {}],
    ["LOOP", (inner) => loopback(inner, true, 24), 108, {}],
    ["PPP", (inner) => ppp(inner), 9, {}],
    ["PPP, bare", (inner) => ppp(inner, "bare"), 9, {}],
    ["PPP, compressed", (inner) => ppp(inner, "compressed"), 9, {}],
    ["PPP with MPLS", (inner) => ppp(mpls([16], inner)), 9, {}],
    ["PPP in HDLC", (inner) => ppp(inner), 50, {}],
    ["Cisco HDLC as PPP in HDLC", chdlc, 50, {}],
    ["PPP over Ethernet alone", (inner) => pppoe(inner).bytes, 51, {}],
    ["Cisco HDLC", chdlc, 104, {}]
  ])("%s", (_name, build, linkType, expected) => {
    expectSyn(build(syn4), linkType, 4, expected)
    expectSyn(build(syn6), linkType, 6, expected)
  })

  test("IPV4 and IPV6", () => {
    expectSyn(syn4.bytes, 228, 4)
    expectSyn(syn6.bytes, 229, 6)
    expect(decode(syn6.bytes, 228)).toBe(VERDICT_MALFORMED)
    expect(decode(syn4.bytes, 229)).toBe(VERDICT_MALFORMED)
  })

  test("what is no IP, and what isn't read", () => {
    const arp: Layer = { bytes: new Uint8Array(28), etherType: 0x0806, protocol: -1 }
    expect(decode(ethernet(arp).bytes)).toBe(VERDICT_OTHER)
    expect(decode(ethernet({ ...arp, etherType: 28 }).bytes)).toBe(VERDICT_OTHER)
    expect(decode(ethernet({ ...arp, etherType: 0x88e7 }).bytes)).toBe(VERDICT_UNSUPPORTED)
    expect(decode(ethernet({ ...arp, etherType: 0x88e5 }).bytes)).toBe(VERDICT_UNSUPPORTED)
    const snap = { ...arp, bytes: concat(hex("aa aa 03 00 00 00 08 00"), syn4.bytes), etherType: 68 }
    expect(decode(ethernet(snap).bytes)).toBe(VERDICT_UNSUPPORTED)
    expect(decode(ethernet(mpls([16], { ...arp, bytes: new Uint8Array(20) })).bytes)).toBe(VERDICT_UNSUPPORTED)
    expect(decode(ppp({ ...arp, etherType: 0x0800 }).fill(0xc0, 2, 3), 9)).toBe(VERDICT_OTHER)
    expect(decode(syn4.bytes, 105)).toBe(VERDICT_UNSUPPORTED)
    expect(decode(syn4.bytes, 127)).toBe(VERDICT_UNSUPPORTED)
    expect(decode(loopback(syn4).fill(7, 0, 1), 0)).toBe(VERDICT_OTHER)
    const discovery = pppoe(syn4)
    discovery.bytes[1] = 9
    expect(decode(ethernet(discovery).bytes)).toBe(VERDICT_OTHER)
    let tags: Layer = syn4
    for (let i = 0; i < 40; i++) tags = vlan(i, tags)
    expect(decode(ethernet(tags).bytes)).toBe(VERDICT_UNSUPPORTED)
  })
})

describe("tunnels: the innermost SYN", () => {
  test.each<[string, (inner: Layer) => Layer]>([
    ["IPIP, 6in4", (inner) => outer(inner)],
    ["4in6, IPv6 in IPv6", (inner) => outer(inner, { ver: 6 })],
    ["4in6 behind extension headers", (inner) => outer(inner, { ver: 6 }, [{ kind: "destination", bytes: 16 }])],
    ["IP in IP in IP", (inner) => outer(outer(inner))],
    ["GRE", (inner) => outer(gre(inner))],
    [
      "GRE with checksum, key and sequence",
      (inner) => outer(gre(inner, { checksum: true, key: true, sequence: true }))
    ],
    ["GRE over IPv6", (inner) => outer(gre(inner, { key: true }), { ver: 6 })],
    ["GRE with Ethernet", (inner) => outer(gre(ethernet(inner)))],
    ["GRE with MPLS", (inner) => outer(gre(mpls([3], inner)))],
    ["ERSPAN I", (inner) => outer(erspan(ethernet(inner), 1))],
    ["ERSPAN II", (inner) => outer(erspan(ethernet(inner), 2))],
    ["ERSPAN III", (inner) => outer(erspan(ethernet(inner), 3))],
    ["ERSPAN III with a subheader", (inner) => outer(erspan(ethernet(vlan(3, inner)), 3, true))],
    ["VXLAN", (inner) => outer(vxlan(ethernet(inner)))],
    ["VXLAN of old Linux", (inner) => outer(vxlan(ethernet(inner), 8472))],
    ["VXLAN-GPE with IP", (inner) => outer(vxlanGpe(inner))],
    ["VXLAN-GPE with Ethernet", (inner) => outer(vxlanGpe(ethernet(inner)))],
    ["Geneve with IP", (inner) => outer(geneve(inner, 3))],
    ["Geneve with Ethernet", (inner) => outer(geneve(ethernet(inner)), { ver: 6 })],
    ["GTP-U", (inner) => outer(gtpu(inner))],
    ["GTP-U with an extension header", (inner) => outer(gtpu(inner, true))],
    ["AH in tunnel mode", (inner) => outer(ah(inner))],
    ["ERSPAN, VXLAN", (inner) => outer(erspan(ethernet(outer(vxlan(ethernet(inner))))))]
  ])("%s", (_name, build) => {
    expectSyn(ethernet(build(syn4)).bytes, 1, 4, { tunnelled: true, vlan: _name.includes("subheader") ? 3 : -1 })
    expectSyn(ethernet(build(syn6)).bytes, 1, 6, { tunnelled: true })
    expectSyn(ethernet(vlan(9, build(syn6))).bytes, 1, 6, { tunnelled: true, vlan: 9 })
  })

  test("Teredo", () => {
    expectSyn(ethernet(outer(teredo(syn6))).bytes, 1, 6, { tunnelled: true })
    expectSyn(ethernet(outer(teredo(syn6, true))).bytes, 1, 6, { tunnelled: true })
  })

  test("AH in transport mode is an extension of its own packet", () => {
    const inner = { ...syn4, bytes: syn4.bytes.subarray(20), protocol: 6 }
    const frame = ethernet(ip({ ttl: 57, src: "192.0.2.1" }, ah(inner))).bytes
    expectSyn(frame, 1, 4, { tunnelled: false, tcpDistance: 44 })
  })

  test("UDP on other ports, and tunnels that aren't read", () => {
    expect(decode(ethernet(outer(udp(53, syn4.bytes))).bytes)).toBe(VERDICT_OTHER)
    expect(decode(ethernet(outer(udp(1701, syn4.bytes))).bytes)).toBe(VERDICT_UNSUPPORTED)
    for (const protocol of [50, 97, 108, 115, 137])
      expect(decode(ethernet(outer({ ...syn4, protocol })).bytes)).toBe(VERDICT_UNSUPPORTED)
    expect(decode(ethernet(outer({ ...syn4, bytes: hex("30 81 88 0b 00 00"), protocol: 47 })).bytes)).toBe(
      VERDICT_UNSUPPORTED
    )
  })

  test("an ICMP error that quotes a SYN is no SYN", () => {
    const quote4: Layer = { bytes: concat(hex("03 01 00 00 00 00 00 00"), syn4.bytes), etherType: -1, protocol: 1 }
    const quote6: Layer = { bytes: concat(hex("01 04 00 00 00 00 00 00"), syn6.bytes), etherType: -1, protocol: 58 }
    expect(decode(ethernet(outer(quote4)).bytes)).toBe(VERDICT_OTHER)
    expect(decode(ethernet(outer(quote6, { ver: 6 })).bytes)).toBe(VERDICT_OTHER)
  })
})

describe("IP", () => {
  test("IPv4 options", () => {
    expect(decode(ethernet(tcp({ ...fields, ipOptions: hex("94 04 00 00 01 01 01 00") })).bytes)).toBe(VERDICT_TCP)
    expect([packet.olen, packet.mss, packet.totHdr]).toEqual([8, 1460, 68])
    expect(decode(ethernet(tcp({ ...fields, ipOptions: new Uint8Array(40) })).bytes)).toBe(VERDICT_TCP)
    expect([packet.olen, packet.mss]).toEqual([40, 1460])
  })

  test("all IPv6 extension headers, long and many", () => {
    const kinds = [
      "hop-by-hop",
      "destination",
      "routing",
      "fragment",
      "ah",
      "destination",
      "mobility",
      "hip",
      "shim6"
    ] as const
    for (const kind of kinds)
      expectSyn(ethernet(tcp({ ...fields, ver: 6, extensions: [{ kind }] })).bytes, 1, 6, {
        tcpDistance: kind === "ah" ? 64 : 48
      })
    expectSyn(ethernet(tcp({ ...fields, ver: 6, extensions: kinds.map((kind) => ({ kind })) })).bytes, 1, 6)
    const long = [
      { kind: "hop-by-hop", bytes: 256 },
      { kind: "destination", bytes: 2048 }
    ] as const
    expectSyn(ethernet(tcp({ ...fields, ver: 6, extensions: long })).bytes, 1, 6, { tcpDistance: 40 + 2304 })
    expect(decode(ethernet(tcp({ ...fields, ver: 6, protocol: 59 })).bytes)).toBe(VERDICT_OTHER)
  })

  test("fragments: the first is used when it has the whole TCP header", () => {
    const payload = new Uint8Array(64)
    for (const ver of [4, 6] as const) {
      const whole = tcp({ ...fields, ver, payload })
      expect(decode(ethernet(fragment(whole, 0, 48)).bytes)).toBe(VERDICT_TCP)
      expect([packet.mss, packet.payloadLength]).toEqual([1460, 8])
      expect(decode(ethernet(fragment(whole, 0, 40)).bytes)).toBe(VERDICT_TCP)
      expect(decode(ethernet(fragment(whole, 0, 32)).bytes)).toBe(VERDICT_FRAGMENT)
      expect(decode(ethernet(fragment(whole, 0, 16)).bytes)).toBe(VERDICT_FRAGMENT)
      expect(decode(ethernet(fragment(whole, 48, 104)).bytes)).toBe(VERDICT_FRAGMENT)
    }
  })

  test("lengths that contradict each other", () => {
    for (const [odd, verdict] of [
      [{ ihl: 4 }, VERDICT_MALFORMED],
      [{ ipLength: 30 }, VERDICT_MALFORMED],
      [{ ipLength: 59 }, VERDICT_MALFORMED],
      [{ ipLength: 61 }, VERDICT_TRUNCATED],
      [{ ipLength: 1500 }, VERDICT_TRUNCATED],
      [{ doff: 4 }, VERDICT_MALFORMED],
      [{ doff: 11 }, VERDICT_MALFORMED]
    ] as const) {
      expect(decode(synFrame({ ...fields, ...odd }))).toBe(verdict)
    }
    expect(decode(synFrame({ ...fields, ver: 6, ipLength: 39 }))).toBe(VERDICT_MALFORMED)
    expect(decode(synFrame({ ...fields, ver: 6, ipLength: 41 }))).toBe(VERDICT_TRUNCATED)
  })

  test("a length of 0, as segmentation offload leaves it, is the rest of the frame", () => {
    for (const ver of [4, 6] as const) {
      expect(decode(synFrame({ ...fields, ver, ipLength: 0, payload: "data" }))).toBe(VERDICT_TCP)
      expect([packet.mss, packet.payloadLength]).toEqual([1460, 4])
    }
  })

  test("trailing padding of Ethernet is no payload", () => {
    expect(decode(ethernet(tcp({ payload: "" }), 60).bytes)).toBe(VERDICT_TCP)
    expect([packet.payloadLength, packet.payloadCaptured]).toEqual([0, 0])
  })

  test("a payload that the snaplen cut off keeps its length", () => {
    const frame = synFrame({ ...fields, payload: new Uint8Array(100) })
    expect(decode(frame, 1, 84)).toBe(VERDICT_TCP)
    expect([packet.payload, packet.payloadLength, packet.payloadCaptured]).toEqual([74, 100, 10])
    const tagged = ethernet(vlan(1, tcp({ ...fields, payload: new Uint8Array(100) }))).bytes
    expect(decode(tagged, 1, 84)).toBe(VERDICT_TCP)
    expect([packet.payload, packet.payloadLength, packet.payloadCaptured]).toEqual([78, 100, 6])
    expect(decode(frame, 1, 73)).toBe(VERDICT_TRUNCATED)
  })
})

const corpus: ReadonlyArray<[bytes: Uint8Array, linkType: number]> = [
  [ethernet(syn4).bytes, 1],
  [ethernet(qinq(1, 2, syn6)).bytes, 1],
  [ethernet(pppoe(syn4)).bytes, 1],
  [ethernet(mpls([1, 2], syn6)).bytes, 1],
  [ethernet(outer(erspan(ethernet(syn4), 3, true))).bytes, 1],
  [ethernet(outer(vxlan(ethernet(syn6)))).bytes, 1],
  [ethernet(outer(geneve(syn4, 2))).bytes, 1],
  [ethernet(outer(gtpu(syn6, true))).bytes, 1],
  [ethernet(outer(teredo(syn6, true))).bytes, 1],
  [ethernet(outer(ah(syn4), { ver: 6 }, [{ kind: "hop-by-hop" }, { kind: "fragment" }])).bytes, 1],
  [sll(syn4), 113],
  [sll2(syn6), 276],
  [ppp(syn4), 9],
  [chdlc(syn6), 104],
  [loopback(syn4), 0]
]

describe("any bytes", () => {
  test("a frame cut at every length is never read as TCP before its TCP header ends, and reads the same after", () => {
    for (const [bytes, linkType] of corpus) {
      for (let length = 0; length < bytes.length; length++) {
        expect(decode(bytes, linkType, length)).not.toBe(VERDICT_TCP)
        // Bytes behind the captured ones must not be looked at: here they aren't there.
        const cut = bytes.slice(0, length)
        expect(decodeFrame(cut, 0, bytes.length, bytes.length, linkType, packet)).not.toBe(VERDICT_TCP)
        expect(decodeFrame(cut, 0, length, length, linkType, packet)).not.toBe(VERDICT_TCP)
      }
      expect(decode(bytes, linkType)).toBe(VERDICT_TCP)
    }
  })

  test("random bytes and random changes never throw, and offsets stay inside", () => {
    const random = seededRandom(20260801)
    const linkTypes = [0, 1, 9, 12, 14, 50, 51, 101, 104, 108, 113, 228, 229, 276, 999, -1]
    let read = 0
    for (let round = 0; round < 40_000; round++) {
      const [base, baseType] = random.pick(corpus)
      const isNoise = random.chance(20)
      const bytes = isNoise ? random.bytes(random.below(129)) : base.slice()
      for (let changes = isNoise ? 0 : random.between(1, 4); changes > 0; changes--)
        bytes[random.below(bytes.length)] = random.word() & 255
      const linkType = random.chance(70) ? baseType : random.pick(linkTypes)
      const captured = random.chance(70) ? bytes.length : random.below(2 * bytes.length + 1)
      const wire = random.chance(70) ? bytes.length : random.below(2000)
      const verdict = decodeFrame(bytes, 0, captured, wire, linkType, packet)
      expect(verdict).toBeWithin(0, 6)
      expect(findTcp(bytes, 0, captured, wire, linkType, located) === VERDICT_TCP || verdict !== VERDICT_TCP).toBe(true)
      if (verdict !== VERDICT_TCP) continue
      read++
      expect(packet.payload).toBeLessThanOrEqual(Math.min(captured, wire, bytes.length))
      expect(packet.payloadCaptured).toBeWithin(0, packet.payloadLength + 1)
      expect(packet.payload + packet.payloadCaptured).toBeLessThanOrEqual(Math.min(captured, wire, bytes.length))
      expect(located.tcp + located.doff).toBe(packet.payload)
    }
    expect(read).toBeGreaterThan(1000)
  })

  test("the straight way and the walk agree on plain frames", () => {
    const random = seededRandom(7)
    const straight = new Packet()
    for (let round = 0; round < 20_000; round++) {
      const bytes = synFrame({ ...fields, payload: random.bytes(random.below(20)) })
      for (let changes = random.below(4); changes > 0; changes--)
        bytes[random.below(bytes.length)] = random.word() & 255
      const captured = random.chance(80) ? bytes.length : random.below(bytes.length + 1)
      const tagged = concat(bytes.subarray(0, 12), hex("81 00 00 05"), bytes.subarray(12))
      const one = decodeFrame(bytes, 0, captured, bytes.length, 1, straight)
      const two = decodeFrame(tagged, 0, captured < 12 ? captured : captured + 4, tagged.length, 1, packet)
      if (captured < 14) continue
      expect(one).toBe(two)
      if (one !== VERDICT_TCP) continue
      packet.payload -= 4
      // Behind the layout lies what earlier packets left.
      packet.layout.fill(0, packet.layoutLength)
      straight.layout.fill(0, straight.layoutLength)
      expect(straight).toEqual(packet)
    }
  })
})

test("later fragments of UDP and ICMP are no TCP, those of any other protocol may be", () => {
  for (const [protocol, verdict] of [
    [1, VERDICT_OTHER],
    [17, VERDICT_OTHER],
    [6, VERDICT_FRAGMENT],
    [0, VERDICT_FRAGMENT],
    [47, VERDICT_FRAGMENT]
  ] as const)
    expect([protocol, decode(ethernet(tcp({ protocol, fragmentOffset: 1 })).bytes)]).toEqual([protocol, verdict])
})
