/**
 * Cost of reading a packet, beside a loop that only adds up the bytes of the same packets: 1,000,000 SYNs of 74 bytes in memory.
 *
 * Medians of 9 runs. `bun packages/core/bench/decode.ts`
 */
import { CaptureReader } from "../src/packet/capture/capture-file.ts"
import { decodeFrame, findTcp } from "../src/packet/frame.ts"
import { LINKTYPE_ETHERNET } from "../src/packet/link.ts"
import { HeaderOffsets } from "../src/packet/header-offsets.ts"
import { P0fPacketDecoder } from "../src/p0f/packet-decoder.ts"
import { Packet } from "../src/packet/packet.ts"
import { pcapHeader, pcapRecord } from "../src/testing/capture-writer.ts"
import { synFrame } from "../src/testing/layers.ts"
import { CLIENTS, stackFields } from "../src/testing/stacks.ts"

const PACKETS = 1_000_000
const RUNS = 9

// Stacks of 74-byte SYNs, in turn: with one alone every branch would be predicted.
const frames = CLIENTS.map((stack) => synFrame(stackFields(stack, 12345))).filter((frame) => frame.length === 74)
const records = frames.map((bytes) => pcapRecord({ bytes, sec: 1_700_000_000 }))
const recordBytes = records[0]!.length
const headBytes = recordBytes - 74
const file = new Uint8Array(24 + PACKETS * recordBytes)
file.set(pcapHeader())
for (let i = 0; i < PACKETS; i++) file.set(records[i % records.length]!, 24 + i * recordBytes)

const packet = new Packet()
const located = new HeaderOffsets()
const intake = new P0fPacketDecoder()
let sink = 0

/** Nanoseconds per packet, median of RUNS after one run to warm up. */
function measure(run: () => number): number {
  const times: Array<number> = []
  sink += run()
  for (let i = 0; i < RUNS; i++) {
    const start = performance.now()
    sink += run()
    times.push(((performance.now() - start) * 1e6) / PACKETS)
  }
  return times.sort((a, b) => a - b)[RUNS >> 1]!
}

const sum = measure(() => {
  let total = 0
  for (let at = 24 + headBytes; at < file.length; at += recordBytes) {
    for (let i = at; i < at + 74; i++) total = (total + file[i]!) | 0
  }
  return total
})

function report(name: string, ns: number): void {
  console.log(`${name.padEnd(34)} ${ns.toFixed(1).padStart(6)} ns  ${(ns / sum).toFixed(2).padStart(5)} x byte sum`)
}

report("byte sum of 74 bytes", sum)
report(
  "locateTcp",
  measure(() => {
    let total = 0
    for (let at = 24 + headBytes; at < file.length; at += recordBytes) {
      total += findTcp(file, at, 74, 74, LINKTYPE_ETHERNET, located) + located.sport
    }
    return total
  })
)
report(
  "decodeFrame",
  measure(() => {
    let total = 0
    for (let at = 24 + headBytes; at < file.length; at += recordBytes) {
      total += decodeFrame(file, at, 74, 74, LINKTYPE_ETHERNET, packet) + packet.mss
    }
    return total
  })
)
report(
  "P0fIntake.decode",
  measure(() => {
    let total = 0
    for (let at = 24 + headBytes; at < file.length; at += recordBytes) {
      total += intake.decode(file, at, 74, 74, LINKTYPE_ETHERNET, packet) + packet.mss
    }
    return total
  })
)
report(
  "CaptureReader, nothing read",
  measure(() => {
    let total = 0
    new CaptureReader(({ captured }) => {
      total += captured
    }).push(file)
    return total
  })
)
report(
  "CaptureReader and decodeFrame",
  measure(() => {
    let total = 0
    new CaptureReader(({ bytes, at, captured, wire, linkType }) => {
      total += decodeFrame(bytes, at, captured, wire, linkType, packet) + packet.mss
    }).push(file)
    return total
  })
)
if (sink === 0.5) console.log(sink)
