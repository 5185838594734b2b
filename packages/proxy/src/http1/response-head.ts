/**
 * The head of a response (RFC 9112 sections 4 and 5) as offsets into the buffer. Every fault becomes 502.
 *
 *     "HTTP/1." DIGIT SP 3DIGIT [ SP reason-phrase ] CRLF
 *     field lines CRLF
 */
import { CHUNKED, decodeResponseLength, UNTIL_CLOSE } from "./body-length.ts"
import { BAD_STATUS_LINE, isFault, MORE } from "./fault.ts"
import { Fields } from "./fields.ts"
import { CLASS, CR, LF, bytesOf, SP, VALUE } from "./byte-classes.ts"

const VERSION = bytesOf("HTTP/1.")

export class ResponseHead {
  readonly fields: Fields = new Fields()
  start = 0
  minor = 1
  status = 0
  /** From the status code to the end of the reason phrase. */
  statusStart = 0
  statusEnd = 0
  /** A length, CHUNKED or UNTIL_CLOSE. */
  length = 0
  /** Whether the upstream keeps the connection after this response. */
  keepsAlive = false

  /** Offset after the head, MORE, or a fault. `toHead`: the request was HEAD. */
  parse(bytes: Uint8Array, from: number, end: number, maxFields: number, toHead: boolean): number {
    let at = from
    this.start = at
    for (let i = 0; i < VERSION.length; i++, at++) {
      if (at === end) return MORE
      if (bytes[at] !== VERSION[i]) return BAD_STATUS_LINE
    }
    if (end - at < 6) return lineIsBroken(bytes, at, end) ? BAD_STATUS_LINE : MORE
    const minor = bytes[at]! - 0x30
    const hundreds = bytes[at + 2]! - 0x30
    const tens = bytes[at + 3]! - 0x30
    const ones = bytes[at + 4]! - 0x30
    if (minor < 0 || minor > 9 || bytes[at + 1] !== SP) return BAD_STATUS_LINE
    if (hundreds < 1 || hundreds > 9 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return BAD_STATUS_LINE
    this.minor = minor === 0 ? 0 : 1
    this.status = hundreds * 100 + tens * 10 + ones
    this.statusStart = at + 2
    at += 5
    // The space after the code is missing in the wild when there is no reason phrase.
    if (bytes[at] !== SP && bytes[at] !== CR) return BAD_STATUS_LINE
    while ((CLASS[bytes[at]!]! & VALUE) !== 0) if (++at === end) return MORE
    if (bytes[at] !== CR) return BAD_STATUS_LINE
    if (at + 1 === end) return MORE
    if (bytes[at + 1] !== LF) return BAD_STATUS_LINE
    this.statusEnd = at
    const { fields } = this
    const parsed = fields.parse(bytes, at + 2, end, maxFields)
    if (parsed <= 0) return parsed
    const { status } = this
    const length = decodeResponseLength(bytes, fields, toHead || status < 200 || status === 204 || status === 304)
    if (isFault(length)) return length
    this.length = length
    // Chunked in HTTP/1.0 may have been written by who does not know its end (RFC 9112 section 6.1): the connection is not used again.
    this.keepsAlive =
      length !== UNTIL_CLOSE && !fields.hasClose && (this.minor === 1 || (fields.hasKeepAlive && length !== CHUNKED))
    return parsed
  }
}

/** A line that ended before its status code can't become one. */
function lineIsBroken(bytes: Uint8Array, at: number, end: number): boolean {
  for (; at < end; at++) if (bytes[at] === CR || bytes[at] === LF) return true
  return false
}
