import { expect, test } from "bun:test"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CaptureReader } from "../packet/capture/capture-file.ts"
import { decodeFrame } from "../packet/frame.ts"
import { Packet, TCP_SYN } from "../packet/packet.ts"
import { VERDICT_TCP } from "../packet/verdict.ts"
import { writePcap } from "./capture-writer.ts"
import { randomCapture } from "./random-capture.ts"
import { writeSynFlood } from "./syn-flood.ts"

test("a seed gives one capture, another seed another", () => {
  const file = writePcap(randomCapture({ seed: 5 }))
  expect(Bun.hash(writePcap(randomCapture({ seed: 5 })))).toBe(Bun.hash(file))
  expect(Bun.hash(writePcap(randomCapture({ seed: 6 })))).not.toBe(Bun.hash(file))
})

test("random captures hold what p0f follows, and no Date header", () => {
  const packet = new Packet()
  const seen = { syn4: 0, syn6: 0, synAck: 0, data: 0, end: 0, refused: 0, backwards: 0 }
  let text = ""
  for (let seed = 1; seed <= 20; seed++) {
    let last = 0
    for (const { bytes, sec } of randomCapture({ seed })) {
      if (sec < last) seen.backwards++
      last = sec
      text += new TextDecoder("latin1").decode(bytes)
      if (decodeFrame(bytes, 0, bytes.length, bytes.length, 1, packet) !== VERDICT_TCP) seen.refused++
      else if (packet.type === TCP_SYN) seen[packet.ver === 4 ? "syn4" : "syn6"]++
      else if (packet.type & TCP_SYN) seen.synAck++
      else if (packet.type & 5) seen.end++
      else if (packet.payloadLength > 0) seen.data++
    }
  }
  for (const [kind, count] of Object.entries(seen))
    expect([kind, count > 20]).toEqual([kind, kind !== "backwards" || count > 20])
  expect(text).toContain("GET /")
  expect(text).toContain("Server: nginx")
  expect(text.toLowerCase()).not.toContain("\ndate:")
})

test("a flood holds the SYNs and addresses asked for; unique fingerprints are unique", () => {
  const directory = mkdtempSync(join(tmpdir(), "synprint-flood-"))
  try {
    const path = join(directory, "flood.pcap")
    const read = (): { syns: number; addresses: Set<string>; fingerprints: Set<string> } => {
      const packet = new Packet()
      const found = { syns: 0, addresses: new Set<string>(), fingerprints: new Set<string>() }
      const reader = new CaptureReader(({ bytes, at, captured, wire, linkType }) => {
        if (decodeFrame(bytes, at, captured, wire, linkType, packet) !== VERDICT_TCP || packet.type !== TCP_SYN) return
        found.syns++
        found.addresses.add(`${packet.ver} ${packet.src0} ${packet.src1}`)
        found.fingerprints.add(
          `${packet.ver} ${packet.ttl} ${packet.win} ${packet.mss} ${packet.wscale} ${packet.quirks} ${packet.layout.slice(0, packet.layoutLength).toHex()}`
        )
      })
      reader.push(readFileSync(path))
      expect(reader.end()).toBeUndefined()
      return found
    }
    expect(writeSynFlood({ path, packets: 60_000, addresses: 1000 })).toBe(readFileSync(path).length)
    const mix = read()
    expect([mix.syns, mix.addresses.size]).toEqual([60_000, 1000])
    // A thousand hosts of 20 stacks at up to 24 hops.
    expect(mix.fingerprints.size).toBeWithin(200, 800)
    writeSynFlood({ path, packets: 70_000, addresses: 1000, fingerprints: "unique" })
    expect(read().fingerprints.size).toBe(70_000)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
