/**
 * Shared by the parity tests: a capture through our p0f mode, and p0f's log of the same capture.
 */
import { readFileSync } from "node:fs"
import {
  BATCH_BYTES,
  BatchFeed,
  CaptureReader,
  DecodedBatch,
  FrameDecoder,
  Matcher,
  Observer,
  P0fLog,
  readDatabases
} from "@synprint/core"

/** Debian's database, LGPL: read where it lies, never copied. */
export const P0F_DATABASE = "/etc/p0f/p0f.fp"

export function loadMatcher(path = P0F_DATABASE, capacity = 4096): Matcher {
  const reading = readDatabases([{ name: path, text: readFileSync(path, "utf8") }], "p0f")
  if (reading.database === undefined) throw new Error(`${path}: ${JSON.stringify(reading.problems)}`)
  return new Matcher(reading.database, "p0f", capacity)
}

export interface ReplayLimits {
  readonly maxFlows: number
  readonly maxHosts: number
  readonly flowAgeSeconds: number
  readonly hostIdleMinutes: number
}

/** p0f's defaults, changed by its -m FLOWS,HOSTS and -t SECONDS,MINUTES. */
export function limitsOf(args: ReadonlyArray<string>): ReplayLimits {
  const pair = (option: string, first: number, second: number): [number, number] => {
    const at = args.indexOf(option)
    if (at < 0) return [first, second]
    const [a, b] = args[at + 1]!.split(",").map(Number)
    return [a!, b!]
  }
  const [maxFlows, maxHosts] = pair("-m", 1000, 10000)
  const [flowAgeSeconds, hostIdleMinutes] = pair("-t", 30, 120)
  return { maxFlows, maxHosts, flowAgeSeconds, hostIdleMinutes }
}

/** Decoding by the observer itself, or ahead of it in batches, as another thread does for large files. */
export type Decoding = "itself" | "ahead"

/** The observer after a replay, and the lines it wrote. */
export function replay(
  capture: Uint8Array,
  matcher: Matcher,
  limits: ReplayLimits,
  decoding: Decoding = "itself"
): { readonly observer: Observer; readonly text: string } {
  const parts: Array<string> = []
  const text = new TextDecoder("latin1")
  const log = new P0fLog((bytes) => parts.push(text.decode(bytes)))
  const observer = new Observer({ mode: "p0f", matcher, log, ...limits })
  const taker = decoding === "itself" ? observer : decoderFor(observer)
  const reader = new CaptureReader((frame) => taker.frame(frame), { asLibpcap: true })
  reader.push(capture)
  reader.end()
  if (taker instanceof FrameDecoder) taker.end(new Uint8Array(0))
  log.flush()
  return { observer, text: parts.join("") }
}

function decoderFor(observer: Observer): FrameDecoder {
  const feed = new BatchFeed(observer)
  const batch = new DecodedBatch(new SharedArrayBuffer(BATCH_BYTES), 0)
  return new FrameDecoder(true, batch, (full) => {
    feed.take(full)
    full.clear()
    return full
  })
}

/** First line that differs, with its number; undefined when the texts are equal. */
export function firstDifference(ours: string, theirs: string): string | undefined {
  if (ours === theirs) return undefined
  const a = ours.split("\n")
  const b = theirs.split("\n")
  let at = 0
  while (a[at] === b[at]) at++
  return `line ${at + 1} of ${a.length - 1} (p0f: ${b.length - 1})\n ours: ${a[at]}\n p0f:  ${b[at]}`
}
