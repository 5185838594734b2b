/**
 * The head of a response (RFC 9112 sections 4 and 5) as offsets into the buffer. Every parse error becomes a 502.
 *
 *     "HTTP/1." DIGIT SP 3DIGIT [ SP reason-phrase ] CRLF
 *     field lines CRLF
 */
import { type BodyFraming, type FramedHead, readResponseFraming } from "./body-framing.ts"
import { BAD_STATUS_LINE, NEEDS_MORE } from "./parse-error.ts"
import { HeaderFields } from "./header-fields.ts"
import { CLASS, CR, LF, bytesOf, SP, VALUE } from "./byte-classes.ts"

const VERSION = bytesOf("HTTP/1.")

export class ResponseHead implements FramedHead {
  readonly fields: HeaderFields = new HeaderFields()
  start = 0
  /** Behind the empty line. */
  end = 0
  minor = 1
  status = 0
  /** Start of the status code and end of the reason phrase. */
  statusStart = 0
  statusEnd = 0
  framing: BodyFraming = "none"
  contentLength = 0
  /** True if the upstream keeps the connection open after this response. */
  keepsAlive = false

  /** Returns the offset after the head, NEEDS_MORE, or a parse error. `toHead`: the request was HEAD. */
  parse(bytes: Uint8Array, from: number, end: number, maxFields: number, toHead: boolean): number {
    let at = from
    this.start = at
    for (let i = 0; i < VERSION.length; i++, at++) {
      if (at === end) return NEEDS_MORE
      if (bytes[at] !== VERSION[i]) return BAD_STATUS_LINE
    }
    if (end - at < 6) return lineIsBroken(bytes, at, end) ? BAD_STATUS_LINE : NEEDS_MORE
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
    // Real servers omit the space after the code when there is no reason phrase.
    if (bytes[at] !== SP && bytes[at] !== CR) return BAD_STATUS_LINE
    while ((CLASS[bytes[at]!]! & VALUE) !== 0) if (++at === end) return NEEDS_MORE
    if (bytes[at] !== CR) return BAD_STATUS_LINE
    if (at + 1 === end) return NEEDS_MORE
    if (bytes[at + 1] !== LF) return BAD_STATUS_LINE
    this.statusEnd = at
    const { fields } = this
    const parsed = fields.parse(bytes, at + 2, end, maxFields)
    if (parsed <= 0) return parsed
    this.end = parsed
    const { status } = this
    const isBodiless = toHead || status < 200 || status === 204 || status === 304
    const result = readResponseFraming(bytes, fields, isBodiless, this)
    if (result !== 0) return result
    const { framing } = this
    // A sender of chunked in HTTP/1.0 may not know chunked's end (RFC 9112 section 6.1), so that connection is not reused.
    this.keepsAlive =
      framing !== "until_close" &&
      !fields.hasClose &&
      (this.minor === 1 || (fields.hasKeepAlive && framing !== "chunked"))
    return parsed
  }
}

/** Returns true if the line ended before its status code was complete. */
function lineIsBroken(bytes: Uint8Array, at: number, end: number): boolean {
  for (; at < end; at++) if (bytes[at] === CR || bytes[at] === LF) return true
  return false
}
