import { describe, expect, test } from "bun:test"
import { ethernet } from "../testing/layers.ts"
import { concat, hex, tcp } from "../testing/packets.ts"
import type { PacketFields } from "../testing/packets.ts"
import { seededRandom } from "../testing/random.ts"
import { decodeFrame } from "./frame.ts"
import { HeaderOffsets } from "./header-offsets.ts"
import { Packet } from "./packet.ts"
import { decodeSavedSyn, decodeSyn, findSavedSyn } from "./syn.ts"
import type { Headers } from "./syn.ts"
import { VERDICT_MALFORMED, VERDICT_TCP, VERDICT_TRUNCATED } from "./verdict.ts"

const packet = new Packet()
const other = new Packet()

const fingerprints: ReadonlyArray<PacketFields> = [
  { options: "mss=1460,sok,ts=7:0,nop,ws=7" },
  { ver: 6, flowLabel: 9, options: "mss=1440,sok,ts=7:0,nop,ws=7" },
  { payload: "early data", options: "mss=1460,sok,?34=0102030405060708,nop,nop" },
  { ver: 6, payload: "early data" },
  { ipOptions: hex("94 04 00 00"), options: "mss=536" },
  { ver: 6, extensions: [{ kind: "hop-by-hop" }, { kind: "destination", bytes: 104 }], options: "mss=1440" },
  { options: new Uint8Array(40).fill(1), tos: 3, mbz: true, ack: 1, urg: 5 }
]

/** Headers of a packet in slots of their own, as the eBPF map holds them: 64 bytes of IP, 60 of TCP. */
function inSlots(bytes: Uint8Array, tcpDistance: number): Headers {
  const slots = new Uint8Array(160).fill(0xee)
  const ipCaptured = Math.min(64, tcpDistance)
  const tcpCaptured = Math.min(60, (bytes[tcpDistance + 12]! >> 4) * 4)
  slots.set(bytes.subarray(0, ipCaptured), 32)
  slots.set(bytes.subarray(tcpDistance, tcpDistance + tcpCaptured), 96)
  return { bytes: slots, ip: 32, ipCaptured, tcp: 96, tcpCaptured, tcpDistance }
}

/** Same facts; where the payload lies differs with the form. */
function expectSame(actual: Packet, expected: Packet): void {
  const { payload: _a, payloadCaptured: _b, layout: _c, ...facts } = expected
  expect(actual).toMatchObject(facts)
  expect(actual.layout.subarray(0, actual.layoutLength)).toEqual(expected.layout.subarray(0, expected.layoutLength))
}

function distance(bytes: Uint8Array): number {
  const located = new HeaderOffsets()
  expect(findSavedSyn(bytes, located)).toBe(VERDICT_TCP)
  return located.tcpDistance
}

describe("a SYN from its headers alone", () => {
  test.each(fingerprints.map((fingerprint) => [fingerprint]))("%o", (fingerprint) => {
    const frame = ethernet(tcp(fingerprint)).bytes
    expect(decodeFrame(frame, 0, frame.length, frame.length, 1, packet)).toBe(VERDICT_TCP)
    const headerBytes = packet.payload - 14
    const saved = frame.slice(14, 14 + headerBytes)
    const length = distance(saved)
    expect(decodeSyn(inSlots(frame.subarray(14), length), other)).toBe(VERDICT_TCP)
    expectSame(other, packet)
    expect(
      decodeSyn(
        {
          bytes: frame,
          ip: 14,
          ipCaptured: length,
          tcp: 14 + length,
          tcpCaptured: headerBytes - length,
          tcpDistance: length
        },
        other
      )
    ).toBe(VERDICT_TCP)
    expectSame(other, packet)
    expect(other.payloadCaptured).toBe(0)
    // As TCP_SAVED_SYN gives it: headers, no payload; with TCP_SAVE_SYN 2 the link header in front, zeros on lo.
    expect(decodeSavedSyn(saved, other)).toBe(VERDICT_TCP)
    expectSame(other, packet)
    const etherType = saved[0]! >> 4 === 4 ? hex("08 00") : hex("86 dd")
    for (const addresses of [
      "00 00 00 00 00 00 00 00 00 00 00 00",
      "45 00 00 3c 12 34 40 00 40 06 00 00",
      "60 00 00 00 00 28 06 40 20 01 0d b8"
    ]) {
      expect(decodeSavedSyn(concat(hex(addresses), etherType, saved), other)).toBe(VERDICT_TCP)
      expectSame(other, packet)
    }
  })

  test("headers that aren't whole, or contradict each other", () => {
    const { bytes } = tcp({ options: "mss=1460,sok,ts=7:0,nop,ws=7" })
    const whole = inSlots(bytes, 20)
    const verdict = (change: Partial<Headers>, at = -1, value = 0): number => {
      const changed = { ...whole, ...change, bytes: whole.bytes.slice() }
      if (at >= 0) changed.bytes[at] = value
      return decodeSyn(changed, packet)
    }
    expect(verdict({})).toBe(VERDICT_TCP)
    expect(verdict({ ipCaptured: 19 })).toBe(VERDICT_TRUNCATED)
    expect(verdict({ tcpCaptured: 39 })).toBe(VERDICT_TRUNCATED)
    expect(verdict({ tcpCaptured: 19 })).toBe(VERDICT_TRUNCATED)
    expect(verdict({ tcp: 150 })).toBe(VERDICT_TRUNCATED)
    expect(verdict({ ip: 1000 })).toBe(VERDICT_TRUNCATED)
    expect(verdict({ tcpDistance: 21 })).toBe(VERDICT_MALFORMED)
    expect(verdict({ tcpDistance: 19 })).toBe(VERDICT_MALFORMED)
    expect(verdict({}, 32, 0x55)).toBe(VERDICT_MALFORMED)
    expect(verdict({}, 32, 0x44)).toBe(VERDICT_MALFORMED)
    expect(verdict({}, 32, 0x65)).toBe(VERDICT_TRUNCATED)
    expect(verdict({}, 96 + 12, 0x40)).toBe(VERDICT_MALFORMED)
    expect(verdict({}, 33 + 2, 10)).toBe(VERDICT_MALFORMED)
  })

  test("a saved SYN cut at any length, or of random bytes, never throws", () => {
    const random = seededRandom(11)
    for (const fingerprint of fingerprints) {
      const { bytes } = tcp({ ...fingerprint, payload: "" })
      for (let length = 0; length < bytes.length; length++)
        expect(decodeSavedSyn(bytes.slice(0, length), packet)).not.toBe(VERDICT_TCP)
      for (let round = 0; round < 3000; round++) {
        const changed = random.chance(20) ? random.bytes(random.below(100)) : bytes.slice()
        for (let changes = random.below(4); changes > 0 && changed.length > 0; changes--)
          changed[random.below(changed.length)] = random.word() & 255
        expect(decodeSavedSyn(changed, packet)).toBeWithin(0, 6)
        const headers = {
          bytes: changed,
          ip: random.below(60),
          ipCaptured: random.below(90),
          tcp: random.below(90),
          tcpCaptured: random.below(70),
          tcpDistance: random.below(100)
        }
        expect(decodeSyn(headers, packet)).toBeWithin(0, 6)
      }
    }
  })
})
