import { expect, test } from "bun:test"
import { decodeFrame } from "../../packet/frame.ts"
import type { Packet } from "../../packet/packet.ts"
import { VERDICT_OTHER, VERDICT_TCP } from "../../packet/verdict.ts"
import { randomCapture } from "../../testing/random-capture.ts"
import { DecodedFrame } from "../decoded-frame.ts"
import { readRecord, writeRecord } from "./decoded-record.ts"

/** All that a packet says; of the layout the part that counts. */
const facts = (packet: Packet) => ({
  ...packet,
  layout: [...packet.layout.subarray(0, packet.layoutLength)],
  layoutWords: undefined
})

test("a packet comes out of its record as it went in, whatever it is", () => {
  const words = new Int32Array(64)
  const frame = new DecodedFrame()
  const { packet } = frame
  const read = new DecodedFrame()
  let tcp = 0
  for (let seed = 0; seed < 40; seed++) {
    for (const { bytes } of randomCapture({ seed, link: "ethernet", events: 100, clients: 20, faultPercent: 30 })) {
      if (decodeFrame(bytes, 0, bytes.length, bytes.length, 1, packet) !== VERDICT_TCP) continue
      tcp++
      writeRecord(words, 32, frame, packet.payload)
      readRecord(words, 32, read)
      expect(facts(read.packet)).toEqual(facts(packet))
    }
  }
  expect(tcp).toBeGreaterThan(2000)
})

test.each([
  [0, 0, false, 1],
  [0xffffffff, 999_999, true, 1],
  [1_700_000_000, -1, false, 77],
  [1, 0x7fffffff, true, 2],
  [1, 0xffffffff, false, 3]
])("second %i, microsecond %i as the file has them", (sec, usec, expires, frames) => {
  const words = new Int32Array(32)
  const read = new DecodedFrame()
  writeRecord(words, 0, Object.assign(new DecodedFrame(), { verdict: VERDICT_OTHER, expires, frames, sec, usec }), 0)
  readRecord(words, 0, read)
  expect(read).toMatchObject({ verdict: VERDICT_OTHER, expires, frames, sec, usec })
})
