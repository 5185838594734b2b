/**
 * Message body framing (RFC 9112 sections 6.1 to 6.3): a message has no body, a body of known length, a chunked one, or one that ends
 * with the connection.
 */
import {
  BAD_CODING,
  BAD_LENGTH,
  CODING_IN_1_0,
  CODING_NOT_SUPPORTED,
  LENGTH_AND_CODING,
  SEVERAL_LENGTHS
} from "./parse-error.ts"
import { CONTENT_LENGTH, TRANSFER_ENCODING } from "./field-kind.ts"
import type { HeaderFields } from "./header-fields.ts"
import { CLASS, COMMA, equalsIgnoringCase, HT, bytesOf, SP, TOKEN } from "./byte-classes.ts"

/** `until_close` occurs in responses only. */
export type BodyFraming = "none" | "length" | "chunked" | "until_close"

/** The part of a message head that says how its body ends. */
export interface FramedHead {
  framing: BodyFraming
  /** Bytes of the body; 0 unless `framing` is "length". */
  contentLength: number
}

const OK = 0
const CHUNKED_NAME = bytesOf("chunked")
/** 15 digits stay below 2^53 whatever they are. */
const MAX_DIGITS = 15

/** Sets the framing of a request; returns 0 or a parse error. */
export function readRequestFraming(bytes: Uint8Array, fields: HeaderFields, minor: number, head: FramedHead): number {
  const result = readFraming(bytes, fields, head)
  if (result !== OK) return result
  if (head.framing === "until_close") head.framing = "none"
  return head.framing === "chunked" && minor === 0 ? CODING_IN_1_0 : OK
}

/**
 * Sets the framing of a response; returns 0 or a parse error. `isBodiless`: the response to HEAD, and 1xx, 204 and 304, which have no
 * body whatever their fields say.
 */
export function readResponseFraming(
  bytes: Uint8Array,
  fields: HeaderFields,
  isBodiless: boolean,
  head: FramedHead
): number {
  const result = readFraming(bytes, fields, head)
  if (isBodiless && result === OK) {
    head.framing = "none"
    head.contentLength = 0
  }
  return result
}

function readFraming(bytes: Uint8Array, fields: HeaderFields, head: FramedHead): number {
  const length = fields.find(CONTENT_LENGTH)
  const coding = fields.find(TRANSFER_ENCODING)
  head.contentLength = 0
  if (coding >= 0) {
    if (length >= 0) return LENGTH_AND_CODING
    head.framing = "chunked"
    // A second field continues the list of the first: "chunked" twice, or something before or after it.
    return fields.find(TRANSFER_ENCODING, coding + 1) >= 0 ? BAD_CODING : checkCoding(bytes, fields, coding)
  }
  if (length < 0) {
    head.framing = "until_close"
    return OK
  }
  // Equal ones are refused too: RFC 9112 section 6.3 allows it, and forwarding both would leave the choice to the next recipient.
  if (fields.find(CONTENT_LENGTH, length + 1) >= 0) return SEVERAL_LENGTHS
  const start = fields.valueStart(length)
  const end = fields.valueEnd(length)
  if (end === start || end - start > MAX_DIGITS) return BAD_LENGTH
  let value = 0
  for (let offset = start; offset < end; offset++) {
    const digit = bytes[offset]! - 0x30
    if (digit < 0 || digit > 9) return BAD_LENGTH
    value = value * 10 + digit
  }
  head.framing = value === 0 ? "none" : "length"
  head.contentLength = value
  return OK
}

/** Returns 0 if the Transfer-Encoding is "chunked" alone, else the parse error. */
function checkCoding(bytes: Uint8Array, fields: HeaderFields, index: number): number {
  const start = fields.valueStart(index)
  const end = fields.valueEnd(index)
  if (equalsIgnoringCase(bytes, start, end, CHUNKED_NAME)) return OK
  // "gzip, chunked" is well-formed but not supported; anything else has no end that all recipients agree on.
  let last = end
  while (last > start && bytes[last - 1] !== COMMA) last--
  if (last === start) return BAD_CODING
  let member = last
  while (member < end && (bytes[member] === SP || bytes[member] === HT)) member++
  if (!equalsIgnoringCase(bytes, member, end, CHUNKED_NAME)) return BAD_CODING
  for (let offset = start; offset < last - 1; offset++) {
    const byte = bytes[offset]!
    if ((CLASS[byte]! & TOKEN) === 0 && byte !== SP && byte !== HT && byte !== COMMA) return BAD_CODING
  }
  for (let offset = start; offset + CHUNKED_NAME.length < last; offset++)
    if (equalsIgnoringCase(bytes, offset, offset + CHUNKED_NAME.length, CHUNKED_NAME)) return BAD_CODING
  return CODING_NOT_SUPPORTED
}
