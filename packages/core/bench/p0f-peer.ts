/**
 * The peer of `bun run bench signal`: what the installed p0f says of SYNs, each from an address of its own so that none is taken for a
 * retransmission.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { familiesOfLabel } from "../src/tcp/database/stack-family.ts"
import { writePcap } from "../src/testing/capture-writer.ts"
import { synFrame } from "../src/testing/layers.ts"
import type { PacketFields } from "../src/testing/packets.ts"

/** `os=` or `app=` of p0f's log; undefined for `???` and for a packet that it did not report. */
export interface P0fAnswer {
  readonly os: string | undefined
  readonly userland: boolean
  /** Neither generic nor fuzzy. */
  readonly specific: boolean
  /** `link=` of its mtu line. */
  readonly link: string | undefined
}

const SILENT: P0fAnswer = { os: undefined, userland: false, specific: false, link: undefined }
const LINE = /mod=syn\|cli=([^/|]+)\/\d+\|.*?\|(os|app)=([^|]*)\|.*\|params=([^|]*)\|raw_sig=(.*)$/

export interface P0fLine extends P0fAnswer {
  readonly client: string
  readonly rawSignature: string
}

const MTU_LINE = /mod=mtu\|cli=([^/|]+)\/\d+\|.*\|subj=cli\|link=([^|]*)\|/

/** The SYN lines of a log of p0f, each with the link of the mtu line that follows it. */
export function readP0fLog(text: string): ReadonlyArray<P0fLine> {
  const lines: Array<P0fLine> = []
  const links = new Map<string, string>()
  for (const line of text.split("\n")) {
    const [, sender, link = "???"] = MTU_LINE.exec(line) ?? []
    if (sender !== undefined && link !== "???") links.set(sender, link)
  }
  for (const line of text.split("\n")) {
    const [, client = "", key, os = "", params = "", rawSignature = ""] = LINE.exec(line) ?? []
    if (key === undefined) continue
    const isKnown = os !== "???"
    lines.push({
      client,
      rawSignature,
      os: isKnown ? os : undefined,
      userland: key === "app",
      specific: isKnown && !/generic|fuzzy/.test(params),
      link: links.get(client)
    })
  }
  return lines
}

/** Bits of stack-family.ts for an answer of p0f. */
export const familiesOfAnswer = ({ os, userland }: P0fAnswer): number =>
  os === undefined ? 0 : familiesOfLabel(os, undefined, userland)

/** Events that p0f reports for a whole capture. */
export interface P0fEvents {
  readonly hostChanges: number
  readonly ipSharings: number
  readonly uptimes: number
}

/** Runs the installed p0f over a capture and gives its log; undefined when it is not installed. */
function logOfP0f(capture: Uint8Array): string | undefined {
  if (Bun.which("p0f") === null) return undefined
  const directory = mkdtempSync(join(tmpdir(), "synprint-signal-"))
  try {
    const path = join(directory, "syns.pcap")
    const log = join(directory, "p0f.log")
    writeFileSync(path, capture)
    const { exitCode, stderr } = Bun.spawnSync(["p0f", "-r", path, "-o", log], { stdout: "ignore", stderr: "pipe" })
    if (exitCode !== 0) throw new Error(`p0f -r: exit ${exitCode}: ${stderr.toString().trim()}`)
    return readFileSync(log, "latin1")
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Counts p0f's lines about a capture; undefined when it is not installed. */
export function countP0fEvents(capture: Uint8Array): P0fEvents | undefined {
  const log = logOfP0f(capture)
  if (log === undefined) return undefined
  const count = (mod: string): number => log.split(`] mod=${mod}|`).length - 1
  return { hostChanges: count("host change"), ipSharings: count("ip sharing"), uptimes: count("uptime") }
}

/** Answers in the order of the SYNs; undefined when p0f is not installed. */
export function askP0f(syns: ReadonlyArray<PacketFields>): ReadonlyArray<P0fAnswer> | undefined {
  const address = (at: number, ver: number): string =>
    ver === 6 ? `2001:db8:1::${(at + 1).toString(16)}` : `10.1.${(at >> 8) & 255}.${at & 255}`
  const frames = syns.map((syn, at) => ({
    bytes: synFrame({ ...syn, src: address(at, syn.ver ?? 4), dst: syn.ver === 6 ? "2001:db8::7" : "198.51.100.7" }),
    sec: 1_700_000_000 + at
  }))
  const log = logOfP0f(writePcap(frames))
  if (log === undefined) return undefined
  const byClient = new Map(readP0fLog(log).map((line) => [line.client, line]))
  return syns.map((syn, at) => byClient.get(address(at, syn.ver ?? 4)) ?? SILENT)
}
