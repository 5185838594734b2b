/**
 * Frames through batches: the observer that takes them has seen what one that decodes them itself has seen.
 */
import { expect, test } from "bun:test"
import { TCP_ACK, TCP_SYN } from "../../packet/packet.ts"
import { VERDICT_FRAGMENT, VERDICT_OTHER, VERDICT_TCP } from "../../packet/verdict.ts"
import { readDatabases } from "../../tcp/database/reader.ts"
import { Matcher } from "../../tcp/matching/matcher.ts"
import type { Mode } from "../../tcp/mode.ts"
import { ethernet, synFrame } from "../../testing/layers.ts"
import { SCENARIO_DATABASE } from "../../testing/p0f-scenarios.ts"
import { tcp } from "../../testing/packets.ts"
import { randomCapture } from "../../testing/random-capture.ts"
import { capturedFrame } from "../../testing/captured-frame.ts"
import { DecodedFrame } from "../decoded-frame.ts"
import { JsonLog } from "../log/json-log.ts"
import { Observer } from "../observer.ts"
import { BatchFeed } from "./batch-feed.ts"
import { BATCH_BYTES, DecodedBatch, recordAt } from "./decoded-batch.ts"
import { readRecord } from "./decoded-record.ts"
import { FrameDecoder } from "./frame-decoder.ts"

const batchesOf = (count: number): ReadonlyArray<DecodedBatch> => {
  const memory = new SharedArrayBuffer(BATCH_BYTES * count)
  return Array.from({ length: count }, (_, n) => new DecodedBatch(memory, n))
}

/** `capacity`: fingerprints that the matcher remembers. */
function observerOf(mode: Mode, capacity: number) {
  const { database } = readDatabases([{ name: "scenarios.fp", text: SCENARIO_DATABASE }], mode)
  let text = ""
  const log = new JsonLog((part) => (text += part))
  const matcher = new Matcher(database!, mode, capacity)
  const observer = new Observer({
    mode,
    matcher,
    log,
    maxFlows: 50,
    maxHosts: 20,
    flowAgeSeconds: 30,
    hostIdleMinutes: 1
  })
  return {
    observer,
    text: (): string => {
      log.flush()
      return text
    }
  }
}

test.each([
  ["modern", 16],
  ["modern", 4096],
  ["p0f", 16]
] as const)("mode %s, %i fingerprints: the same lines and counts, whatever the capture", (mode, capacity) => {
  let fullBatches = 0
  for (let seed = 0; seed < 3; seed++) {
    const itself = observerOf(mode, capacity)
    const ahead = observerOf(mode, capacity)
    const feed = new BatchFeed(ahead.observer)
    const [one, other] = batchesOf(2)
    one!.clear()
    other!.clear()
    const decoder = new FrameDecoder(mode === "p0f", one, (full) => {
      if (!full.isLast) fullBatches++
      feed.take(full)
      full.clear()
      return full === one ? other : one
    })
    const capture = randomCapture({ seed, link: "ethernet", events: 300, clients: 30, faultPercent: 20 })
    for (const { bytes, wire = bytes.length, sec, nsec = 0 } of capture) {
      // A microsecond of a broken file.
      const usec = sec % 7 === 0 ? -1 : Math.floor(nsec / 1000)
      const frame = capturedFrame(bytes, { wire, sec, usec })
      itself.observer.frame(frame)
      decoder.frame(frame)
    }
    decoder.end(new Uint8Array(0))
    expect(ahead.text()).toBe(itself.text())
    expect(ahead.observer.counts).toEqual(itself.observer.counts)
    expect(itself.observer.counts.packets).toBe(capture.length)
  }
  expect(fullBatches).toBeGreaterThan(0)
})

test("a batch is handed over when it is full of records, and its frames are counted from the last record on", () => {
  const [batch] = batchesOf(1)
  const handed: Array<readonly [records: number, after: number]> = []
  const decoder = new FrameDecoder(false, batch, (full) => {
    handed.push([full.records, full.framesAfter])
    full.clear()
    return full
  })
  const syn = synFrame({ options: "mss=1460" })
  const other = ethernet({ bytes: new Uint8Array(40), etherType: 0x0806, protocol: -1 }).bytes
  const fragment = ethernet(tcp({ mf: true, fragmentOffset: 5 })).bytes
  const frame = (bytes: Uint8Array): void => decoder.frame(capturedFrame(bytes, { sec: 7, usec: 9 }))
  for (let n = 0; n < 1023; n++) frame(syn)
  expect(handed).toEqual([])
  frame(syn)
  expect(handed).toEqual([[1024, 0]])
  for (const bytes of [other, fragment, other, syn, syn, other, fragment]) frame(bytes)
  expect(decoder.batch).toBe(batch)
  expect(batch!.records).toBe(2)
  const read = new DecodedFrame()
  for (const [n, frames] of [4, 1].entries()) {
    readRecord(batch!.words, recordAt(n), read)
    expect([read.frames, read.verdict]).toEqual([frames, VERDICT_TCP])
  }
  expect([VERDICT_TCP, VERDICT_OTHER, VERDICT_FRAGMENT].map((verdict) => batch!.framesOf(verdict))).toEqual([2, 3, 2])
  decoder.end(new Uint8Array(0))
  expect(handed[1]).toEqual([2, 2])
  // Nobody takes any more.
  expect(decoder.batch).toBeUndefined()
  frame(syn)
  decoder.end(new Uint8Array(0))
  expect(handed).toHaveLength(2)
  expect(batch!.records).toBe(0)
})

test("a batch is handed over when there is no room for the longest payload", () => {
  const [batch] = batchesOf(1)
  let handed = 0
  const decoder = new FrameDecoder(false, batch, (full) => {
    handed++
    full.clear()
    return full
  })
  const frame = (payload: string, cut = 0): void => {
    const { bytes } = ethernet(tcp({ flags: "A", payload }))
    decoder.frame(capturedFrame(bytes, { captured: bytes.length - cut, sec: 7, usec: 9 }))
  }
  // 16 times 8,192 bytes fit, of each packet so many at most; one of which a part is missing takes no room.
  for (let n = 0; n < 15; n++) frame("v".repeat(9000))
  for (let n = 0; n < 100; n++) frame("v".repeat(9000), 1)
  expect(handed).toBe(0)
  frame("w")
  expect([handed, batch!.records]).toEqual([1, 0])
  for (let n = 0; n < 15; n++) frame("v".repeat(8192))
  expect(handed).toBe(1)
  frame("")
  expect(handed).toBe(1)
  frame("v".repeat(8192))
  expect(handed).toBe(2)
})

test("a batch keeps payloads, and what is to be said of the end", () => {
  const [before, batch, behind] = batchesOf(3)
  const frame = new DecodedFrame()
  const { packet } = frame
  packet.type = TCP_ACK
  packet.flags = TCP_ACK | TCP_SYN
  packet.payload = 2
  packet.payloadLength = packet.payloadCaptured = 3
  frame.bytes = new TextEncoder().encode("..abc..")
  expect(batch!.add(frame)).toBe(recordAt(0))
  expect(batch!.add(frame)).toBe(recordAt(1))
  // Not a packet's, or not whole.
  frame.verdict = VERDICT_OTHER
  batch!.add(frame)
  frame.verdict = VERDICT_TCP
  packet.payloadCaptured = 2
  batch!.add(frame)
  packet.payloadCaptured = 3
  batch!.add(frame)
  expect(new TextDecoder().decode(batch!.payload.subarray(0, 12))).toBe("abcabcabc\0\0\0")
  batch!.offset = 2 ** 40 + 1
  batch!.framesAfter = 77
  expect([batch!.isLast, batch!.offset, batch!.framesAfter, batch!.text.length]).toEqual([false, 2 ** 40 + 1, 77, 0])
  batch!.end(new TextEncoder().encode("the file ends"))
  expect([batch!.isLast, new TextDecoder().decode(batch!.text)]).toEqual([true, "the file ends"])
  batch!.end(new Uint8Array(9000).fill(7))
  expect([batch!.text.length, batch!.text.every((byte) => byte === 7)]).toEqual([8192, true])
  batch!.clear()
  expect([batch!.isLast, batch!.offset, batch!.framesAfter, batch!.text.length, batch!.records]).toEqual([
    false,
    0,
    0,
    0,
    0
  ])
  frame.bytes = new TextEncoder().encode("..xyz")
  batch!.add(frame)
  expect(new TextDecoder().decode(batch!.payload.subarray(0, 6))).toBe("xyzabc")
  // Its neighbours in the memory are as they were.
  for (const other of [before!, behind!]) {
    expect(other.words.every((word) => word === 0)).toBe(true)
    expect(other.payload.every((byte) => byte === 0)).toBe(true)
  }
})
