/**
 * Parse errors: the reasons for which a message is refused. Parsers return them as small negative numbers; each stands for a status and
 * a sentence.
 *
 * A request with an error is answered with the status, and the connection is closed, since nobody knows where the next request begins.
 * A response with an error becomes a 502.
 */

export interface ErrorResponse {
  readonly status: number
  /** One sentence for the body of the response and for the log. */
  readonly text: string
}

const RESPONSES: Array<ErrorResponse> = []

function parseError(status: number, text: string): number {
  return -RESPONSES.push({ status, text })
}

export const isParseError = (code: number): boolean => code < 0

/** The response to a parse error. */
export const errorResponse = (code: number): ErrorResponse => RESPONSES[-code - 1]!

/** Returned by parsers while the message is incomplete; not an error. */
export const NEEDS_MORE = 0

// Request line, RFC 9112 sections 2.2 and 3.
export const BAD_METHOD: number = parseError(400, "the method is not a token followed by one space")
export const BAD_TARGET: number = parseError(400, "the request target is not valid")
export const BAD_VERSION: number = parseError(400, "the request line does not end with HTTP/1.0 or HTTP/1.1")
export const VERSION_NOT_SUPPORTED: number = parseError(505, "only HTTP/1.0 and HTTP/1.1 are supported")
export const CONNECT_NOT_ALLOWED: number = parseError(405, "this is not a forward proxy: CONNECT is not supported")
export const BARE_LF: number = parseError(400, "a line ends with a bare LF")
export const BARE_CR: number = parseError(400, "a CR is not followed by LF")
export const HEAD_TOO_LARGE: number = parseError(431, "the header section is too large")
export const TOO_MANY_FIELDS: number = parseError(431, "there are too many header fields")

// Field lines, RFC 9112 section 5.
export const BAD_NAME: number = parseError(400, "a header field has no valid name before its colon")
export const SPACE_BEFORE_COLON: number = parseError(400, "there is white space between a field name and its colon")
export const FOLDED: number = parseError(400, "a header line is folded")
export const BAD_VALUE: number = parseError(400, "a header field holds a control character")

// Host, RFC 9112 section 3.2.
export const NO_HOST: number = parseError(400, "the Host header is missing")
export const SEVERAL_HOSTS: number = parseError(400, "there is more than one Host")
export const BAD_HOST: number = parseError(400, "the Host is not valid")
export const HOSTS_DIFFER: number = parseError(400, "the target's host and Host differ")

// Message body length, RFC 9112 section 6.
export const BAD_LENGTH: number = parseError(400, "Content-Length is not one decimal number")
export const SEVERAL_LENGTHS: number = parseError(400, "there is more than one Content-Length")
export const LENGTH_AND_CODING: number = parseError(400, "there are both Content-Length and Transfer-Encoding")
export const BAD_CODING: number = parseError(400, "Transfer-Encoding does not end with chunked, once")
export const CODING_NOT_SUPPORTED: number = parseError(501, "only the transfer coding chunked is supported")
export const CODING_IN_1_0: number = parseError(400, "HTTP/1.0 has no Transfer-Encoding")

// Chunked coding, RFC 9112 section 7.1.
export const BAD_CHUNK: number = parseError(400, "the chunked framing is broken")
export const BAD_TRAILER: number = parseError(400, "the trailer section is broken or too large")
/** The limit is the configuration's. */
export const BODY_TOO_LARGE: number = parseError(413, "the request body is too large")

// Status line, RFC 9112 section 4.
export const BAD_STATUS_LINE: number = parseError(502, "the upstream's status line is not valid")
export const BAD_UPGRADE: number = parseError(502, "the upstream switched protocols unasked")
