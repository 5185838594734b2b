import { expect, test } from "bun:test"
import { Packet, decodeSyn, makeConnectionKey } from "@synprint/core"
import { LINKTYPE_RAW, concat, decodeFrame, ethernet, hex, tcp } from "@synprint/core/testing"
import { makeRawSyn, type Connection } from "./backend.ts"
import { makeSavedSyn } from "./saved-syn.ts"

const OPTIONS = "mss=1460,sok,ts=7,nop,ws=7"
const V4 = tcp({ src: "192.0.2.1", options: OPTIONS })
const V6 = tcp({ src: "2001:db8::1", options: OPTIONS, extensions: [{ kind: "hop-by-hop" }], flowLabel: 5 })

function ask(savedSyn: Uint8Array | undefined, into = makeRawSyn()) {
  const connection: Connection = { key: makeConnectionKey(), savedSyn, openedAtMs: 1234 }
  return makeSavedSyn().lookup(connection, into)
}

test("none offered: not ours; none kept: a SYN cookie", () => {
  expect(ask(undefined)).toBe("unsupported")
  expect(ask(new Uint8Array(0))).toBe("syncookie")
})

test.each([
  ["IPv4", V4.bytes, V4.bytes, 0],
  ["IPv6 with an extension header", V6.bytes, V6.bytes, 0],
  ["IPv4 behind Ethernet", ethernet(V4).bytes, V4.bytes, 14],
  ["IPv6 behind Ethernet", ethernet(V6).bytes, V6.bytes, 14],
  // Locally administered MAC addresses may begin as an IP header does.
  ["a MAC address that begins with 4", concat(hex("45000000000142000000000608 00"), V4.bytes), V4.bytes, 14],
  // The loopback has no addresses: 12 zeros.
  ["a MAC header of zeros", concat(new Uint8Array(12), hex("0800"), V4.bytes), V4.bytes, 14],
  // Source 8.0.69.x puts 08 00 45 where an EtherType and an IP header would stand.
  ["a source address like an EtherType", tcp({ src: "8.0.69.0", options: OPTIONS }).bytes, undefined, 0]
])("%s", (_, saved, plain, ip) => {
  const into = makeRawSyn()
  expect(ask(saved, into)).toBe("hit")
  expect(into).toMatchObject({ ip, seenAtMs: 1234, retransmits: -1, vlan: -1, interfaceIndex: 0 })
  const fromSaved = new Packet()
  const fromWire = new Packet()
  expect(decodeSyn(into, fromSaved)).toBe(0)
  const whole = plain ?? saved
  expect(decodeFrame(whole, 0, whole.length, whole.length, LINKTYPE_RAW, fromWire)).toBe(0)
  expect({ ...fromSaved, payload: 0 }).toEqual({ ...fromWire, payload: 0 })
})

test("what is no SYN is malformed, at every length", () => {
  for (let length = 1; length < V4.bytes.length; length++) expect(ask(V4.bytes.subarray(0, length))).toBe("malformed")
  expect(ask(hex("ffffffffffff"))).toBe("malformed")
  expect(ask(new Uint8Array(513))).toBe("malformed")
  expect(ask(V4.bytes, makeRawSyn(32))).toBe("malformed")
})

test("random bytes never throw", () => {
  let state = 1
  const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) >>> 8
  for (let run = 0; run < 5000; run++) {
    const bytes = Uint8Array.from({ length: next() % 160 }, () => next() & 255)
    if (bytes.length > 0 && run % 2 === 0) bytes[0] = run % 4 === 0 ? 0x45 : 0x60
    expect(["hit", "malformed", "syncookie"]).toContain(ask(bytes))
  }
})

test("lookups are counted by their end; nothing that it can lose makes it down", () => {
  const backend = makeSavedSyn()
  const lookup = (saved: Uint8Array | undefined, into = makeRawSyn()) => {
    backend.lookup({ key: makeConnectionKey(), savedSyn: saved, openedAtMs: 1 }, into)
    return into
  }
  expect(backend.stats()).toEqual({ hit: 0, syncookie: 0, malformed: 0 })
  const used = { ...makeRawSyn(), retransmits: 5, vlan: 7, interfaceIndex: 9 }
  expect(lookup(V4.bytes, used)).toMatchObject({ retransmits: -1, vlan: -1, interfaceIndex: 0 })
  lookup(V6.bytes)
  lookup(V6.bytes)
  lookup(new Uint8Array(0))
  lookup(new Uint8Array(0))
  lookup(hex("ff"))
  lookup(undefined)
  expect(backend.stats()).toEqual({ hit: 3, syncookie: 2, malformed: 1 })
  expect([backend.down(), backend.recovers, backend.packets]).toEqual([undefined, true, undefined])
})

test("a SYN that fills the room is taken, one that is longer is not", () => {
  const longest = tcp({ src: "192.0.2.1", options: OPTIONS, payload: new Uint8Array(512 - V4.bytes.length) }).bytes
  expect(longest).toHaveLength(512)
  expect(ask(longest)).toBe("hit")
  expect(ask(longest, makeRawSyn(600))).toBe("hit")
  expect(ask(concat(longest, new Uint8Array(1)), makeRawSyn(600))).toBe("malformed")
  expect(ask(V4.bytes, makeRawSyn(V4.bytes.length))).toBe("hit")
})
