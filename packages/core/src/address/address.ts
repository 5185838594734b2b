/**
 * IPv4 and IPv6 addresses: text (RFC 4291 §2.2, canonical form RFC 5952 §4) and 16 bytes, IPv4 in the first 4, the rest 0.
 * A v4-mapped IPv6 address (::ffff:a.b.c.d) is the IPv4 address everywhere.
 */
import { i32, putI32 } from "../bytes/big-endian.ts"

export const ADDRESS_BYTES = 16

/** Address family as the connection key and the p0f socket write it. */
export type Family = 4 | 6

const DOT = 0x2e
const COLON = 0x3a
const PERCENT = 0x25

/**
 * Reads an address into 16 bytes at `at`. Returns its family, 0 when the text is no address (`into` is then undefined).
 * `fe80::1%eth0` is accepted: the zone is no part of the address.
 */
export function parseAddress(text: string, into: Uint8Array, at = 0): Family | 0 {
  const length = text.length
  for (let i = 0; i < 5 && i < length; i++) if (text.charCodeAt(i) === COLON) return parse6(text, into, at)
  if (!parse4(text, 0, length, into, at)) return 0
  into.fill(0, at + 4, at + 16)
  return 4
}

/** Turns a v4-mapped address at `at` into IPv4 in place and returns the family. */
export function canonicalize6(bytes: Uint8Array, at: number): Family {
  if (i32(bytes, at) !== 0 || i32(bytes, at + 4) !== 0 || i32(bytes, at + 8) !== 0xffff) return 6
  putI32(bytes, at, i32(bytes, at + 12))
  putI32(bytes, at + 8, 0)
  putI32(bytes, at + 12, 0)
  return 4
}

/** Canonical text of the address at `at`. */
export function printAddress(family: Family, bytes: Uint8Array, at = 0): string {
  return family === 4
    ? printIpv4(i32(bytes, at))
    : printIpv6(i32(bytes, at), i32(bytes, at + 4), i32(bytes, at + 8), i32(bytes, at + 12))
}

/** As p0f prints it (p0f.c: addr_to_str): IPv6 in 8 groups, no leading zeros, no `::`. */
export function printAddressLong(family: Family, bytes: Uint8Array, at = 0): string {
  return family === 4
    ? printIpv4(i32(bytes, at))
    : printIpv6Long(i32(bytes, at), i32(bytes, at + 4), i32(bytes, at + 8), i32(bytes, at + 12))
}

export function printIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
}

export function printIpv6Long(w0: number, w1: number, w2: number, w3: number): string {
  return `${pair(w0)}:${pair(w1)}:${pair(w2)}:${pair(w3)}`
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as `::`, v4-mapped with dots. */
export function printIpv6(w0: number, w1: number, w2: number, w3: number): string {
  if (w0 === 0 && w1 === 0 && w2 === 0xffff) return `::ffff:${printIpv4(w3)}`
  let best = -1
  let bestLength = 1
  let start = -1
  for (let i = 0; i <= 8; i++) {
    if (i < 8 && group(w0, w1, w2, w3, i) === 0) {
      if (start < 0) start = i
    } else if (start >= 0) {
      if (i - start > bestLength) {
        best = start
        bestLength = i - start
      }
      start = -1
    }
  }
  let text = ""
  for (let i = 0; i < 8; i++) {
    if (i === best) {
      text += "::"
      i += bestLength - 1
    } else {
      if (text !== "" && !text.endsWith(":")) text += ":"
      text += group(w0, w1, w2, w3, i).toString(16)
    }
  }
  return text
}

function pair(word: number): string {
  return `${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`
}

function group(w0: number, w1: number, w2: number, w3: number, index: number): number {
  const word = index < 2 ? w0 : index < 4 ? w1 : index < 6 ? w2 : w3
  return index & 1 ? word & 0xffff : word >>> 16
}

/** Dotted quad only: no octal, no leading zeros, no shortened forms (RFC 6943 §3.1.1 strict). */
function parse4(text: string, from: number, to: number, into: Uint8Array, at: number): boolean {
  let value = 0
  let digits = 0
  let bytes = 0
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i)
    if (c === DOT) {
      if (digits === 0 || bytes === 3) return false
      into[at + bytes++] = value
      value = 0
      digits = 0
    } else {
      if (c < 0x30 || c > 0x39 || (digits > 0 && value === 0)) return false
      value = value * 10 + c - 0x30
      digits++
      if (value > 255) return false
    }
  }
  if (digits === 0 || bytes !== 3) return false
  into[at + 3] = value
  return true
}

function parse6(text: string, into: Uint8Array, at: number): Family | 0 {
  let end = text.length
  for (let i = 0; i < end; i++) {
    if (text.charCodeAt(i) === PERCENT) {
      if (i + 1 === end) return 0
      end = i
    }
  }
  into.fill(0, at, at + 16)
  let filled = 0
  let gap = -1
  let i = 0
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return 0
    gap = 0
    i = 2
  }
  while (i < end) {
    if (filled === 16) return 0
    let value = 0
    let digits = 0
    let j = i
    for (; j < end; j++) {
      const digit = hexDigit(text.charCodeAt(j))
      if (digit < 0) break
      value = (value << 4) | digit
      if (++digits > 4) return 0
    }
    if (j < end && text.charCodeAt(j) === DOT) {
      if (filled > 12 || !parse4(text, i, end, into, at + filled)) return 0
      filled += 4
      break
    }
    if (digits === 0) return 0
    into[at + filled] = value >> 8
    into[at + filled + 1] = value
    filled += 2
    i = j
    if (i === end) break
    if (text.charCodeAt(i) !== COLON) return 0
    i++
    if (i < end && text.charCodeAt(i) === COLON) {
      if (gap >= 0) return 0
      gap = filled
      i++
    } else if (i === end) return 0
  }
  if (gap < 0) {
    if (filled !== 16) return 0
  } else {
    if (filled > 14) return 0
    into.copyWithin(at + 16 - (filled - gap), at + gap, at + filled)
    into.fill(0, at + gap, at + 16 - (filled - gap))
  }
  return canonicalize6(into, at)
}

function hexDigit(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30
  const lower = c | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
