import { expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { Packet } from "../../packet/packet.ts"
import { fillNearPacket, randomSignature } from "../../testing/near-packet.ts"
import { rounds, seededRandom } from "../../testing/random.ts"
import { readDatabases } from "../database/reader.ts"
import type { Database } from "../database/database.ts"
import { Matcher } from "./matcher.ts"
import { KEY_WORDS, writeKey } from "./fingerprint-key.ts"
import { hashKey, FingerprintCache } from "./fingerprint-cache.ts"
import { type TcpFingerprint } from "./fingerprint.ts"
import { type Direction, REQUEST } from "../direction.ts"
import { printSignature } from "../signature/signature.ts"

const P0F_FP = "/etc/p0f/p0f.fp"

function someDatabase(): Database {
  if (existsSync(P0F_FP))
    return readDatabases([{ name: P0F_FP, text: readFileSync(P0F_FP, "utf8") }], "modern").database!
  const random = seededRandom(3)
  let text = "classes = unix\n[tcp:request]\nlabel = s:unix:A:\n"
  for (let i = 0; i < 100; i++) text += `sig = ${printSignature(randomSignature(random))}\n`
  return readDatabases([{ name: "random.fp", text }], "modern").database!
}

const everything = (fingerprint: TcpFingerprint): unknown => [
  fingerprint.direction,
  fingerprint.rawSignature,
  fingerprint.ver,
  fingerprint.ttl,
  fingerprint.tos,
  fingerprint.mss,
  fingerprint.win,
  fingerprint.wscale,
  fingerprint.quirks,
  fingerprint.layoutHash,
  fingerprint.match?.line,
  fingerprint.fuzzy,
  fingerprint.dist,
  fingerprint.os,
  fingerprint.osMatchQ,
  fingerprint.link,
  fingerprint.linkMtu,
  fingerprint.sendsyn,
  new TextDecoder().decode(fingerprint.logSuffix),
  new TextDecoder().decode(fingerprint.sendsynLogSuffix),
  new TextDecoder().decode(fingerprint.mtuLogSuffix)
]

test("never gives one fingerprint's answer to another: packets through a memo of 128 and through none", () => {
  const database = someDatabase()
  const random = seededRandom(11)
  const remembering = new Matcher(database, "modern", 128)
  const lines = database.requests
  // Few enough packets that many come again, more than the cache holds.
  const packets = Array.from({ length: 600 }, () => {
    const packet = new Packet()
    fillNearPacket(random, random.pick(lines).signature, packet)
    return packet
  })
  // This matcher caches the last fingerprint only, and no two in a row are alike.
  const forgetting = new Matcher(database, "modern", 1)
  const fresh = packets.map((packet) => {
    const request = everything(forgetting.fingerprintOf(packet, REQUEST, 0))
    const response = everything(forgetting.fingerprintOf(packet, 1, 1380))
    return [request, response] as const
  })
  const all = rounds(60_000)
  for (let i = 0; i < all; i++) {
    // Squared: some packets are common, others rare.
    const at = Math.floor((random.below(1000) * random.below(1000) * packets.length) / 1_000_000)
    const direction = random.below(2) as Direction
    const fingerprint = remembering.fingerprintOf(packets[at]!, direction, direction * 1380)
    if (i % 20 === 0) expect(everything(fingerprint)).toEqual(fresh[at]![direction])
    else expect(fingerprint.rawSignature).toBe((fresh[at]![direction] as Array<string>)[1]!)
  }
  const { hits, misses, evictions } = remembering.stats
  expect(hits + misses).toBe(all)
  expect(hits).toBeGreaterThan(rounds(5000))
  expect(evictions).toBeGreaterThan(rounds(5000))
})

test("gives the same object while the fingerprint is remembered, by packet and by key", () => {
  const matcher = new Matcher(someDatabase(), "modern", 4)
  const packet = new Packet()
  packet.ver = 4
  packet.ttl = 57
  packet.layout.set([2, 4, 8, 1, 3])
  packet.layoutLength = 5
  const fingerprint = matcher.fingerprintOf(packet, REQUEST, 0)
  fingerprint.encoded = Uint8Array.of(1)
  // Bytes behind layoutLength are another packet's.
  packet.layout[5] = 99
  expect(matcher.fingerprintOf(packet, REQUEST, 0)).toBe(fingerprint)
  const keys = new Int32Array(KEY_WORDS * 2)
  matcher.copyKey(matcher.lookup(packet, REQUEST, 0), keys, KEY_WORDS)
  expect(matcher.fingerprintOfKey(keys, KEY_WORDS)).toBe(fingerprint)
  expect(matcher.stats).toEqual({ hits: 3, misses: 1, evictions: 0, fingerprints: 1, capacity: 4 })
})

test("every field that a fingerprint depends on makes another key", () => {
  const base = new Packet()
  base.ver = 4
  base.layoutLength = 5
  const changes: ReadonlyArray<(packet: Packet) => void> = [
    (packet) => (packet.ver = 6),
    (packet) => (packet.ttl = 1),
    (packet) => (packet.ttl = 255),
    (packet) => (packet.olen = 40),
    (packet) => (packet.tos = 63),
    (packet) => (packet.mss = 0xffff),
    (packet) => (packet.mss = 1),
    (packet) => (packet.win = 0xffff),
    (packet) => (packet.win = 1),
    (packet) => (packet.wscale = 255),
    (packet) => (packet.wscale = 1),
    (packet) => (packet.ts1 = -1),
    (packet) => (packet.layoutLength = 24),
    (packet) => (packet.layoutLength = 4),
    ...Array.from({ length: 5 }, (_, at) => (packet: Packet) => (packet.layout[at] = 255)),
    (packet) => (packet.pad = 39),
    (packet) => (packet.pad = 1),
    ...Array.from({ length: 17 }, (_, bit) => (packet: Packet) => (packet.quirks = 1 << bit)),
    (packet) => (packet.totHdr = 120),
    (packet) => (packet.payloadLength = 1)
  ]
  const seen = new Set<string>()
  const key = new Int32Array(KEY_WORDS)
  const note = (packet: Packet, direction: Direction, peerMss: number): void => {
    writeKey(packet, direction, peerMss, key, 0)
    seen.add(key.join(" "))
  }
  note(base, 0, 0)
  note(base, 1, 0)
  note(base, 1, 1)
  note(base, 1, 0xffff)
  for (const change of changes) {
    const packet = new Packet()
    const { layout, layoutWords } = packet
    Object.assign(packet, base, { layout, layoutWords })
    change(packet)
    note(packet, 0, 0)
  }
  expect(seen.size).toBe(changes.length + 4)
})

test("distinct fingerprints without end leave the cache at its size, and the common ones in it", () => {
  const matcher = new Matcher(someDatabase(), "modern", 1024)
  const common = Array.from({ length: 64 }, (_, at) => {
    const packet = new Packet()
    packet.ver = 4
    packet.ttl = at
    packet.layoutLength = 1
    packet.layout[0] = 2
    return packet
  })
  const flood = new Packet()
  flood.ver = 4
  flood.layoutLength = 8
  let kept = 0
  for (let i = 0; i < rounds(1_000_000); i++) {
    flood.win = i & 0xffff
    flood.mss = i >> 16
    flood.layout[7] = i & 255
    matcher.fingerprintOf(flood, REQUEST, 0)
    if (i % 4 !== 0) continue
    const { misses } = matcher.stats
    matcher.fingerprintOf(common[(i >> 2) % 64]!, REQUEST, 0)
    if (matcher.stats.misses === misses) kept++
  }
  const { fingerprints, capacity, misses, evictions } = matcher.stats
  expect([fingerprints, capacity]).toEqual([1024, 1024])
  expect(misses - evictions).toBe(1024)
  expect(kept).toBeGreaterThan(rounds(248_000))
})

test("its tables do not grow, and survive any order of adding and evicting", () => {
  const memo = new FingerprintCache(100, "modern")
  const { bytes } = memo
  expect(bytes).toBe(256 * 4 + 100 * 16 * 4 + 100 * 4 + 100)
  const random = seededRandom(5)
  const key = new Int32Array(KEY_WORDS)
  const fingerprints = new Map<number, TcpFingerprint>()
  let found = 0
  for (let i = 0; i < 100_000; i++) {
    key[0] = random.below(300)
    // A poor hash: long runs of entries, so that unlinking has something to move.
    const crowded = hashKey(key, 0) & 7
    const known = memo.get(key, 0, crowded)
    if (known !== undefined) {
      expect(known).toBe(fingerprints.get(key[0])!)
      found++
      continue
    }
    const fingerprint = { ttl: key[0] } as TcpFingerprint
    fingerprints.set(key[0], fingerprint)
    memo.add(key, 0, crowded, fingerprint)
    expect(memo.get(key, 0, crowded)).toBe(fingerprint)
    if (i % 500 !== 499 || memo.size < 100) continue
    let there = 0
    for (key[0] = 0; key[0] < 300; key[0]++) if (memo.get(key, 0, hashKey(key, 0) & 7) !== undefined) there++
    expect(there).toBe(100)
  }
  expect(found).toBeGreaterThan(20_000)
  expect(memo.size).toBe(100)
  expect(memo.bytes).toBe(bytes)
})

test("keys that differ in one word are different keys, even under one hash", () => {
  const memo = new FingerprintCache(32, "modern")
  const key = new Int32Array(KEY_WORDS)
  const fingerprints = Array.from({ length: KEY_WORDS * 2 }, (_, ttl) => ({ ttl }) as TcpFingerprint)
  const setKey = (at: number): void => {
    key.fill(0)
    key[at >> 1] = 1 + (at & 1)
  }
  for (const [at, fingerprint] of fingerprints.entries()) {
    setKey(at)
    expect(memo.get(key, 0, 3)).toBeUndefined()
    memo.add(key, 0, 3, fingerprint)
  }
  for (const [at, fingerprint] of fingerprints.entries()) {
    setKey(at)
    expect(memo.get(key, 0, 3)).toBe(fingerprint)
  }
})

test("hashes similar SYNs apart", () => {
  const key = new Int32Array(KEY_WORDS)
  const buckets = new Int32Array(4096)
  for (let ttl = 0; ttl < 64; ttl++) {
    for (let scale = 0; scale < 16; scale++) {
      for (const mss of [1460, 1452, 1440, 1400]) {
        key[0] = (ttl << 15) | (5 << 10)
        key[1] = 64240 | (mss << 16)
        key[2] = 3 | (scale << 17)
        key[4] = 0x01080402
        key[5] = 3
        buckets[hashKey(key, 0) & 4095]!++
      }
    }
  }
  // 4096 keys in 4096 buckets: a random function leaves 36.8 % empty.
  const empty = buckets.filter((count) => count === 0).length
  expect(empty / 4096).toBeGreaterThan(0.3)
  expect(empty / 4096).toBeLessThan(0.42)
})

test("hashes differ from process to process, so that no client can choose keys of one chain", () => {
  const code = `
    const { hashKey } = await import("${import.meta.dir}/fingerprint-cache.ts")
    const key = new Int32Array(10)
    console.log(Array.from({ length: 8 }, (_, n) => ((key[5] = n), hashKey(key, 0) & 4095)).join(" "))`
  const slots = Array.from({ length: 2 }, () => Bun.spawnSync([process.execPath, "-e", code]).stdout.toString())
  expect(slots[0]!.split(" ").length).toBe(8)
  expect(slots[0]).not.toBe(slots[1]!)
})
