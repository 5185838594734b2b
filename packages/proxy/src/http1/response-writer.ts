/**
 * The head that goes to the client: the upstream's, byte for byte and in its order, without what was for that hop.
 *
 *     HTTP/1.1 status reason          whatever version the upstream has (RFC 9110 section 2.5)
 *     fields as they came
 *     Date                            when the upstream sent none (RFC 9110 section 6.6.1)
 *     Connection: close               when this is the last response; keep-alive for an HTTP/1.0 client that stays
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
} from "./field-name.ts"
import { LF, bytesOf } from "./byte-classes.ts"
import type { ResponseHead } from "./response-head.ts"

const VERSION = bytesOf("HTTP/1.1 ")
const CRLF = bytesOf("\r\n")
const CLOSE_LINE = bytesOf("Connection: close\r\n")
const KEEP_ALIVE_LINE = bytesOf("Connection: keep-alive\r\n")
const UPGRADE_LINE = bytesOf("Connection: Upgrade\r\n")

const IS_DROPPED = new Uint8Array(32)
for (const kind of [CONNECTION, KEEP_ALIVE, PROXY_CONNECTION, HTTP2_SETTINGS, NAMED]) IS_DROPPED[kind] = 1

/** What the client is told about its connection. */
export const STAYS = 0
export const CLOSES = 1
/** An HTTP/1.0 client must be told that it may stay. */
export const STAYS_1_0 = 2

/** Writes the head from `at`; returns the end. `date` is a whole Date line; `chunks` false: the client can't read chunked. */
export function writeResponseHead(
  head: ResponseHead,
  bytes: Uint8Array,
  connection: number,
  chunks: boolean,
  date: Uint8Array,
  removed: NameSet,
  added: Uint8Array,
  out: Uint8Array,
  at: number
): number {
  const { fields, status } = head
  at = put(VERSION, out, at)
  at = put(CRLF, out, copy(bytes, head.statusStart, head.statusEnd, out, at))
  const count = fields.count
  const offsets = fields.at
  // 101 switches to it; 426 names what would do. Elsewhere it is an offer to us.
  const keepsUpgrade = status === 101 || status === 426
  let hasDate = false
  let runStart = -1
  let runEnd = 0
  for (let i = 0; i < count; i++) {
    const slot = i << 2
    const kind = fields.kind[i]!
    if (kind === DATE) hasDate = true
    const drops =
      IS_DROPPED[kind] === 1 ||
      (kind === UPGRADE && !keepsUpgrade) ||
      (kind === TRANSFER_ENCODING && !chunks) ||
      (removed.size > 0 && kind !== TRANSFER_ENCODING && removed.has(bytes, offsets[slot]!, offsets[slot + 1]!))
    if (drops) {
      if (runStart >= 0) at = copy(bytes, runStart, runEnd, out, at)
      runStart = -1
    } else {
      if (runStart < 0) runStart = offsets[slot]!
      runEnd = i + 1 < count ? offsets[slot + 4]! : lineEnd(bytes, offsets[slot + 3]!)
    }
  }
  if (runStart >= 0) at = copy(bytes, runStart, runEnd, out, at)
  if (status >= 200) {
    if (!hasDate) at = put(date, out, at)
    at = copy(added, 0, added.length, out, at)
    if (connection === CLOSES) at = put(CLOSE_LINE, out, at)
    else if (connection === STAYS_1_0) at = put(KEEP_ALIVE_LINE, out, at)
  } else if (status === 101) at = put(UPGRADE_LINE, out, at)
  return put(CRLF, out, at)
}

function lineEnd(bytes: Uint8Array, at: number): number {
  while (bytes[at] !== LF) at++
  return at + 1
}
