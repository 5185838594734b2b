/**
 * TCP signature `ver:ittl:olen:mss:wsize,scale:olayout:quirks:pclass` (p0f README; fp_tcp.h: struct tcp_sig).
 */

export const WIN_NORMAL = 0
export const WIN_ANY = 1
export const WIN_MOD = 2
export const WIN_MSS = 3
export const WIN_MTU = 4
export type WinType = 0 | 1 | 2 | 3 | 4

/** A database line's fields; -1 stands for `*`. */
export interface Signature {
  readonly ver: 4 | 6 | -1
  readonly ittl: number
  /** `N-`: the TTL is random up to N. */
  readonly badTtl: boolean
  readonly olen: number
  readonly mss: number
  readonly winType: WinType
  /** Literal, modulus or multiplier by `winType`. */
  readonly win: number
  readonly scale: number
  /** Option kinds in order. */
  readonly layout: Uint8Array
  /** N of `eol+N`. */
  readonly pad: number
  readonly quirks: number
  readonly pclass: 0 | 1 | -1
}
