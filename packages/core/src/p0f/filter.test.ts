/**
 * The filter that libpcap applies for p0f, at the least number of captured bytes that it asks for: a load past them rejects the packet.
 */
import { expect, test } from "bun:test"
import { chdlc, ethernet, loopback, ppp, pppoe, sll, sll2, vlan } from "../testing/layers.ts"
import { concat, hex, type Layer, tcp } from "../testing/packets.ts"
import { passesP0fFilter } from "./filter.ts"

const wifi =
  (front: string, headerBytes: number) =>
  (inner: Layer): Uint8Array =>
    concat(
      hex(front),
      new Uint8Array(headerBytes - 2),
      hex("aa aa 03 00 00 00"),
      Uint8Array.of(inner.etherType >> 8, inner.etherType),
      inner.bytes
    )

const LINKS: ReadonlyArray<
  readonly [name: string, linkType: number, build: (inner: Layer) => Uint8Array, header: number]
> = [
  ["Ethernet", 1, (inner) => ethernet(inner).bytes, 14],
  ["802.1Q", 1, (inner) => ethernet(vlan(5, inner)).bytes, 18],
  ["802.1ad", 1, (inner) => ethernet(vlan(5, inner, 0x88a8)).bytes, 18],
  ["stacked tags of old", 1, (inner) => ethernet(vlan(5, inner, 0x9100)).bytes, 18],
  ["RAW", 101, (inner) => inner.bytes, 0],
  ["RAW of libpcap", 12, (inner) => inner.bytes, 0],
  ["NULL", 0, (inner) => loopback(inner, false, 30), 4],
  ["NULL of FreeBSD", 0, (inner) => loopback(inner, false, 28), 4],
  ["NULL, big-endian", 0, (inner) => loopback(inner, true, 24), 4],
  ["LOOP", 108, (inner) => loopback(inner, true, 24), 4],
  ["PPP", 9, (inner) => ppp(inner), 4],
  ["PPP in HDLC", 50, (inner) => ppp(inner), 4],
  ["PPP over Ethernet", 51, (inner) => pppoe(inner).bytes, 8],
  ["SLL", 113, sll, 16],
  ["SLL2", 276, (inner) => sll2(inner), 20],
  ["Cisco HDLC", 104, chdlc, 4],
  ["802.11", 105, wifi("08 00", 24), 32],
  ["802.11 with QoS", 105, wifi("88 00", 26), 34]
]

const passes = (bytes: Uint8Array, linkType: number, captured = bytes.length): boolean => {
  const around = concat(new Uint8Array(3).fill(6), bytes, new Uint8Array(3).fill(6))
  return passesP0fFilter(around, 3, captured, linkType)
}

test.each(LINKS)("%s: IPv4 up to its protocol, IPv6 up to its next header", (_, linkType, build, header) => {
  for (const [inner, needed] of [
    [tcp({}), 10],
    [tcp({ ver: 6 }), 7],
    [tcp({ ver: 6, extensions: [{ kind: "fragment" }] }), 41]
  ] as const) {
    const bytes = build(inner)
    expect(bytes.length).toBe(header + inner.bytes.length)
    expect(passes(bytes, linkType)).toBe(true)
    for (let captured = 0; captured < bytes.length; captured++)
      expect([captured, passes(bytes, linkType, captured)]).toEqual([captured, captured >= header + needed])
    // A buffer that ends there says the same.
    expect(passesP0fFilter(bytes.slice(0, header + needed), 0, bytes.length, linkType)).toBe(true)
    expect(passesP0fFilter(bytes.slice(0, header + needed - 1), 0, bytes.length, linkType)).toBe(false)
  }
  for (const other of [
    tcp({ protocol: 17 }),
    tcp({ ver: 6, protocol: 17 }),
    tcp({ ver: 6, extensions: [{ kind: "destination" }] }),
    tcp({ ver: 6, protocol: 17, extensions: [{ kind: "fragment" }] })
  ])
    expect(passes(build(other), linkType)).toBe(false)
})

test.each<readonly [name: string, linkType: number, bytes: Uint8Array]>([
  ["Ethernet of another type", 1, ethernet({ ...tcp({}), etherType: 0x0806 }).bytes],
  ["a tag of another type", 1, ethernet(vlan(5, tcp({}), 0x9200)).bytes],
  ["two tags", 1, ethernet(vlan(5, vlan(5, tcp({})))).bytes],
  ["RAW of no IP", 101, tcp({}).bytes.with(0, 0x55)],
  ["IPV6 that says IPv4", 229, tcp({}).bytes.with(6, 0)],
  ["NULL of Linux's IPv6", 0, loopback(tcp({ ver: 6 }), false, 10)],
  ["NULL of AppleTalk", 0, loopback(tcp({})).with(0, 16)],
  ["LOOP, little-endian", 108, loopback(tcp({}))],
  ["PPP of another protocol", 9, ppp(tcp({})).with(3, 0x22)],
  ["PPP of IPv6 that is IPv4", 9, ppp(tcp({})).with(3, 0x57)],
  ["PPP over Ethernet of another protocol", 51, pppoe(tcp({})).bytes.with(7, 0x22)],
  ["SLL of another type", 113, sll({ ...tcp({}), etherType: 0x0806 })],
  ["802.11 management", 105, wifi("00 00", 24)(tcp({}))],
  ["802.11 control", 105, wifi("04 00", 24)(tcp({}))],
  ["802.11 of the fourth type", 105, wifi("0c 00", 24)(tcp({}))],
  ["MTP2", 140, tcp({}).bytes],
  ["a link type that libpcap has no filter for", 127, tcp({}).bytes]
])("%s does not pass", (_, linkType, bytes) => {
  expect(passes(bytes, linkType)).toBe(false)
})

test("IPV4 and IPV6 are read as what they are", () => {
  expect([passes(tcp({}).bytes, 228), passes(tcp({ ver: 6 }).bytes, 229)]).toEqual([true, true])
  expect(passes(tcp({}).bytes, 228, 9)).toBe(false)
  expect(passes(tcp({ ver: 6 }).bytes, 229, 6)).toBe(false)
})
