/** SYNs that no stack here would send: tags, extension headers, fragments, copies, floods; put on the wire by tcpreplay. */
import { describe, expect } from "bun:test"
import { LINKTYPE_ETHERNET, Packet } from "@synprint/core"
import {
  type Layer,
  type PacketFields,
  decodeFrame,
  ethernet,
  fragment,
  gre,
  outer,
  qinq,
  tcp,
  vlan
} from "@synprint/core/testing"
import { clientLinks } from "../lib/links.ts"
import { requires, testWith } from "../lib/requires.ts"
import { captureOptions, find } from "../lib/capture.ts"
import { inject, injectBlocking } from "../lib/inject.ts"
import { until } from "../lib/until.ts"
import { withCapture } from "./harness.ts"

const NEEDS = [requires.netns, requires.binaries("tcpreplay")]
const { one, two } = await clientLinks(NEEDS, 9000)
const OPTIONS = "mss=1400,sok,ts=1,nop,ws=9"
const V4 = { src: "192.0.2.1", dst: "198.51.100.7", sport: 1025, dport: 443, options: OPTIONS, ttl: 57 }
const V6 = { src: "2001:db8::1", dst: "2001:db8::7", sport: 1025, dport: 443, options: OPTIONS, ttl: 57 }

const frame = (layer: Layer): Uint8Array => ethernet(layer).bytes
const ends = (fields: PacketFields): [[string, number], [string, number]] => [
  [fields.src!, fields.sport!],
  [fields.dst!, fields.dport!]
]

describe("found, with the facts that the frame has", () => {
  const whole = { ...V4, payload: "x".repeat(100) }
  const cases: ReadonlyArray<readonly [string, PacketFields, Layer, number]> = [
    ["IPv4", V4, tcp(V4), -1],
    ["IPv6", V6, tcp(V6), -1],
    ["802.1Q, IPv4", V4, vlan(100, tcp(V4)), 100],
    ["802.1Q, IPv6", V6, vlan(100, tcp(V6)), 100],
    ["802.1ad around 802.1Q", V4, qinq(300, 200, tcp(V4)), 300],
    ["IPv4 options", V4, tcp({ ...V4, ipOptions: new Uint8Array([148, 4, 0, 0]) }), -1],
    ["a first fragment", V4, fragment(tcp(whole), 0, 80), -1],
    ["hop-by-hop", V6, tcp({ ...V6, extensions: [{ kind: "hop-by-hop" }] }), -1],
    [
      "three extension headers",
      V6,
      tcp({ ...V6, extensions: [{ kind: "hop-by-hop" }, { kind: "destination", bytes: 48 }, { kind: "routing" }] }),
      -1
    ],
    ["an atomic fragment", V6, tcp({ ...V6, extensions: [{ kind: "fragment" }] }), -1],
    ["an IPv6 first fragment", V6, fragment(tcp({ ...V6, payload: "x".repeat(100) }), 0, 80), -1],
    ["payload (TCP fast open)", V4, tcp({ ...V4, payload: "GET / HTTP/1.1\r\n\r\n" }), -1],
    ["a payload longer than the snap length", V4, tcp({ ...V4, payload: "x".repeat(1300) }), -1],
    ["TCP options up to the limit", V4, tcp({ ...V4, options: new Uint8Array(40).fill(1) }), -1]
  ]
  for (const [name, fields, layer, id] of cases) {
    for (const interfaces of ["interface", "any"] as const) {
      // The kernel takes the outer tag off, the cooked filter cannot look behind the inner one (filter.ts).
      if (interfaces === "any" && name.startsWith("802.1ad")) continue
      testWith(NEEDS, `${name}, on ${interfaces}`, () =>
        withCapture(captureOptions(interfaces === "any" ? [] : [one.here.interface]), async (capture) => {
          const bytes = frame(layer)
          await inject(one.there, [bytes])
          const { result, syn, packet } = await find(capture, ...ends(fields))
          expect(result).toBe("hit")
          const expected = new Packet()
          expect(decodeFrame(bytes, 0, bytes.length, bytes.length, LINKTYPE_ETHERNET, expected)).toBe(0)
          const place = { payload: 0, payloadCaptured: 0 }
          expect({ ...packet, ...place }).toEqual({ ...expected, ...place })
          // A cooked header has no room for the tag; libpcap puts it into SLL only.
          if (interfaces === "interface") expect(syn.vlan).toBe(id)
          // Others may use this machine's interfaces meanwhile.
          if (interfaces === "interface") expect(capture.stats()["syns"]).toBe(1)
          expect(Math.abs(Date.now() - syn.seenAtMs)).toBeLessThan(10_000)
          expect(capture.stats()).toMatchObject({ malformed: 0, truncated: 0 })
          expect(syn.retransmits).toBe(0)
        })
      )
    }
  }
})

describe("not found", () => {
  const filter = { ports: [443], addresses: ["198.51.100.7", "2001:db8::7"], key: "connection" } as const
  const cases: ReadonlyArray<readonly [string, PacketFields, Layer]> = [
    ["another port", { ...V4, dport: 22 }, tcp({ ...V4, dport: 22 })],
    ["another server", { ...V4, dst: "198.51.100.8" }, tcp({ ...V4, dst: "198.51.100.8" })],
    ["SYN+ACK", V4, tcp({ ...V4, flags: "SA" })],
    ["SYN+FIN", V4, tcp({ ...V4, flags: "SF" })],
    [
      "another port behind an extension header",
      { ...V6, dport: 22 },
      tcp({ ...V6, dport: 22, extensions: [{ kind: "hop-by-hop" }] })
    ],
    ["a later fragment", V4, fragment(tcp({ ...V4, payload: "x".repeat(100) }), 40, 80)],
    ["inside a tunnel", V4, outer(gre(tcp(V4)), { src: "203.0.113.1", dst: "198.51.100.7" })],
    [
      "inside a tunnel behind an extension header",
      V4,
      outer(tcp(V4), { src: "2001:db8::66", dst: "2001:db8::7" }, [{ kind: "hop-by-hop" }])
    ],
    ["a header that is cut", V4, tcp({ ...V4, doff: 15, options: "mss=1400", payload: "" })]
  ]
  for (const [name, fields, layer] of cases) {
    testWith(NEEDS, name, () =>
      withCapture(captureOptions([one.here.interface], { filter }), async (capture) => {
        // The second one is found: then the first has been looked at.
        const after = { ...V4, sport: 2000 }
        await inject(one.there, [frame(layer), frame(tcp(after))])
        expect((await find(capture, ...ends(after))).result).toBe("hit")
        expect((await find(capture, ...ends(fields), 0)).result).toBe("not_captured")
        expect(capture.stats()).toMatchObject({ syns: 1 })
      })
    )
  }
})

describe("the same SYN again", () => {
  testWith(NEEDS, "on another interface is a copy, later a retransmission, with another ISN a new one", () =>
    withCapture(captureOptions([one.here.interface, two.here.interface]), async (capture) => {
      await inject(one.there, [frame(tcp({ ...V4, seq: 5 }))])
      expect((await find(capture, ...ends(V4))).syn.retransmits).toBe(0)
      await inject(two.there, [frame(tcp({ ...V4, seq: 5 }))])
      await until(() => capture.stats()["copies"] === 1, "the copy is seen")
      await Bun.sleep(150)
      await inject(one.there, [frame(tcp({ ...V4, seq: 5, ttl: 30 }))])
      await until(() => capture.stats()["retransmits"] === 1, "the retransmission is seen")
      const again = await find(capture, ...ends(V4))
      expect([again.syn.retransmits, again.packet.ttl]).toEqual([1, 57])
      await inject(one.there, [frame(tcp({ ...V4, seq: 6, ttl: 30 }))])
      await until(() => capture.stats()["replaced"] === 1, "the new connection is seen")
      const next = await find(capture, ...ends(V4))
      expect([next.syn.retransmits, next.packet.ttl, next.packet.seq]).toEqual([0, 30, 6])
    })
  )

  testWith(NEEDS, "on any it is told by the interface of the SLL2 header", () =>
    withCapture(captureOptions([]), async (capture) => {
      await inject(one.there, [frame(tcp(V4))])
      await find(capture, ...ends(V4))
      await Bun.sleep(150)
      await inject(two.there, [frame(tcp(V4))])
      await until(() => capture.stats()["copies"]! >= 1, "the copy is seen")
      expect((await find(capture, ...ends(V4))).syn.retransmits).toBe(0)
    })
  )
})

describe("a flood", () => {
  const flood = Array.from({ length: 20_000 }, (_, n) =>
    frame(tcp({ ...V4, src: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, seq: n }))
  )

  testWith(NEEDS, "into a small ring that nobody empties: the kernel's drops are counted", () =>
    withCapture(
      captureOptions([one.here.interface], {
        backends: { pcap: { snaplen: 256, bufferBytes: 64 * 1024, promiscuous: false } }
      }),
      async (capture) => {
        // Blocks the timer, as a busy process would.
        injectBlocking(one.there, flood)
        const { kernel_drops: drops, received, syns } = capture.stats()
        expect(drops).toBeGreaterThan(1000)
        expect(received).toBe(20_000)
        expect(syns! + drops!).toBeLessThanOrEqual(20_000)
      }
    )
  )

  testWith(NEEDS, "into the default ring: all are taken, the store keeps the newest and counts what it gives up", () =>
    withCapture(captureOptions([one.here.interface], { capacity: 4096 }), async (capture) => {
      await inject(one.there, flood)
      await until(() => capture.stats()["packets"] === 20_000, "all packets are taken")
      expect(capture.stats()).toMatchObject({ kernel_drops: 0, syns: 20_000, entries: 4096, evictions: 20_000 - 4096 })
      expect((await find(capture, ["10.0.78.31", 1025], ["198.51.100.7", 443])).result).toBe("hit")
      expect((await find(capture, ["10.0.0.1", 1025], ["198.51.100.7", 443], 0)).result).toBe("not_captured")
    })
  )
})
