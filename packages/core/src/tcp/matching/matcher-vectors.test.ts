/**
 * p0f 3.09b's own log lines: every syn, syn+ack, sendsyn and mtu line of the vectors must be what the matcher says of a packet of
 * that flow. Which packets p0f logs, and in which order, is the flow table's matter and tested with it.
 */
import { expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { printIpv4, printIpv6Long } from "../../address/address.ts"
import { CaptureReader } from "../../packet/capture/capture-file.ts"
import { P0fPacketDecoder } from "../../p0f/packet-decoder.ts"
import { Packet, TCP_ACK, TCP_SYN } from "../../packet/packet.ts"
import { VERDICT_TCP } from "../../packet/verdict.ts"
import { sharedFile } from "../../testing/shared.ts"
import { readDatabases } from "../database/reader.ts"
import { Matcher } from "./matcher.ts"
import { type TcpFingerprint } from "./fingerprint.ts"
import { REQUEST, RESPONSE } from "../direction.ts"

const P0F_FP = "/etc/p0f/p0f.fp"
const decoder = new TextDecoder()

function readCapture(path: string, onSyn: (packet: Packet) => void): void {
  const intake = new P0fPacketDecoder()
  const packet = new Packet()
  const reader = new CaptureReader(({ bytes, at, captured, wire, linkType }) => {
    if (intake.decode(bytes, at, captured, wire, linkType, packet) !== VERDICT_TCP) return
    if (packet.type === TCP_SYN || packet.type === (TCP_SYN | TCP_ACK)) onSyn(packet)
  })
  reader.push(readFileSync(path))
  reader.end()
}

function endpoints(packet: Packet): readonly [string, string] {
  const { ver, src0, src1, src2, src3, dst0, dst1, dst2, dst3, sport, dport } = packet
  const src = ver === 4 ? printIpv4(src0) : printIpv6Long(src0, src1, src2, src3)
  const dst = ver === 4 ? printIpv4(dst0) : printIpv6Long(dst0, dst1, dst2, dst3)
  return [`${src}/${sport}`, `${dst}/${dport}`]
}

/** Text that the matcher gives, by mod and flow. */
function said(path: string, matcher: Matcher): Map<string, Set<string>> {
  const answers = new Map<string, Set<string>>()
  const peers = new Map<string, Set<number>>()
  const say = (mod: string, flow: string, suffix: Uint8Array): void => {
    const key = `mod=${mod}|${flow}`
    const texts = answers.get(key) ?? new Set()
    answers.set(key, texts.add(decoder.decode(suffix)))
  }
  readCapture(path, (packet) => {
    const [src, dst] = endpoints(packet)
    if (packet.type === TCP_SYN) {
      const flow = `cli=${src}|srv=${dst}|subj=cli`
      const fingerprint = matcher.fingerprintOf(packet, REQUEST, 0)
      say(fingerprint.sendsyn ? "sendsyn probe" : "syn", flow, fingerprint.logSuffix)
      say("mtu", flow, fingerprint.mtuLogSuffix)
      const seen = peers.get(flow) ?? new Set()
      peers.set(flow, seen.add(packet.mss))
      return
    }
    const client = `cli=${dst}|srv=${src}|subj=cli`
    const flow = `cli=${dst}|srv=${src}|subj=srv`
    for (const peerMss of peers.get(client) ?? []) {
      const fingerprint: TcpFingerprint = matcher.fingerprintOf(packet, RESPONSE, peerMss)
      say("syn+ack", flow, fingerprint.logSuffix)
      say("sendsyn response", flow, fingerprint.sendsynLogSuffix)
      say("mtu", flow, fingerprint.mtuLogSuffix)
    }
  })
  return answers
}

const directory = sharedFile("vectors/p0f")
const missing = directory === undefined || !existsSync(P0F_FP)
if (!existsSync(P0F_FP)) process.stderr.write(`skipped: ${P0F_FP} is not there (apt-get install p0f)\n`)

const LINE =
  /^\[[^\]]*\] (mod=(syn|syn\+ack|sendsyn probe|sendsyn response|mtu)\|cli=[^|]*\|srv=[^|]*\|subj=...)(\|.*)$/

test.skipIf(missing)("says of every packet what p0f's logs say", () => {
  const database = readDatabases([{ name: P0F_FP, text: readFileSync(P0F_FP, "utf8") }], "p0f").database!
  const counts = new Map<string, number>()
  for (const folder of [directory!, `${directory}/fuzz`]) {
    for (const name of readdirSync(folder).filter((file) => file.endsWith(".pcap"))) {
      const logName = folder === directory ? name.replace(/pcap$/, "p0f.log") : `${name}.log`
      const log = readFileSync(`${folder}/${logName}`, "utf8")
      const answers = said(`${folder}/${name}`, new Matcher(database, "p0f", 64))
      for (const line of log.split("\n")) {
        const parts = LINE.exec(line)
        if (parts === null) continue
        const [, key, mod, suffix] = parts as unknown as [string, string, string, string]
        const texts = [...(answers.get(key) ?? [])]
        if (!texts.includes(suffix)) expect({ name, key, texts }).toEqual({ name, key, texts: [suffix] })
        counts.set(mod, (counts.get(mod) ?? 0) + 1)
      }
    }
  }
  // The whole corpus: 6274 lines, each compared byte for byte.
  expect(Object.fromEntries(counts)).toEqual({
    syn: 2106,
    "syn+ack": 1092,
    "sendsyn probe": 123,
    "sendsyn response": 69,
    mtu: 2884
  })
})

const cases = sharedFile("vectors/syn-cases/c.pcap")

test.skipIf(cases === undefined)("prints the raw signatures of the SYN cases", () => {
  const empty = readDatabases([], "p0f").database!
  const matcher = new Matcher(empty, "p0f", 1)
  const printed: Array<string> = []
  readCapture(cases!, (packet) =>
    printed.push(`${packet.sport} ${matcher.fingerprintOf(packet, REQUEST, 0).rawSignature}`)
  )
  const expected = readFileSync(cases!.replace("c.pcap", "sig.txt"), "utf8").trim().split("\n")
  expect(expected.length).toBeGreaterThan(37)
  expect(printed).toEqual(expected)
})
