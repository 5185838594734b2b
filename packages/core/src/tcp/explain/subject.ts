/**
 * The signature that is to be explained: read from either form, with the packets that it can stand for.
 *
 * A raw signature hides which divisor gave `mss*N` (window.ts): every window that p0f would print so is kept, in the order in
 * which the divisors are tried.
 */
import { Packet, TCP_ACK, TCP_SYN } from "../../packet/packet.ts"
import { QUIRK_OPT_ZERO_TS1 } from "../../packet/quirks.ts"
import { guessDistance, MAX_DIST } from "../signature/distance.ts"
import { KIND_EOL } from "../signature/option-layout.ts"
import { type Direction, REQUEST } from "../direction.ts"
import { INTERFACE_MSS } from "../path/interface-mss.ts"
import {
  largestMssMultiple,
  QUIRK_SEQ_DST,
  roundToScale,
  type Signature,
  WIN_MSS,
  WIN_MSS_CLAMPED,
  WIN_MSS_MAX,
  WIN_MSS_SCALE,
  WIN_MTU,
  WIN_NORMAL
} from "../signature/signature.ts"
import { ParseError } from "../parse-error.ts"
import { parseSignature } from "../signature/parser.ts"
import { detectMultiplier } from "../signature/window.ts"

export interface WindowReading {
  readonly win: number
  /** `44 * 1460`; undefined for a literal that is no multiple of the MSS. */
  readonly product: string | undefined
}

export interface Subject {
  /** Trimmed input. */
  readonly text: string
  readonly signature: Signature
  /** TTL as received, or the initial one where the text has none. */
  readonly ttl: number
  /** Hops of a raw signature; -1 for `?`, undefined: the text is a database line. */
  readonly hops: number | undefined
  /** 4 where the text says `*`. */
  readonly ver: 4 | 6
  /** MSS; that of Ethernet where the text says `*`. */
  readonly mss: number
  /** Empty for `*`, `%N` and products above 65535. */
  readonly windows: ReadonlyArray<WindowReading>
  /** IP and TCP header in bytes. */
  readonly totHdr: number
}

/** Bytes of the options whose length is fixed; 2 for all others, the least an option can have. */
const OPTION_BYTES: Readonly<Record<number, number>> = { 1: 1, 2: 4, 3: 3, 4: 2, 8: 10, 19: 18 }

function headerBytes(signature: Signature, ver: 4 | 6): number {
  let options = 0
  for (const kind of signature.layout) options += kind === KIND_EOL ? 1 + signature.pad : (OPTION_BYTES[kind] ?? 2)
  return (ver === 6 ? 40 : 20 + Math.max(signature.olen, 0)) + 20 + Math.ceil(options / 4) * 4
}

export const hasTimestamp = (signature: Signature): boolean =>
  signature.layout.includes(8) && (signature.quirks & QUIRK_OPT_ZERO_TS1) === 0

function windowReadings(signature: Signature, ver: 4 | 6, mss: number, totHdr: number): ReadonlyArray<WindowReading> {
  const { winType, win } = signature
  if (winType === WIN_NORMAL)
    return [{ win, product: mss >= 100 && win % mss === 0 ? `${win / mss} * ${mss}` : undefined }]
  if (winType === WIN_MSS_MAX) {
    const value = largestMssMultiple(mss, win)
    return value === 0 ? [] : [{ win: value, product: value % mss === 0 ? `${value / mss} * ${mss}` : undefined }]
  }
  if (winType === WIN_MSS_CLAMPED) {
    return INTERFACE_MSS.filter((size) => size > mss).map((size) => {
      const value = largestMssMultiple(size)
      return { win: value, product: `${value / size} * ${size}` }
    })
  }
  if (winType === WIN_MSS_SCALE) {
    const value = signature.scale === -1 ? 0 : roundToScale(win * mss, signature.scale)
    return value === 0 || value > 65535 ? [] : [{ win: value, product: `${win} * ${mss} rounded down` }]
  }
  if (winType !== WIN_MSS && winType !== WIN_MTU) return []
  const ofMss = winType === WIN_MSS
  const timestamp = hasTimestamp(signature)
  const divisors = ofMss
    ? [mss, ...(timestamp ? [mss - 12] : []), 1460, 1448, ...(ver === 6 ? [1440, 1428] : [])]
    : [mss + 40, mss + totHdr, ...(ver === 6 ? [mss + 60] : []), 1500]
  const readings: Array<WindowReading> = []
  for (const divisor of new Set(divisors)) {
    const value = win * divisor
    if (divisor <= 0 || value > 65535) continue
    if (detectMultiplier(value, mss, timestamp, ver, totHdr, 0) !== ((win << 1) | (ofMss ? 0 : 1))) continue
    readings.push({ win: value, product: `${win} * ${divisor}` })
  }
  return readings
}

/** TTL and hops of `N+D` and `N+?`; undefined for the other forms. */
function received(text: string): readonly [ttl: number, hops: number] | undefined {
  const [ttl, hops] = (text.split(":")[1] ?? "").split("+")
  if (hops === undefined) return undefined
  return [Number(ttl), hops === "?" ? -1 : Number(hops)]
}

/** Reads a database line's signature or a raw signature; the error names the field. */
export function parseSubject(input: string): Subject | ParseError {
  const text = input.trim()
  const rewritten = text.indexOf("ts~")
  if (rewritten >= 0) {
    return new ParseError("olayout: 'ts~' stands for several layouts: write the options of one of them", rewritten)
  }
  const signature = parseSignature(text, "modern")
  if (signature instanceof ParseError) return signature
  const ver = signature.ver === 6 ? 6 : 4
  const mss = signature.mss === -1 ? (ver === 6 ? 1440 : 1460) : signature.mss
  const totHdr = headerBytes(signature, ver)
  const seen = received(text)
  const windows = windowReadings(signature, ver, mss, totHdr)
  return { text, signature, ttl: seen?.[0] ?? signature.ittl, hops: seen?.[1], ver, mss, windows, totHdr }
}

/** Returns true if every field has one value, so that a packet can be written; only a `*` version and MSS are filled in. */
export function isConcrete(subject: Subject): boolean {
  const { scale, pclass } = subject.signature
  return scale !== -1 && pclass !== -1 && subject.windows.length > 0
}

/** The packet that a reading of the window stands for. */
export function packetOf(subject: Subject, reading: WindowReading, direction: Direction): Packet {
  const { signature } = subject
  const packet = new Packet()
  packet.ver = subject.ver
  packet.ttl = subject.ttl
  packet.olen = Math.max(signature.olen, 0)
  packet.type = packet.flags = direction === REQUEST ? TCP_SYN : TCP_SYN | TCP_ACK
  packet.win = reading.win
  packet.mss = signature.layout.includes(2) ? subject.mss : 0
  packet.wscale = signature.scale
  packet.ts1 = hasTimestamp(signature) ? 1 : 0
  packet.layout.set(signature.layout)
  packet.layoutLength = signature.layout.length
  packet.pad = signature.pad
  packet.quirks = signature.quirks & ~QUIRK_SEQ_DST
  packet.seq = 1
  packet.dst0 = signature.quirks & QUIRK_SEQ_DST ? packet.seq : 0
  packet.totHdr = subject.totHdr
  packet.payloadLength = signature.pclass === 1 ? 1 : 0
  return packet
}

/** Returns true if the hops in the text are those that its TTL suggests. */
export const hopsAgree = (subject: Subject): boolean =>
  subject.hops === undefined ||
  subject.hops === (guessDistance(subject.ttl) > MAX_DIST ? -1 : guessDistance(subject.ttl))
