/**
 * A capture of SYNs for the engine benchmark, streamed to a file: many addresses in random order, a mix of stacks as a public web
 * server sees it, every option and field as those stacks send it.
 */
import { closeSync, openSync, writeSync } from "node:fs"
import { pcapHeader } from "../src/testing/capture-writer.ts"
import { seededRandom } from "../src/testing/random.ts"

export interface SynCaptureOptions {
  readonly packets: number
  readonly addresses: number
  /** `mix`: about a dozen stacks behind a few links and distances. `unique`: every SYN has a shape of its own. */
  readonly shapes: "mix" | "unique"
  readonly seed: number
}

interface Stack {
  /** Of 100 SYNs. */
  readonly share: number
  readonly ttl: number
  readonly win: (mss: number) => number
  /** Option bytes; mss at 2, the timestamp found by its kind. */
  readonly options: ReadonlyArray<number>
  readonly id: boolean
  readonly ecn?: boolean
}

const MSS = [2, 4, 0, 0]
const TS = [8, 10, 0, 0, 0, 0, 0, 0, 0, 0]
const largest = (mss: number): number => Math.min(65535, Math.floor(65536 / mss) * mss)

const STACKS: ReadonlyArray<Stack> = [
  { share: 22, ttl: 128, win: largest, options: [...MSS, 1, 3, 3, 8, 1, 1, 4, 2], id: true },
  { share: 8, ttl: 128, win: () => 65535, options: [...MSS, 1, 3, 3, 8, 1, 1, 4, 2], id: true },
  { share: 2, ttl: 128, win: () => 8192, options: [...MSS, 1, 3, 3, 8, 1, 1, 4, 2], id: true },
  { share: 12, ttl: 64, win: largest, options: [...MSS, 4, 2, ...TS, 1, 3, 3, 7], id: true },
  { share: 4, ttl: 64, win: largest, options: [...MSS, 4, 2, ...TS, 1, 3, 3, 10], id: true },
  { share: 20, ttl: 64, win: () => 65535, options: [...MSS, 4, 2, ...TS, 1, 3, 3, 9], id: true },
  {
    share: 18,
    ttl: 64,
    win: () => 65535,
    options: [...MSS, 1, 3, 3, 6, 1, 1, ...TS, 4, 2, 0, 0],
    id: false,
    ecn: true
  },
  { share: 7, ttl: 64, win: () => 65535, options: [...MSS, 1, 3, 3, 5, 1, 1, ...TS, 4, 2, 0, 0], id: false },
  { share: 2, ttl: 64, win: () => 65535, options: [...MSS, 1, 3, 3, 6, 4, 2, ...TS], id: true },
  { share: 2, ttl: 64, win: () => 1024, options: [...MSS], id: true },
  { share: 3, ttl: 255, win: () => 65535, options: [], id: false }
]
const LINKS = [1460, 1460, 1460, 1460, 1460, 1452, 1440, 1412, 1400, 1380, 1360, 1310]

const FRAME_ROOM = 16 + 14 + 40 + 60
const CHUNK_BYTES = 1 << 20

/** Writes the capture and returns its size in bytes. */
export function writeSynCapture(path: string, options: SynCaptureOptions): number {
  const { packets, addresses, shapes } = options
  const random = seededRandom(options.seed)
  const file = openSync(path, "w")
  const out = new Uint8Array(CHUNK_BYTES + FRAME_ROOM)
  const view = new DataView(out.buffer)
  const wheel = STACKS.flatMap((stack) => Array.from({ length: stack.share }, () => stack))
  let size = 0
  let end = 0
  out.set(pcapHeader(), 0)
  end = 24
  for (let n = 0; n < packets; n++) {
    const host = random.below(addresses)
    // What a host is made of follows from its number.
    const kind = Math.imul(host + 1, 0x9e3779b1) >>> 0
    const stack = wheel[kind % wheel.length]!
    const isIpv6 = (kind >>> 8) % 5 === 0
    const mss =
      (shapes === "unique" ? 537 + random.below(60_000) : LINKS[(kind >>> 12) % LINKS.length]!) - (isIpv6 ? 20 : 0)
    const hops = 5 + ((kind >>> 16) % 12)
    const ipBytes = isIpv6 ? 40 : 20
    const tcpBytes = 20 + stack.options.length
    const frame = 14 + ipBytes + tcpBytes
    view.setUint32(end, 1_700_000_000 + Math.floor(n / 10_000), true)
    view.setUint32(end + 4, (n % 10_000) * 100, true)
    view.setUint32(end + 8, frame, true)
    view.setUint32(end + 12, frame, true)
    let at = end + 16
    out.fill(0, at, at + frame)
    view.setUint16(at + 12, isIpv6 ? 0x86dd : 0x0800)
    at += 14
    if (isIpv6) {
      view.setUint32(at, 0x60000000 | (stack.ttl === 64 ? random.below(0x100000) : 0))
      view.setUint16(at + 4, tcpBytes)
      out[at + 6] = 6
      out[at + 7] = stack.ttl - hops
      view.setUint32(at + 8, 0x20010db8)
      view.setUint32(at + 12, host)
      view.setUint32(at + 16, kind)
      view.setUint32(at + 20, kind ^ 0x5bd1e995)
      view.setUint32(at + 24, 0x20010db8)
      view.setUint32(at + 36, 1)
    } else {
      out[at] = 0x45
      view.setUint16(at + 2, ipBytes + tcpBytes)
      view.setUint16(at + 4, stack.id ? 1 + random.below(65535) : 0)
      view.setUint16(at + 6, 0x4000)
      out[at + 8] = stack.ttl - hops
      out[at + 9] = 6
      view.setUint32(at + 12, 0x0b000000 + Math.imul(host, 13))
      view.setUint32(at + 16, 0xc6336407)
    }
    at += ipBytes
    view.setUint16(at, 1024 + random.below(64_000))
    view.setUint16(at + 2, 443)
    view.setUint32(at + 4, 1 + random.below(0xffff_fffe))
    out[at + 12] = (tcpBytes >> 2) << 4
    out[at + 13] = stack.ecn && random.once(2) ? 0xc2 : 0x02
    view.setUint16(at + 14, shapes === "unique" ? random.below(65536) : stack.win(mss))
    at += 20
    out.set(stack.options, at)
    if (stack.options.length > 0) view.setUint16(at + 2, mss)
    const ts = stack.options.findIndex((kind, i) => kind === 8 && stack.options[i + 1] === 10)
    if (ts >= 0) view.setUint32(at + ts + 2, 1 + random.below(0xffff_fffe))
    end += 16 + frame
    if (end >= CHUNK_BYTES) {
      writeSync(file, out, 0, end)
      size += end
      end = 0
    }
  }
  writeSync(file, out, 0, end)
  closeSync(file)
  return size + end
}
