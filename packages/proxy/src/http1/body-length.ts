/**
 * Message body length (RFC 9112 sections 6.1 to 6.3): exactly one of no body, a length, chunked, or until the connection closes.
 */
import {
  BAD_CODING,
  BAD_LENGTH,
  CODING_IN_1_0,
  CODING_NOT_SUPPORTED,
  isFault,
  LENGTH_AND_CODING,
  SEVERAL_LENGTHS
} from "./fault.ts"
import { CONTENT_LENGTH, TRANSFER_ENCODING } from "./field-name.ts"
import type { Fields } from "./fields.ts"
import { CLASS, COMMA, equalsIgnoringCase, HT, bytesOf, SP, TOKEN } from "./byte-classes.ts"

/** No Content-Length and no Transfer-Encoding. */
export const NO_LENGTH = -1
export const CHUNKED = -2
/** Only of a response. */
export const UNTIL_CLOSE = -1

const CHUNKED_NAME = bytesOf("chunked")
/** 15 digits: below 2^53 in any case. */
const MAX_DIGITS = 15

/** Of a request: a length, NO_LENGTH (no body), CHUNKED, or a fault. */
export function decodeRequestLength(bytes: Uint8Array, fields: Fields, minor: number): number {
  const length = declaredLength(bytes, fields)
  return length === CHUNKED && minor === 0 ? CODING_IN_1_0 : length
}

/**
 * Of a response: 0, a length, CHUNKED, UNTIL_CLOSE, or a fault. The answer to HEAD, and 1xx, 204 and 304, have no body whatever their
 * fields say; `isBodiless` is for those.
 */
export function decodeResponseLength(bytes: Uint8Array, fields: Fields, isBodiless: boolean): number {
  const length = declaredLength(bytes, fields)
  return isBodiless && !isFault(length) ? 0 : length
}

function declaredLength(bytes: Uint8Array, fields: Fields): number {
  const lengthAt = fields.find(CONTENT_LENGTH)
  const codingAt = fields.find(TRANSFER_ENCODING)
  if (codingAt >= 0) {
    if (lengthAt >= 0) return LENGTH_AND_CODING
    // A second field would be one list with the first: "chunked" twice, or something before or after it.
    return fields.find(TRANSFER_ENCODING, codingAt + 1) >= 0 ? BAD_CODING : decodeCoding(bytes, fields, codingAt)
  }
  if (lengthAt < 0) return NO_LENGTH
  // Equal ones too: RFC 9112 section 6.3 lets a recipient refuse them, and who forwards both makes the next one choose.
  if (fields.find(CONTENT_LENGTH, lengthAt + 1) >= 0) return SEVERAL_LENGTHS
  const from = fields.at[lengthAt * 4 + 2]!
  const end = fields.at[lengthAt * 4 + 3]!
  if (end === from || end - from > MAX_DIGITS) return BAD_LENGTH
  let value = 0
  for (let at = from; at < end; at++) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 9) return BAD_LENGTH
    value = value * 10 + digit
  }
  return value
}

function decodeCoding(bytes: Uint8Array, fields: Fields, index: number): number {
  const from = fields.at[index * 4 + 2]!
  const end = fields.at[index * 4 + 3]!
  if (equalsIgnoringCase(bytes, from, end, CHUNKED_NAME)) return CHUNKED
  // "gzip, chunked" is well-formed and not understood; everything else has no end that all agree on.
  let last = end
  while (last > from && bytes[last - 1] !== COMMA) last--
  if (last === from) return BAD_CODING
  let member = last
  while (member < end && (bytes[member] === SP || bytes[member] === HT)) member++
  if (!equalsIgnoringCase(bytes, member, end, CHUNKED_NAME)) return BAD_CODING
  for (let at = from; at < last - 1; at++) {
    const byte = bytes[at]!
    if ((CLASS[byte]! & TOKEN) === 0 && byte !== SP && byte !== HT && byte !== COMMA) return BAD_CODING
  }
  for (let at = from; at + CHUNKED_NAME.length < last; at++)
    if (equalsIgnoringCase(bytes, at, at + CHUNKED_NAME.length, CHUNKED_NAME)) return BAD_CODING
  return CODING_NOT_SUPPORTED
}
