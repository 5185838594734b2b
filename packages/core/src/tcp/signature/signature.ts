/**
 * TCP signature `ver:ittl:olen:mss:wsize,scale:olayout:quirks:pclass` (p0f README; fp_tcp.h: struct tcp_sig).
 */
import { QUIRK_NAMES } from "../../packet/quirks.ts"
import { printLayout } from "./option-layout.ts"
import { type Direction, RESPONSE } from "../direction.ts"

export const WIN_NORMAL = 0
export const WIN_ANY = 1
export const WIN_MOD = 2
export const WIN_MSS = 3
export const WIN_MTU = 4
/**
 * `mss*max`, not known to p0f: the largest multiple of the MSS not above 64 KiB, capped to 65535. That is the initial window of
 * Linux >= 4.20 and Windows 10/11 at every MTU (measured). `mss*max<=N`: not above N bytes.
 */
export const WIN_MSS_MAX = 5
/** Limit of a plain `mss*max`. */
export const WIN_64K = 65536
/** `mss*clamped`, not known to p0f: `mss*max` of a usual interface whose MSS is above the SYN's own (path/interface-mss.ts). */
export const WIN_MSS_CLAMPED = 6
/**
 * `mss*N/ws`, not known to p0f: N times the MSS, rounded down to what the window scale can express (gVisor). Where nothing is lost by
 * that it does not match: such a window is also that of `mss*N`.
 */
export const WIN_MSS_SCALE = 7
export type WinType = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7

/**
 * `seq=dst`, not known to p0f: the sequence number is the destination's IPv4 address, as Mirai's scanner sends it. It stands in
 * database lines alone: no packet prints it, so that raw signatures stay those of p0f.
 */
export const QUIRK_SEQ_DST: number = 1 << 17
/** Quirks that a database line can name: bit n is `LINE_QUIRK_NAMES[n]`. */
export const LINE_QUIRK_NAMES: ReadonlyArray<string> = [...QUIRK_NAMES, "seq=dst"]

/** A database line's fields; -1 stands for `*`. */
export interface Signature {
  readonly ver: 4 | 6 | -1
  readonly ittl: number
  /** `N-`: the TTL is random up to N. */
  readonly badTtl: boolean
  /** -1, not known to p0f: any IP options. */
  readonly olen: number
  readonly mss: number
  readonly winType: WinType
  /** Literal, modulus, multiplier or limit (WIN_MSS_MAX) by `winType`; 0 for WIN_ANY and WIN_MSS_CLAMPED. */
  readonly win: number
  readonly scale: number
  /** Option kinds in order. */
  readonly layout: Uint8Array
  /** N of `eol+N`. */
  readonly pad: number
  readonly quirks: number
  /** `ecn?`, not known to p0f: quirks that may be there or not; none of them is in `quirks`. */
  readonly optional: number
  readonly pclass: 0 | 1 | -1
}

const wildcard = (value: number): string => (value === -1 ? "*" : String(value))

function printWindow(winType: WinType, win: number): string {
  switch (winType) {
    case WIN_ANY:
      return "*"
    case WIN_MOD:
      return `%${win}`
    case WIN_MSS:
      return `mss*${win}`
    case WIN_MTU:
      return `mtu*${win}`
    case WIN_MSS_MAX:
      return win === WIN_64K ? "mss*max" : `mss*max<=${win}`
    case WIN_MSS_CLAMPED:
      return "mss*clamped"
    case WIN_MSS_SCALE:
      return `mss*${win}/ws`
    default:
      return String(win)
  }
}

/** The quirks of a line, in p0f's order. */
export function printLineQuirks(quirks: number, optional: number): string {
  const words: Array<string> = []
  for (const [bit, name] of LINE_QUIRK_NAMES.entries()) {
    if (quirks & (1 << bit)) words.push(name)
    else if (optional & (1 << bit)) words.push(`${name}?`)
  }
  return words.join(",")
}

/** The canonical text: quirks in p0f's order, no `+D`, no trailing commas. parseSignature reads it back unchanged. */
export function printSignature(signature: Signature): string {
  const { ver, ittl, badTtl, olen, mss, winType, win, scale, layout, pad, quirks, optional, pclass } = signature
  const ttl = badTtl ? `${ittl}-` : String(ittl)
  const window = printWindow(winType, win)
  const payload = pclass === -1 ? "*" : pclass === 1 ? "+" : "0"
  return `${wildcard(ver)}:${ttl}:${wildcard(olen)}:${wildcard(mss)}:${window},${wildcard(scale)}:${printLayout(layout, pad)}:${printLineQuirks(quirks, optional)}:${payload}`
}

/** Initial window of the `mss*max<=N` rule; 0 without an MSS, or when not even one fits. */
export function largestMssMultiple(mss: number, limit = WIN_64K): number {
  return mss === 0 ? 0 : Math.min(Math.floor(limit / mss) * mss, 65535)
}

/**
 * The unit of `mss*max`: the MSS, and for a SYN+ACK the MSS less the 12 bytes that timestamps take of each segment (Linux
 * tcp_minisocks.c: tcp_openreq_init_rwin).
 */
export function windowUnit(mss: number, direction: Direction, hasTimestamp: boolean): number {
  return direction === RESPONSE && hasTimestamp ? Math.max(mss - 12, 0) : mss
}

/** Initial window of the `mss*N/ws` rule (gVisor: endpoint.initialReceiveWindow); 0 where nothing is rounded away. */
export function roundToScale(bytes: number, scale: number): number {
  const rounded = scale > 14 ? bytes : (bytes >> scale) << scale
  return rounded === bytes ? 0 : rounded
}
