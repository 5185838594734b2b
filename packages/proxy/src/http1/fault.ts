/**
 * Faults: why a message is refused, as small negative numbers that parsers return, each with its status and sentence.
 *
 * A request with a fault is answered with the status and the connection is closed, since nobody knows where the next one begins. A
 * response with a fault becomes 502.
 */

export interface Fault {
  readonly status: number
  /** For the response body and the log. */
  readonly text: string
}

const FAULTS: Array<Fault> = []

/** Every fault is below this: -1 and -2 are lengths (body-length.ts). */
const FIRST = -8

function fault(status: number, text: string): number {
  FAULTS.push({ status, text })
  return FIRST - FAULTS.length
}

export const isFault = (code: number): boolean => code < FIRST

/** What a parser returned, when `isFault`. */
export const faultOf = (code: number): Fault => FAULTS[FIRST - code - 1]!

/** Not a fault: the message is not complete. */
export const MORE = 0

// Request line, RFC 9112 sections 2.2 and 3.
export const BAD_METHOD: number = fault(400, "the method is not a token followed by one space")
export const BAD_TARGET: number = fault(400, "the request target is not valid")
export const BAD_VERSION: number = fault(400, "the request line does not end with HTTP/1.0 or HTTP/1.1")
export const VERSION_NOT_SUPPORTED: number = fault(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
export const CONNECT_NOT_ALLOWED: number = fault(405, "this is no forward proxy: CONNECT is not served")
export const BARE_LF: number = fault(400, "a line ends with a bare LF")
export const BARE_CR: number = fault(400, "a CR is not followed by LF")
export const HEAD_TOO_LARGE: number = fault(431, "the header section is too large")
export const TOO_MANY_FIELDS: number = fault(431, "there are too many header fields")

// Field lines, RFC 9112 section 5.
export const BAD_NAME: number = fault(400, "a header field has no valid name before its colon")
export const SPACE_BEFORE_COLON: number = fault(400, "there is white space between a field name and its colon")
export const FOLDED: number = fault(400, "a header line is folded")
export const BAD_VALUE: number = fault(400, "a header field holds a control character")

// Host, RFC 9112 section 3.2.
export const NO_HOST: number = fault(400, "there is no Host")
export const SEVERAL_HOSTS: number = fault(400, "there is more than one Host")
export const BAD_HOST: number = fault(400, "the Host is not valid")
export const HOSTS_DIFFER: number = fault(400, "the target's host and Host differ")

// Message body length, RFC 9112 section 6.
export const BAD_LENGTH: number = fault(400, "Content-Length is not one decimal number")
export const SEVERAL_LENGTHS: number = fault(400, "there is more than one Content-Length")
export const LENGTH_AND_CODING: number = fault(400, "there are both Content-Length and Transfer-Encoding")
export const BAD_CODING: number = fault(400, "Transfer-Encoding does not end with chunked, once")
export const CODING_NOT_SUPPORTED: number = fault(501, "only the transfer coding chunked is understood")
export const CODING_IN_1_0: number = fault(400, "HTTP/1.0 has no Transfer-Encoding")

// Chunked coding, RFC 9112 section 7.1.
export const BAD_CHUNK: number = fault(400, "the chunked framing is broken")
export const BAD_TRAILER: number = fault(400, "the trailer section is broken or too large")
/** Of the configuration. */
export const BODY_TOO_LARGE: number = fault(413, "the request body is too large")

// Status line, RFC 9112 section 4.
export const BAD_STATUS_LINE: number = fault(502, "the upstream's status line is not valid")
export const BAD_UPGRADE: number = fault(502, "the upstream switched protocols unasked")
