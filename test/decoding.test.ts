/**
 * Every SYN and SYN+ACK that an independent decoder found in the shared captures (`X.syn.tsv` beside each, tunnels included) is read
 * the same by decodeFrame; rows that it marks as odd are judged the same way, and it finds no SYN that the tables don't hold.
 *
 * The column p0f_sig_ittl holds the true quirks, p0f_raw_sig those of p0f (ack+ by bit 24 of the number alone).
 */
import { expect, test } from "bun:test"
import {
  CaptureReader,
  Packet,
  REQUEST,
  RESPONSE,
  TCP_ACK,
  TCP_SYN,
  VERDICT_TCP,
  VERDICT_TRUNCATED
} from "@synprint/core"
import {
  P0fPacketDecoder,
  SHARED,
  decodeFrame,
  printIpv4,
  printIpv6,
  printRawSignature,
  sharedFile
} from "@synprint/core/testing"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

interface Row {
  readonly [column: string]: string
}

/** A packet as the tables write it. */
interface Read {
  readonly type: string
  readonly src: string
  readonly sport: string
  readonly dst: string
  readonly dport: string
  readonly ttl: string
  readonly win: string
  readonly mss: string
  readonly ts1: string
  readonly signature: string
}

const roots = ["pcaps", "malformed"].filter((root) => sharedFile(root) !== undefined)
const tables = roots.flatMap((root) =>
  readdirSync(join(SHARED, root), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".syn.tsv"))
    .map((name) => join(root, name))
    .toSorted()
)

function readRows(path: string): ReadonlyArray<Row> {
  const [head, ...lines] = readFileSync(path, "utf8").trimEnd().split("\n")
  const columns = head!.split("\t")
  return lines.map((line) => Object.fromEntries(line.split("\t").map((value, i) => [columns[i]!, value])))
}

function endpoints(packet: Packet): { src: string; dst: string } {
  return packet.ver === 4
    ? { src: printIpv4(packet.src0), dst: printIpv4(packet.dst0) }
    : {
        src: printIpv6(packet.src0, packet.src1, packet.src2, packet.src3),
        dst: printIpv6(packet.dst0, packet.dst1, packet.dst2, packet.dst3)
      }
}

/** Notes SYNs and SYN+ACKs as the tables write them; a SYN+ACK is printed with the MSS of its SYN known. */
class SynLog {
  readonly syns = new Map<number, Read>()
  readonly #mss = new Map<string, number>()

  note(frame: number, packet: Packet): void {
    if (packet.type !== TCP_SYN && packet.type !== (TCP_SYN | TCP_ACK)) return
    const isSyn = packet.type === TCP_SYN
    const { src, dst } = endpoints(packet)
    if (isSyn) this.#mss.set(`${src} ${packet.sport} ${dst} ${packet.dport}`, packet.mss)
    const peerMss = isSyn ? 0 : (this.#mss.get(`${dst} ${packet.dport} ${src} ${packet.sport}`) ?? 0)
    this.syns.set(frame, {
      type: isSyn ? "S" : "SA",
      src,
      sport: String(packet.sport),
      dst,
      dport: String(packet.dport),
      ttl: String(packet.ttl),
      win: String(packet.win),
      mss: String(packet.mss),
      ts1: String(packet.ts1 >>> 0),
      signature: printRawSignature(packet, isSyn ? REQUEST : RESPONSE, peerMss)
    })
  }
}

interface Capture {
  /** Frames whose innermost packet is a SYN or SYN+ACK, by number from 1. */
  readonly syns: Map<number, Read>
  readonly verdicts: Map<number, number>
  /** Frames whose payload was cut off by the snaplen. */
  readonly cut: Set<number>
}

function readCapture(path: string): Capture {
  const packet = new Packet()
  const log = new SynLog()
  const verdicts = new Map<number, number>()
  const cut = new Set<number>()
  let frame = 0
  const reader = new CaptureReader(({ bytes, at, captured, wire, linkType }) => {
    const verdict = decodeFrame(bytes, at, captured, wire, linkType, packet)
    verdicts.set(++frame, verdict)
    if (verdict !== VERDICT_TCP) return
    if (packet.payloadCaptured < packet.payloadLength) cut.add(frame)
    log.note(frame, packet)
  })
  reader.push(readFileSync(path))
  reader.end()
  return { syns: log.syns, verdicts, cut }
}

function readAsP0f(path: string): Map<number, Read> {
  const packet = new Packet()
  const intake = new P0fPacketDecoder()
  const log = new SynLog()
  let frame = 0
  const reader = new CaptureReader(
    ({ bytes, at, captured, wire, linkType }) => {
      frame++
      if (intake.decode(bytes, at, captured, wire, linkType, packet) === VERDICT_TCP) log.note(frame, packet)
    },
    { asLibpcap: true }
  )
  reader.push(readFileSync(path))
  reader.end()
  return log.syns
}

/** The signature of a row with its true quirks. */
function trueSignature(row: Row): string {
  const fields = row["p0f_raw_sig"]!.split(":")
  fields[6] = row["p0f_sig_ittl"]!.split(":")[6]!
  return fields.join(":")
}

/** Differences between a row and the packet that was read, as texts; empty if they agree. */
function differences(row: Row, read: Read): ReadonlyArray<string> {
  const found: Array<string> = []
  for (const column of ["type", "src", "sport", "dst", "dport", "ttl", "win", "mss", "ts1"] as const) {
    // The tables write "-" for an absent MSS.
    const expected = row[column] === "-" ? "0" : row[column]!
    if (read[column] !== expected) found.push(`${column}: ${read[column]}, expected ${expected}`)
  }
  if (read.signature !== trueSignature(row)) found.push(`signature: ${read.signature}, expected ${trueSignature(row)}`)
  return found
}

const isMissing = roots.length === 0
const skipReason = isMissing ? ` (skipped: no captures in ${SHARED})` : ""

test.skipIf(isMissing)(`every row of every syn.tsv is reproduced, and no SYN more${skipReason}`, () => {
  const wrong: Array<string> = []
  const counts = new Map<string, number>()
  let beyondLinks = 0
  for (const table of tables) {
    const { syns, verdicts, cut } = readCapture(join(SHARED, table.slice(0, -".syn.tsv".length)))
    for (const row of readRows(join(SHARED, table))) {
      const frame = Number(row["frame"])
      const status = row["status"]!
      counts.set(status, (counts.get(status) ?? 0) + 1)
      if (row["encap"]!.split("/").length > 2) beyondLinks++
      const read = syns.get(frame)
      syns.delete(frame)
      const where = `${table} frame ${frame} (${row["encap"]}, ${status})`
      // trunc: p0f drops what is shorter than its IP length. Cut by the snaplen it is whole to us; shorter on the wire it is not.
      if (status === "trunc" && !(read === undefined ? verdicts.get(frame) === VERDICT_TRUNCATED : cut.has(frame)))
        wrong.push(`${where}: not judged truncated, verdict ${verdicts.get(frame)}`)
      if (status === "trunc" && read === undefined) continue
      if (read === undefined) wrong.push(`${where}: verdict ${verdicts.get(frame)} instead of a SYN`)
      else wrong.push(...differences(row, read).map((text) => `${where}: ${text}`))
    }
    for (const [frame, read] of syns)
      wrong.push(`${table} frame ${frame}: a SYN that the table lacks: ${read.signature}`)
  }
  const compared = [...counts.values()].reduce((sum, count) => sum + count, 0)
  console.log(
    `decoding: ${compared} rows of ${tables.length} tables compared (${[...counts].map(([status, count]) => `${status} ${count}`).join(", ")}; ${beyondLinks} behind tags or tunnels)`
  )
  expect(wrong).toEqual([])
  expect(compared).toBeGreaterThan(0)
})

test.skipIf(isMissing)(`what p0f's own intake reads carries p0f's raw signature${skipReason}`, () => {
  const wrong: Array<string> = []
  let compared = 0
  for (const table of tables) {
    const rows = new Map(readRows(join(SHARED, table)).map((row) => [row["frame"]!, row]))
    for (const [frame, read] of readAsP0f(join(SHARED, table.slice(0, -".syn.tsv".length)))) {
      compared++
      const row = rows.get(String(frame))
      // Behind a tunnel p0f reads the outer packet; the tables the inner one.
      if (row === undefined || read.signature !== row["p0f_raw_sig"])
        wrong.push(`${table} frame ${frame}: ${read.signature}, expected ${row?.["p0f_raw_sig"] ?? "no SYN"}`)
    }
  }
  console.log(`decoding: ${compared} SYNs and SYN+ACKs read as p0f does`)
  expect(wrong).toEqual([])
  expect(compared).toBeGreaterThan(0)
})

const cases = sharedFile("vectors/syn-cases")

test.skipIf(cases === undefined)("vectors/syn-cases: 38 SYNs get p0f's own raw signature, SYN+FIN none", () => {
  const answers = new Map(
    readFileSync(join(cases!, "sig.txt"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ") as [string, string])
  )
  const read = new Map([...readAsP0f(join(cases!, "c.pcap")).values()].map((one) => [one.sport, one.signature]))
  expect(Object.fromEntries(read)).toEqual(Object.fromEntries(answers))
  console.log(`decoding: ${read.size} of vectors/syn-cases compared`)
})

test.skipIf(isMissing)(`captures without a table hold no SYN${skipReason}`, () => {
  const wrong: Array<string> = []
  let captures = 0
  for (const root of roots) {
    for (const name of readdirSync(join(SHARED, root), { recursive: true, encoding: "utf8" })) {
      if (!/\.pcap(ng)?$/.test(name) || tables.includes(join(root, `${name}.syn.tsv`))) continue
      captures++
      for (const [frame, read] of readCapture(join(SHARED, root, name)).syns)
        wrong.push(`${root}/${name} frame ${frame}: ${read.type} ${read.src} ${read.signature}`)
    }
  }
  console.log(`decoding: ${captures} captures without a table read`)
  expect(wrong).toEqual([])
  expect(captures).toBeGreaterThan(0)
})
