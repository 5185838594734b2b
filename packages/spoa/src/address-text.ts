/**
 * Text of an IP address to bytes, read where it lies in a frame: what a `req.hdr_ip`-less configuration passes as STRING.
 *
 * IPv4 as four decimal numbers; IPv6 as RFC 4291 section 2.2 with `::` and a dotted tail; a zone (`%eth0`) is refused.
 */

const DOT = 0x2e
const COLON = 0x3a

const groups = new Uint16Array(8)
const quad = new Uint8Array(4)

/** Writes the address into `out` (4 or 16 bytes at `outAt`) and returns 4 or 6; 0 when the text is no address. */
export function parseAddressText(
  bytes: Uint8Array,
  at: number,
  length: number,
  out: Uint8Array,
  outAt: number
): 0 | 4 | 6 {
  const end = at + length
  if (length < 2 || length > 45) return 0
  for (let index = at; index < end; index++) if (bytes[index] === COLON) return parse6(bytes, at, end, out, outAt)
  if (!parse4(bytes, at, end)) return 0
  for (let index = 0; index < 4; index++) out[outAt + index] = quad[index]!
  return 4
}

/** Four numbers 0..255 without leading zeros, into `quad`. */
function parse4(bytes: Uint8Array, at: number, end: number): boolean {
  for (let part = 0; part < 4; part++) {
    const start = at
    let value = 0
    while (at < end && at - start < 3) {
      const digit = bytes[at]! - 0x30
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      at++
    }
    if (at === start || value > 255 || (at - start > 1 && bytes[start] === 0x30)) return false
    quad[part] = value
    if (part < 3 && (at >= end || bytes[at++] !== DOT)) return false
  }
  return at === end
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

function parse6(bytes: Uint8Array, at: number, end: number, out: Uint8Array, outAt: number): 0 | 6 {
  let count = 0
  let gap = -1
  if (bytes[at] === COLON) {
    if (bytes[at + 1] !== COLON) return 0
    gap = 0
    at += 2
  }
  while (at < end) {
    if (count === 8) return 0
    const start = at
    let value = 0
    let digit = 0
    while (at < end && at - start < 4 && (digit = hexDigit(bytes[at]!)) >= 0) {
      value = value * 16 + digit
      at++
    }
    if (at === start) return 0
    if (at < end && bytes[at] === DOT) {
      if (count > 6 || !parse4(bytes, start, end)) return 0
      groups[count++] = (quad[0]! << 8) | quad[1]!
      groups[count++] = (quad[2]! << 8) | quad[3]!
      at = end
      break
    }
    groups[count++] = value
    if (at === end) break
    if (bytes[at++] !== COLON || at === end) return 0
    if (bytes[at] === COLON) {
      if (gap >= 0) return 0
      gap = count
      at++
    }
  }
  if (gap < 0 ? count !== 8 : count > 7) return 0
  const zeros = 8 - count
  for (let group = 0; group < 8; group++) {
    const inGap = gap >= 0 && group >= gap && group < gap + zeros
    const value = inGap ? 0 : groups[gap >= 0 && group >= gap ? group - zeros : group]!
    out[outAt + 2 * group] = value >> 8
    out[outAt + 2 * group + 1] = value
  }
  return 6
}
