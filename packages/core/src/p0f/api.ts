/**
 * p0f's API: a 21-byte query about an address, a reply of 232 bytes (p0f's api.h, api.c: handle_query; specs p0f.md §9), or the 236
 * bytes of the seed's patched p0f ("friendly", Appendix E). Little-endian, packed.
 *
 *     query  0 magic 0x50304601  4 type 4|6   5 address[16]
 *     reply  0 magic 0x50304602  4 status     8 first_seen  12 last_seen  16 total_conn  20 uptime_min  24 up_mod_days
 *           28 last_nat         32 last_chg  36 distance   38 bad_sw     39 os_match_q
 *           40 os_name[32]  72 os_flavor[32]  104 http_name[32]  136 http_flavor[32]  168 link_type[32]  200 language[32]
 *     friendly: 168 link_mtu  170 link_mss  172 link_type[32]  204 language[32]
 *
 * As p0f: strings of 32 bytes and more fill their field without NUL, an unknown distance is 255, and a look-up refreshes nothing.
 */
import { linkName } from "../tcp/path/link-table.ts"
import { HostView } from "../history/hosts/host-answer.ts"
import type { Hosts } from "../history/hosts/hosts.ts"
import type { Labels } from "../history/hosts/label-table.ts"
import { languageName } from "../history/http/languages.ts"

export const QUERY_BYTES = 21
export type ReplyLayout = "p0f" | "friendly"
export const replyBytes = (layout: ReplyLayout): number => (layout === "p0f" ? 232 : 236)

const QUERY_MAGIC = 0x50304601
const REPLY_MAGIC = 0x50304602
const STATUS_BAD_QUERY = 0x00
const STATUS_OK = 0x10
const STATUS_NO_MATCH = 0x20
const STRING_BYTES = 32

const encoder = new TextEncoder()
const view = new HostView()

function putU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value
  out[at + 1] = value >>> 8
  out[at + 2] = value >>> 16
  out[at + 3] = value >>> 24
}

function putU16(out: Uint8Array, at: number, value: number): void {
  out[at] = value
  out[at + 1] = value >>> 8
}

/** At most 32 bytes; the field is zero already. strncpy would cut a UTF-8 character, and so does this. */
function putString(out: Uint8Array, at: number, text: string | undefined): void {
  if (text === undefined) return
  const bytes = encoder.encode(text)
  for (let i = 0; i < bytes.length && i < STRING_BYTES; i++) out[at + i] = bytes[i]!
}

const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!

/**
 * Answers the query of 21 bytes at `at`, writes the reply to `out` from `outAt` and returns its length. `nowSec` decides whether an
 * idle host of modern mode still counts.
 */
export function replyTo(
  query: Uint8Array,
  at: number,
  hosts: Hosts,
  labels: Labels,
  nowSec: number,
  out: Uint8Array,
  outAt: number,
  layout: ReplyLayout
): number {
  const length = replyBytes(layout)
  out.fill(0, outAt, outAt + length)
  putU32(out, outAt, REPLY_MAGIC)
  const magic = query[at]! | (query[at + 1]! << 8) | (query[at + 2]! << 16) | (query[at + 3]! << 24)
  const type = query[at + 4]!
  if (magic !== QUERY_MAGIC || (type !== 4 && type !== 6)) {
    putU32(out, outAt + 4, STATUS_BAD_QUERY)
    return length
  }
  const a0 = word(query, at + 5)
  const host =
    type === 4
      ? hosts.lookUp(4, a0, 0, 0, 0, nowSec)
      : hosts.lookUp(6, a0, word(query, at + 9), word(query, at + 13), word(query, at + 17), nowSec)
  if (host < 0) {
    putU32(out, outAt + 4, STATUS_NO_MATCH)
    return length
  }
  putU32(out, outAt + 4, STATUS_OK)
  view.read(hosts, host)
  putU32(out, outAt + 8, view.firstSeen)
  putU32(out, outAt + 12, view.lastSeen)
  putU32(out, outAt + 16, view.totalConn)
  if (view.uptimeMinutes >= 0) {
    putU32(out, outAt + 20, view.uptimeMinutes)
    putU32(out, outAt + 24, view.upModDays)
  }
  putU32(out, outAt + 28, view.lastNat)
  putU32(out, outAt + 32, view.lastChg)
  putU16(out, outAt + 36, view.distance)
  out[outAt + 38] = view.badSw
  out[outAt + 39] = view.osMatchQ
  putString(out, outAt + 40, labels.nameOf(view.os))
  putString(out, outAt + 72, labels.flavorOf(view.os))
  putString(out, outAt + 104, labels.nameOf(view.http))
  putString(out, outAt + 136, labels.flavorOf(view.http))
  let tail = outAt + 168
  if (layout === "friendly") {
    putU16(out, tail, view.linkMtu)
    putU16(out, tail + 2, view.linkMss)
    tail += 4
  }
  putString(out, tail, linkName(labels.database, view.keptMtu))
  putString(out, tail + STRING_BYTES, languageName(view.language))
  return length
}
