/**
 * TCP signature `ver:ittl:olen:mss:wsize,scale:olayout:quirks:pclass` (p0f README; fp_tcp.h: struct tcp_sig).
 */
import { printQuirks } from "../packet/quirks.ts"
import { printLayout } from "./option-layout.ts"

/** `p0f` does what p0f 3.09b does, bugs that show included; `modern` does what is right. */
export type Mode = "modern" | "p0f"

export const WIN_NORMAL = 0
export const WIN_ANY = 1
export const WIN_MOD = 2
export const WIN_MSS = 3
export const WIN_MTU = 4
/**
 * `mss*max`, not known to p0f: the largest multiple of the MSS not above 64 KiB, capped to 65535. That is the initial window of
 * Linux >= 4.20 and Windows 10/11 at every MTU (specs field-data.md §4.1).
 */
export const WIN_MSS_MAX = 5
export type WinType = 0 | 1 | 2 | 3 | 4 | 5

/** A database line's fields; -1 stands for `*`. */
export interface Signature {
  readonly ver: 4 | 6 | -1
  readonly ittl: number
  /** `N-`: the TTL is random up to N. */
  readonly badTtl: boolean
  readonly olen: number
  readonly mss: number
  readonly winType: WinType
  /** Literal, modulus or multiplier by `winType`; 0 for WIN_ANY and WIN_MSS_MAX. */
  readonly win: number
  readonly scale: number
  /** Option kinds in order. */
  readonly layout: Uint8Array
  /** N of `eol+N`. */
  readonly pad: number
  readonly quirks: number
  readonly pclass: 0 | 1 | -1
}

/** Why a piece of database text cannot be read; a value, never thrown out of this package. */
export class Malformed {
  /** `field: what is wrong: what to do`. */
  readonly message: string
  /** Offset of the offending text, 0 = its first character. */
  readonly offset: number
  constructor(message: string, offset: number) {
    this.message = message
    this.offset = offset
  }
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
      return "mss*max"
    default:
      return String(win)
  }
}

/** The canonical text: quirks in p0f's order, no `+D`, no trailing commas. parseSignature reads it back unchanged. */
export function printSignature(signature: Signature): string {
  const { ver, ittl, badTtl, olen, mss, winType, win, scale, layout, pad, quirks, pclass } = signature
  const ttl = badTtl ? `${ittl}-` : String(ittl)
  const window = printWindow(winType, win)
  const payload = pclass === -1 ? "*" : pclass === 1 ? "+" : "0"
  return `${wildcard(ver)}:${ttl}:${olen}:${wildcard(mss)}:${window},${wildcard(scale)}:${printLayout(layout, pad)}:${printQuirks(quirks)}:${payload}`
}

/** Initial window of the `mss*max` rule; 0 without an MSS. */
export function largestMssMultiple(mss: number): number {
  return mss === 0 ? 0 : Math.min(Math.floor(65536 / mss) * mss, 65535)
}
