/**
 * SPOP's variable-length integer, the "peers" encoding and not LEB128 (HAProxy include/haproxy/intops.h: encode_varint).
 *
 *   value < 240      one byte
 *   otherwise        1111 vvvv | 1vvv vvvv ... | 0vvv vvvv     each byte is added whole, shifted by 0, 4, 11, 18, ...
 *
 * An unsigned 64-bit value takes at most 10 bytes. HAProxy's reader has no such bound; ours refuses an eleventh byte, since a
 * frame of continuation bytes would otherwise be one number.
 */

/** Longest encoding of a 64-bit value. */
export const VARINT_MAX = 10

/** An offset in a frame from which values are read one after another. A value that runs past `end` sets `failed` and reads as 0. */
export class Cursor {
  bytes: Uint8Array = new Uint8Array(0)
  at = 0
  end = 0
  failed = false

  reset(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes
    this.at = at
    this.end = end
    this.failed = false
  }
}

/** Reads one integer, exact below 2^53 and rounded above, which is enough for lengths, ports and flags. */
export function readVarint(cursor: Cursor): number {
  const bytes = cursor.bytes
  const end = cursor.end
  let at = cursor.at
  if (at >= end) {
    cursor.failed = true
    return 0
  }
  let value = bytes[at++]!
  if (value < 240) {
    cursor.at = at
    return value
  }
  let scale = 16
  for (let count = 1; count < VARINT_MAX && at < end; count++) {
    const byte = bytes[at++]!
    value += byte * scale
    if (byte < 128) {
      cursor.at = at
      return value
    }
    scale *= 128
  }
  cursor.failed = true
  return 0
}

/** Skips one integer without decoding it: ids are copied as they came. */
export function skipVarint(cursor: Cursor): void {
  const bytes = cursor.bytes
  const end = cursor.end
  let at = cursor.at
  if (at < end) {
    if (bytes[at++]! < 240) {
      cursor.at = at
      return
    }
    for (let count = 1; count < VARINT_MAX && at < end; count++) {
      if (bytes[at++]! < 128) {
        cursor.at = at
        return
      }
    }
  }
  cursor.failed = true
}

/** Reads one integer with all of its 64 bits. */
export function readVarint64(cursor: Cursor): bigint {
  const from = cursor.at
  skipVarint(cursor)
  if (cursor.failed) return 0n
  let value = BigInt(cursor.bytes[from]!)
  let shift = 4n
  for (let at = from + 1; at < cursor.at; at++) {
    value += BigInt(cursor.bytes[at]!) << shift
    shift += 7n
  }
  return BigInt.asUintN(64, value)
}

/** Writes an integer from 0 to 2^53 - 1 and returns the offset after it. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  if (value < 240) {
    out[at] = value
    return at + 1
  }
  let rest: number
  if (value < 0x7fffffff) {
    out[at++] = (value & 0x0f) | 0xf0
    let small = (value - 240) >> 4
    while (small >= 128) {
      out[at++] = (small & 0x7f) | 0x80
      small = (small - 128) >> 7
    }
    out[at] = small
    return at + 1
  }
  out[at++] = (value % 16) | 0xf0
  rest = Math.floor((value - 240) / 16)
  while (rest >= 128) {
    out[at++] = (rest % 128) | 0x80
    rest = Math.floor((rest - 128) / 128)
  }
  out[at] = rest
  return at + 1
}

/** Writes a 64-bit integer, a negative one as its two's complement, and returns the offset after it. */
export function writeVarint64(out: Uint8Array, at: number, value: bigint): number {
  let rest = BigInt.asUintN(64, value)
  if (rest < 240n) {
    out[at] = Number(rest)
    return at + 1
  }
  out[at++] = Number(rest & 0x0fn) | 0xf0
  rest = (rest - 240n) >> 4n
  while (rest >= 128n) {
    out[at++] = Number(rest & 0x7fn) | 0x80
    rest = (rest - 128n) >> 7n
  }
  out[at] = Number(rest)
  return at + 1
}
