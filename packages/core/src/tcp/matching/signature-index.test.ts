import { expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { Packet } from "../../packet/packet.ts"
import { QUIRK_DF, QUIRK_ECN, QUIRK_FLOW, QUIRK_NZ_ID, QUIRK_NZ_MBZ, QUIRK_ZERO_ID } from "../../packet/quirks.ts"
import { fillNearPacket, randomSignature } from "../../testing/near-packet.ts"
import { rounds, seededRandom } from "../../testing/random.ts"
import { readDatabases } from "../database/reader.ts"
import type { Database, TcpSignature } from "../database/database.ts"
import { KEY_WORDS, writeKey } from "./fingerprint-key.ts"
import { type Direction, REQUEST, RESPONSE } from "../direction.ts"
import { SignatureIndex } from "./signature-index.ts"
import { largestMssMultiple, printSignature, QUIRK_SEQ_DST } from "../signature/signature.ts"
import { type Mode } from "../mode.ts"
import { detectMultiplier } from "../signature/window.ts"

interface Outcome {
  readonly line: TcpSignature | undefined
  readonly fuzzy: boolean
  readonly dist: number
}

function guess(ttl: number): number {
  return (ttl <= 32 ? 32 : ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255) - ttl
}

function sameLayout(layout: Uint8Array, packet: Packet): boolean {
  if (layout.length !== packet.layoutLength) return false
  for (let at = 0; at < layout.length; at++) if (layout[at] !== packet.layout[at]) return false
  return true
}

/** Windows of Ethernet, PPPoE, jumbo frames and Google Cloud, by IP version. */
function isClamped(win: number, mss: number): boolean {
  if (win === 65535 || win === largestMssMultiple(mss)) return false
  const windows = [
    [1460, 44],
    [1440, 45],
    [1452, 45],
    [1432, 45],
    [8961, 7],
    [8941, 7],
    [8960, 7],
    [8940, 7],
    [8856, 7],
    [8836, 7],
    [1420, 46],
    [1400, 46]
  ] as const
  return windows.some(([size, times]) => size > mss && win === size * times)
}

/** Lines in the order in which they win: the later file first, within a file the first line. */
function inOrder(all: ReadonlyArray<TcpSignature>): ReadonlyArray<TcpSignature> {
  const files = [...new Set(all.map((line) => line.fileIndex))].sort((a, b) => b - a)
  return files.flatMap((file) => all.filter((line) => line.fileIndex === file))
}

/** p0f's walk over all lines, written from its description and not from the index: one line after the other, each field in turn. */
function walk(
  lines: ReadonlyArray<TcpSignature>,
  mode: Mode,
  packet: Packet,
  peerMss: number,
  direction: Direction
): Outcome {
  const { ver, ttl, mss, win } = packet
  const found = detectMultiplier(win, mss, packet.ts1 !== 0, ver, packet.totHdr, peerMss)
  let generic: TcpSignature | undefined
  let fuzzyLine: TcpSignature | undefined
  for (const line of lines) {
    const s = line.signature
    if (!sameLayout(s.layout, packet)) continue
    let expected = s.quirks
    let quirks = packet.quirks
    if (s.ver === -1) expected &= ver === 4 ? ~QUIRK_FLOW : ~(QUIRK_DF | QUIRK_NZ_ID | QUIRK_ZERO_ID)
    if (mode === "modern") {
      if (s.ver !== -1 && s.ver !== ver) continue
      if (s.ver === -1 && ver === 6) expected &= ~QUIRK_NZ_MBZ
      expected &= ~QUIRK_FLOW
      quirks &= ~QUIRK_FLOW
    }
    if (mode === "modern") {
      if (ver === 6) expected &= ~QUIRK_SEQ_DST
      if (ver === 4 && direction === REQUEST && packet.seq === packet.dst0) quirks |= QUIRK_SEQ_DST
    }
    let fuzzy = false
    const missing = expected & ~quirks
    const extra = quirks & ~expected & ~s.optional
    if (missing !== 0 || extra !== 0) {
      if (missing & ~(QUIRK_DF | QUIRK_NZ_ID) || extra & ~(QUIRK_ZERO_ID | QUIRK_ECN)) continue
      fuzzy = true
    }
    if (s.pad !== packet.pad || (s.olen !== -1 && s.olen !== packet.olen)) continue
    if (s.badTtl) {
      if (ttl > s.ittl) continue
    } else if (ttl > s.ittl || s.ittl - ttl > 35) fuzzy = true
    if (s.mss !== -1 && s.mss !== mss) continue
    if (s.scale !== -1 && s.scale !== packet.wscale) continue
    if (s.pclass !== -1 && s.pclass !== (packet.payloadLength > 0 ? 1 : 0)) continue
    const window = [
      s.win === win,
      true,
      win % s.win === 0,
      found === s.win * 2,
      found === s.win * 2 + 1,
      win > 0 &&
        win === largestMssMultiple(direction === RESPONSE && packet.ts1 !== 0 ? Math.max(mss - 12, 0) : mss, s.win),
      mss > 0 && isClamped(win, mss),
      win > 0 &&
        packet.wscale <= 14 &&
        win !== s.win * mss &&
        win === Math.floor((s.win * mss) / 2 ** packet.wscale) * 2 ** packet.wscale
    ][s.winType]
    if (!window) continue
    if (fuzzy) fuzzyLine ??= line
    else if (line.label.generic) generic ??= line
    else return { line, fuzzy: false, dist: s.ittl - ttl }
  }
  if (generic !== undefined) return { line: generic, fuzzy: false, dist: generic.signature.ittl - ttl }
  if (fuzzyLine === undefined) return { line: undefined, fuzzy: false, dist: guess(ttl) }
  if (fuzzyLine.label.classId === -1) return { line: undefined, fuzzy: false, dist: mode === "p0f" ? 0 : guess(ttl) }
  const hops = fuzzyLine.signature.ittl - ttl
  const believed = hops >= 0 && (fuzzyLine.signature.badTtl || hops <= 35)
  return { line: fuzzyLine, fuzzy: true, dist: believed ? hops : guess(ttl) }
}

interface Seen {
  exact: number
  generic: number
  fuzzy: number
  userland: number
  none: number
}

/** Compares index and walk on `count` packets; says how many of each outcome there were. */
function compare(database: Database, mode: Mode, count: number, seed: number): Seen {
  const random = seededRandom(seed)
  const index = new SignatureIndex(database, mode)
  const packet = new Packet()
  const key = new Int32Array(KEY_WORDS)
  const ordered = [inOrder(database.requests), inOrder(database.responses)]
  const seen: Seen = { exact: 0, generic: 0, fuzzy: 0, userland: 0, none: 0 }
  for (let i = 0; i < count; i++) {
    const direction = random.below(2) as Direction
    const lines = direction === REQUEST ? database.requests : database.responses
    if (lines.length === 0) continue
    fillNearPacket(random, random.pick(lines).signature, packet)
    const peerMss = direction === RESPONSE ? random.pick([0, 5, 12, 536, 1380, 1460, 65535]) : 0
    writeKey(packet, direction, peerMss, key, 0)
    index.find(key, 0)
    const { fuzzy, dist } = index.found
    const line = lines[index.found.index]
    const expected = walk(ordered[direction]!, mode, packet, peerMss, direction)
    if (line !== expected.line || fuzzy !== expected.fuzzy || dist !== expected.dist) {
      expect({ packet: { ...packet }, line, fuzzy, dist }).toEqual({ packet: { ...packet }, ...expected } as never)
    }
    if (line === undefined) seen.none++
    else if (fuzzy) seen.fuzzy++
    else if (line.label.generic) seen.generic++
    else seen.exact++
    if (line?.label.classId === -1) seen.userland++
  }
  return seen
}

const P0F_FP = "/etc/p0f/p0f.fp"

for (const mode of ["p0f", "modern"] as const) {
  test.skipIf(!existsSync(P0F_FP))(`finds in p0f.fp what a walk over all its lines finds (${mode})`, () => {
    const database = readDatabases([{ name: P0F_FP, text: readFileSync(P0F_FP, "utf8") }], mode).database!
    const seen = compare(database, mode, rounds(200_000), 1)
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(rounds(1000))
  })

  test(`finds in random databases of one to three files what a walk finds (${mode})`, () => {
    const total: Seen = { exact: 0, generic: 0, fuzzy: 0, userland: 0, none: 0 }
    for (let seed = 0; seed < rounds(100); seed++) {
      const random = seededRandom(seed)
      const files = Array.from({ length: 1 + random.below(3) }, (_, file) => {
        let text = "classes = unix,win\n"
        for (const section of ["tcp:request", "tcp:response"]) {
          text += `[${section}]\n`
          for (let label = 0; label < 12; label++) {
            const generic = random.once(3) ? "g" : "s"
            text += random.once(4)
              ? `label = ${generic}:!:App:${label}\nsys = @unix\n`
              : `label = ${generic}:unix:Name:${label}\n`
            for (let line = random.below(4); line > 0; line--)
              text += `sig = ${printSignature(randomSignature(random, mode))}\n`
          }
        }
        return { name: `${file}.fp`, text }
      })
      // p0f refuses covered lines: drop them, as its user would have to.
      let reading = readDatabases(files, mode)
      const covered = new Set(reading.problems.map(({ file, line }) => `${file} ${line}`))
      const kept = files.map(({ name, text }) => ({
        name,
        text: text
          .split("\n")
          .map((line, at) => (covered.has(`${name} ${at + 1}`) ? "" : line))
          .join("\n")
      }))
      reading = readDatabases(kept, mode)
      const seen = compare(reading.database!, mode, 2000, seed + 1000)
      for (const kind of Object.keys(total) as Array<keyof Seen>) total[kind] += seen[kind]
    }
    for (const count of Object.values(total)) expect(count).toBeGreaterThan(rounds(1000))
  })
}

if (!existsSync(P0F_FP)) process.stderr.write(`skipped: ${P0F_FP} is not there (apt-get install p0f)\n`)
