/**
 * Writes the head that goes to the client: the upstream's head byte for byte and in order, without the fields of the upstream's hop.
 *
 *     HTTP/1.1 status reason          whatever the upstream's version is (RFC 9110 section 2.5)
 *     fields in order
 *     Date                            if the upstream sent none (RFC 9110 section 6.6.1)
 *     Connection: close               with the last response; keep-alive for an HTTP/1.0 client that stays
 */
import { copy, put } from "./copy.ts"
import {
  CONNECTION,
  DATE,
  HTTP2_SETTINGS,
  KEEP_ALIVE,
  NAMED,
  type NameSet,
  PROXY_CONNECTION,
  TRANSFER_ENCODING,
  UPGRADE
} from "./field-kind.ts"
import { bytesOf } from "./byte-classes.ts"
import type { ResponseHead } from "./response-head.ts"

const VERSION = bytesOf("HTTP/1.1 ")
const CRLF = bytesOf("\r\n")
const CLOSE_LINE = bytesOf("Connection: close\r\n")
const KEEP_ALIVE_LINE = bytesOf("Connection: keep-alive\r\n")
const UPGRADE_LINE = bytesOf("Connection: Upgrade\r\n")

const IS_DROPPED = new Uint8Array(32)
for (const kind of [CONNECTION, KEEP_ALIVE, PROXY_CONNECTION, HTTP2_SETTINGS, NAMED]) IS_DROPPED[kind] = 1

/** The client's hop: its HTTP/1 minor version, and whether its connection stays open after this response. */
export interface ClientHop {
  readonly minor: number
  readonly keeps: boolean
}

/** Changes that a route makes to response heads. */
export interface ResponseRewrite {
  readonly removedFromResponse: NameSet
  /** Whole header lines. */
  readonly addedToResponse: Uint8Array
}

/** Writes the head of `bytes` to `out`, which has room for it; returns the length written. `date` is a whole Date line. */
export function writeResponseHead(
  head: ResponseHead,
  bytes: Uint8Array,
  hop: ClientHop,
  rewrite: ResponseRewrite,
  date: Uint8Array,
  out: Uint8Array
): number {
  const { fields, status } = head
  const removed = rewrite.removedFromResponse
  let at = put(VERSION, out, 0)
  at = put(CRLF, out, copy(bytes, head.statusStart, head.statusEnd, out, at))
  const count = fields.count
  // 101 switches to the protocol, 426 names one that would do. Elsewhere Upgrade is an offer to us.
  const keepsUpgrade = status === 101 || status === 426
  // HTTP/1.0 does not have chunked: such a body is decoded.
  const isDecoded = head.framing === "chunked" && hop.minor === 0
  let hasDate = false
  let runStart = -1
  let runEnd = 0
  for (let i = 0; i < count; i++) {
    const kind = fields.kind(i)
    if (kind === DATE) hasDate = true
    const drops =
      IS_DROPPED[kind] === 1 ||
      (kind === UPGRADE && !keepsUpgrade) ||
      (kind === TRANSFER_ENCODING && isDecoded) ||
      (removed.size > 0 && kind !== TRANSFER_ENCODING && removed.has(bytes, fields.nameStart(i), fields.nameEnd(i)))
    if (drops) {
      if (runStart >= 0) at = copy(bytes, runStart, runEnd, out, at)
      runStart = -1
    } else {
      if (runStart < 0) runStart = fields.nameStart(i)
      runEnd = fields.lineEnd(bytes, i)
    }
  }
  if (runStart >= 0) at = copy(bytes, runStart, runEnd, out, at)
  if (status >= 200) {
    if (!hasDate) at = put(date, out, at)
    at = put(rewrite.addedToResponse, out, at)
    if (!hop.keeps) at = put(CLOSE_LINE, out, at)
    else if (hop.minor === 0) at = put(KEEP_ALIVE_LINE, out, at)
  } else if (status === 101) at = put(UPGRADE_LINE, out, at)
  return put(CRLF, out, at)
}
