/**
 * Matching with random databases: SYNs and SYN+ACKs close to the lines of a random p0f.fp, through the installed p0f and through our
 * p0f mode. The logs are equal to the byte. (Captures of usual stacks with p0f's own database are compared elsewhere.)
 */
import { expect } from "bun:test"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Packet, readDatabases } from "@synprint/core"
import {
  type CapturePacket,
  type Layer,
  type Random,
  type Signature,
  ethernet,
  fillNearPacket,
  printProblem,
  printSignature,
  randomSignature,
  seededRandom,
  tcp,
  writePcap
} from "@synprint/core/testing"
import { requires, testWith } from "../lib/requires.ts"
import { firstDifference, limitsOf, loadMatcher, replay } from "./replay.ts"

const DATABASES = 60
const FLOWS = 150

/** Random lines that p0f loads: what it would refuse as covered is left out. */
function randomDatabase(random: Random): {
  readonly text: string
  readonly lines: ReadonlyArray<ReadonlyArray<Signature>>
} {
  let text = "classes = unix,win\n"
  const lines: Array<ReadonlyArray<Signature>> = []
  for (const section of ["[mtu]\nlabel = link\nsig = 1500\nsig = 1440\n[tcp:request]\n", "[tcp:response]\n"]) {
    text += section
    const sigs: Array<Signature> = []
    for (let label = 0; label < 15; label++) {
      const generic = random.once(3) ? "g" : "s"
      const of = random.once(4)
        ? `label = ${generic}:!:App:${label}\nsys = @unix\n`
        : `label = ${generic}:unix:Name ${label % 4}:${label}\n`
      text += of
      for (let line = random.below(4); line > 0; line--) {
        const signature = randomSignature(random)
        // p0f loses the first digit of olen after `N-`; the packets are made from what it reads.
        const read = { ...signature, olen: signature.badTtl ? 0 : signature.olen }
        const longer = `${text}sig = ${printSignature(signature)}\n`
        if (readDatabases([{ name: "x", text: longer }], "p0f").problems.length > 0) continue
        text = longer
        sigs.push(read)
      }
    }
    lines.push(sigs)
  }
  return { text, lines }
}

const has = (packet: Packet, quirk: number): boolean => (packet.quirks & (1 << quirk)) !== 0

/** Options of these kinds, whole as far as 40 bytes go. */
function optionBytes(random: Random, packet: Packet): Uint8Array {
  const bytes: Array<number> = []
  for (let at = 0; at < packet.layoutLength; at++) {
    const kind = packet.layout[at]!
    if (kind === 0) {
      bytes.push(0)
      while (bytes.length % 4 !== 0) bytes.push(0)
      break
    }
    if (kind === 1) bytes.push(1)
    else if (kind === 2) bytes.push(2, 4, packet.mss >> 8, packet.mss & 255)
    else if (kind === 3) bytes.push(3, 3, packet.wscale)
    else if (kind === 8)
      bytes.push(8, 10, packet.ts1 === 0 ? 0 : random.below(255), 0, 0, packet.ts1 === 0 ? 0 : 1, 0, 0, 0, 0)
    else bytes.push(kind, 2)
  }
  return Uint8Array.from(bytes.slice(0, 40))
}

function frame(random: Random, packet: Packet, flow: number, isResponse: boolean): Layer {
  const ver = packet.ver === 6 ? 6 : 4
  const host = (net: string, at: number): string =>
    ver === 4 ? `10.${net}.${at >> 8}.${at & 255}` : `fd00:${net}::${(at + 1).toString(16)}`
  const client = host("1", flow % 40)
  const server = host("2", flow % 7)
  const ecn = has(packet, 3) ? random.pick([2, 3]) : 0
  return ethernet(
    tcp({
      ver,
      src: isResponse ? server : client,
      dst: isResponse ? client : server,
      sport: isResponse ? 443 : 20_000 + flow,
      dport: isResponse ? 20_000 + flow : 443,
      ttl: packet.ttl,
      df: has(packet, 0),
      id: has(packet, 1) || (!has(packet, 0) && !has(packet, 2)) ? 1 + random.below(65535) : 0,
      mbz: has(packet, 4),
      tos: (packet.tos << 2) | ecn,
      flowLabel: has(packet, 5) ? 0x12345 : 0,
      ...(ver === 4 && packet.olen > 0 ? { ipOptions: new Uint8Array(packet.olen).fill(1) } : {}),
      seq: has(packet, 6) ? 0 : 1 + random.below(0x7fffffff),
      ack: isResponse ? (has(packet, 8) ? 0 : 77) : has(packet, 7) ? 0x01000000 : 0,
      flags: `S${isResponse ? "A" : ""}${has(packet, 10) ? "U" : ""}${has(packet, 11) ? "P" : ""}`,
      urg: has(packet, 9) ? 5 : 0,
      win: packet.win,
      options: optionBytes(random, packet),
      payload: packet.payloadLength > 0 ? "data" : ""
    })
  )
}

function capture(random: Random, lines: ReadonlyArray<ReadonlyArray<Signature>>): Uint8Array {
  const packets: Array<CapturePacket> = []
  const packet = new Packet()
  let sec = 1_700_000_000
  for (let flow = 0; flow < FLOWS; flow++) {
    if (random.once(3)) sec += random.below(3)
    fillNearPacket(random, random.pick(lines[0]!), packet)
    const { ver } = packet
    packets.push({ bytes: frame(random, packet, flow, false).bytes, sec })
    if (random.once(3)) continue
    fillNearPacket(random, random.pick(lines[1]!), packet)
    packet.ver = ver
    packets.push({ bytes: frame(random, packet, flow, true).bytes, sec, nsec: 1_000_000 })
  }
  return writePcap(packets)
}

testWith(
  [requires.binaries("p0f")],
  `p0f and we write the same log with ${DATABASES} random databases`,
  () => {
    const directory = mkdtempSync(join(tmpdir(), "synprint-matching-"))
    try {
      const seen = { known: 0, unknown: 0, generic: 0, fuzzy: 0, random_ttl: 0, excess_dist: 0, app: 0, response: 0 }
      for (let seed = 0; seed < DATABASES; seed++) {
        const random = seededRandom(seed)
        const { text, lines } = randomDatabase(random)
        const path = join(directory, `${seed}.fp`)
        const pcap = join(directory, `${seed}.pcap`)
        const log = join(directory, `${seed}.log`)
        const bytes = capture(random, lines)
        writeFileSync(path, text)
        writeFileSync(pcap, bytes)
        const env = { ...process.env, TZ: "UTC" }
        const run = Bun.spawnSync(["p0f", "-f", path, "-r", pcap, "-o", log], { stdout: "pipe", stderr: "pipe", env })
        const why = readDatabases([{ name: path, text }], "p0f").problems.map(printProblem)
        expect({ seed, exitCode: run.exitCode, why }).toEqual({ seed, exitCode: 0, why: [] })
        const theirs = readFileSync(log, "latin1")
        const ours = replay(bytes, loadMatcher(path, 64), limitsOf([])).text
        expect({ seed, difference: firstDifference(ours, theirs) }).toEqual({ seed, difference: undefined })
        for (const line of theirs.split("\n").filter((entry) => entry.includes("|raw_sig="))) {
          seen[line.includes("=???") ? "unknown" : "known"]++
          for (const word of ["generic", "fuzzy", "random_ttl", "excess_dist"] as const)
            if (line.includes(word)) seen[word]++
          if (line.includes("|app=")) seen.app++
          if (line.includes("mod=syn+ack")) seen.response++
        }
      }
      for (const [kind, count] of Object.entries(seen)) expect(`${kind} ${count > 50}`).toBe(`${kind} true`)
    } finally {
      rmSync(directory, { recursive: true })
    }
  },
  60_000
)
