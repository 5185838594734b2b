/**
 * Cost of the matcher per packet, beside a `Map<string, object>` lookup in the same run: what a memo keyed by text would cost at
 * least, without making the text.
 *
 *   hit      fingerprint known, 64 fingerprints in turn         new      every SYN a new fingerprint, memo full
 *   log hit  the same and its log suffix            new+log  the same and its log suffix made
 *
 * Medians of 7 runs. `bun packages/core/bench/match.ts [p0f.fp]`
 */
import { existsSync, readFileSync } from "node:fs"
import { readDatabases } from "../src/tcp/database/reader.ts"
import { Matcher } from "../src/tcp/matching/matcher.ts"
import { REQUEST } from "../src/tcp/direction.ts"
import { Packet } from "../src/packet/packet.ts"
import { fillNearPacket } from "../src/testing/near-packet.ts"
import { seededRandom } from "../src/testing/random.ts"

const RUNS = 7
const HITS = 2_000_000
const MISSES = 200_000

const path = process.argv.slice(2).find((word) => !word.startsWith("-")) ?? "/etc/p0f/p0f.fp"
if (!existsSync(path)) {
  console.error(`match: cannot read ${path}: it is not there (apt-get install p0f, or name another p0f.fp)`)
  process.exit(1)
}
const { database, problems } = readDatabases([{ name: path, text: readFileSync(path, "utf8") }], "p0f")
if (database === undefined) throw new Error(problems[0]?.message)

const random = seededRandom(1)
const packets = Array.from({ length: 64 }, () => {
  const packet = new Packet()
  fillNearPacket(random, random.pick(database.requests).signature, packet)
  return packet
})

/** Nanoseconds per call, median of RUNS after one run to warm up. */
function measure(count: number, run: (count: number) => number): number {
  const times: Array<number> = []
  let sink = run(count)
  for (let i = 0; i < RUNS; i++) {
    const start = performance.now()
    sink += run(count)
    times.push(((performance.now() - start) * 1e6) / count)
  }
  if (sink === 0.5) console.log(sink)
  return times.sort((a, b) => a - b)[RUNS >> 1]!
}

const warm = new Matcher(database, "p0f", 4096)
const cold = new Matcher(database, "p0f", 4096)

const texts = packets.map((packet) => warm.fingerprintOf(packet, REQUEST, 0).rawSignature)
const byText = new Map(texts.map((text, at) => [text, { at }]))
// Copies: a lookup by the very same string object would skip the comparison.
const questions = texts.map((text) => JSON.parse(JSON.stringify(text)) as string)

const map = measure(HITS, (count) => {
  let sum = 0
  for (let i = 0; i < count; i++) sum += byText.get(questions[i & 63]!)!.at
  return sum
})
const hit = measure(HITS, (count) => {
  let sum = 0
  for (let i = 0; i < count; i++) sum += warm.fingerprintOf(packets[i & 63]!, REQUEST, 0).dist
  return sum
})
const logHit = measure(HITS, (count) => {
  let sum = 0
  for (let i = 0; i < count; i++) sum += warm.fingerprintOf(packets[i & 63]!, REQUEST, 0).logSuffix.length
  return sum
})

let salt = 0
/** A packet whose fingerprint was not seen for four million others: MSS, DSCP and the timestamp carry a counter. */
function fresh(i: number): Packet {
  const packet = packets[i & 63]!
  salt = (salt + 1) & 0xffffff
  packet.mss = salt & 0xffff
  packet.tos = (salt >> 16) & 63
  packet.ts1 = salt >> 22
  return packet
}
const miss = measure(MISSES, (count) => {
  let sum = 0
  for (let i = 0; i < count; i++) sum += cold.fingerprintOf(fresh(i), REQUEST, 0).dist
  return sum
})
const logMiss = measure(MISSES, (count) => {
  let sum = 0
  for (let i = 0; i < count; i++) sum += cold.fingerprintOf(fresh(i), REQUEST, 0).logSuffix.length
  return sum
})

console.log(`${database.requests.length} request lines of ${path}; fingerprints in memo: ${cold.stats.fingerprints}`)
for (const [name, ns] of Object.entries({
  "Map<string>": map,
  hit,
  "log hit": logHit,
  new: miss,
  "new+log": logMiss
})) {
  console.log(`${name.padEnd(12)} ${ns.toFixed(1).padStart(7)} ns  ${(ns / map).toFixed(2).padStart(6)} x Map<string>`)
}
