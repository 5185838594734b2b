/**
 * SPOP's typed values and strings (HAProxy doc/SPOE.txt section 3.1; include/haproxy/spoe-t.h for the nibbles, which the text
 * draws the other way round).
 *
 *   STRING      varint length | bytes
 *   TYPED DATA  ffff tttt     | data by type        ffff: flags, 0001 = true of a BOOL
 *
 * Integers of all four types are the 64-bit two's complement: HAProxy reads them alike.
 */
import { type Cursor, readVarint, writeVarint } from "./varint.ts"

export const TYPE_NULL = 0
export const TYPE_BOOL = 1
export const TYPE_INT32 = 2
export const TYPE_UINT32 = 3
export const TYPE_INT64 = 4
export const TYPE_UINT64 = 5
export const TYPE_IPV4 = 6
export const TYPE_IPV6 = 7
export const TYPE_STRING = 8
export const TYPE_BINARY = 9
/** Flag bit that makes a BOOL true. */
export const FLAG_TRUE = 0x10

/** One typed value in place: strings, binaries and addresses are ranges of the frame, nothing is copied. */
export class Value {
  type = TYPE_NULL
  isTrue = false
  /** Value of an integer type, exact from 0 to 2^53 - 1; negative values appear as numbers near 2^64. */
  integer = 0
  /** Range of an address, STRING or BINARY. */
  at = 0
  length = 0
}

/** Reads one typed value. A reserved type or a value longer than the frame sets `cursor.failed`. */
export function readTyped(cursor: Cursor, into: Value): void {
  if (cursor.at >= cursor.end) {
    cursor.failed = true
    return
  }
  const head = cursor.bytes[cursor.at++]!
  const type = head & 0x0f
  into.type = type
  switch (type) {
    case TYPE_NULL:
      return
    case TYPE_BOOL:
      into.isTrue = (head & FLAG_TRUE) !== 0
      return
    case TYPE_INT32:
    case TYPE_UINT32:
    case TYPE_INT64:
    case TYPE_UINT64:
      into.integer = readVarint(cursor)
      return
    case TYPE_IPV4:
      return readRange(cursor, into, 4)
    case TYPE_IPV6:
      return readRange(cursor, into, 16)
    case TYPE_STRING:
    case TYPE_BINARY:
      return readRange(cursor, into, readVarint(cursor))
    default:
      cursor.failed = true
  }
}

/** Reads an untyped STRING, a name, as a range. */
export function readName(cursor: Cursor, into: Value): void {
  readRange(cursor, into, readVarint(cursor))
}

function readRange(cursor: Cursor, into: Value, length: number): void {
  if (cursor.failed || length > cursor.end - cursor.at) {
    cursor.failed = true
    return
  }
  into.at = cursor.at
  into.length = length
  cursor.at += length
}

/** Returns true for a value of any of the four integer types. */
export function isInteger(value: Value): boolean {
  return value.type >= TYPE_INT32 && value.type <= TYPE_UINT64
}

/** Returns the value of any integer type; -1 for other types. */
export function integerOf(value: Value): number {
  return isInteger(value) ? value.integer : -1
}

/** Returns true for a true BOOL, an integer that is not 0, and a text that is neither empty nor "0". */
export function isTruthy(bytes: Uint8Array, value: Value): boolean {
  if (value.type === TYPE_BOOL) return value.isTrue
  if (isInteger(value)) return value.integer !== 0
  if (value.type !== TYPE_STRING && value.type !== TYPE_BINARY) return false
  return value.length > 0 && !(value.length === 1 && bytes[value.at] === 0x30)
}

/** Bytes of a protocol word. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}

/** Writes a STRING and returns the offset after it. Letters other than printable ASCII become `?`, since values end up in headers. */
export function writeString(out: Uint8Array, at: number, text: string): number {
  at = writeVarint(out, at, text.length)
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    out[at + index] = code >= 0x20 && code < 0x7f ? code : 0x3f
  }
  return at + text.length
}

/** Writes a typed STRING and returns the offset after it. */
export function writeTypedString(out: Uint8Array, at: number, text: string): number {
  out[at] = TYPE_STRING
  return writeString(out, at + 1, text)
}

/** Writes an integer from 0 to 2^53 - 1 with its type and returns the offset after it. */
export function writeTypedInteger(out: Uint8Array, at: number, type: number, value: number): number {
  out[at] = type
  return writeVarint(out, at + 1, value)
}
