/**
 * p0f's API: a query of 21 bytes about an address, a reply of 232 bytes (p0f 3.09b README section 4; api.h; api.c: handle_query), or the
 * 236 bytes of the seed's patched p0f ("friendly"). Little-endian, packed.
 *
 *     query  0 magic 0x50304601  4 type 4|6   5 address[16], IPv4 in the first 4
 *     reply  0 magic 0x50304602  4 status     8 first_seen  12 last_seen  16 total_conn  20 uptime_min  24 up_mod_days
 *           28 last_nat         32 last_chg  36 distance   38 bad_sw     39 os_match_q
 *           40 os_name[32]  72 os_flavor[32]  104 http_name[32]  136 http_flavor[32]  168 link_type[32]  200 language[32]
 *     friendly: 168 link_mtu  170 link_mss  172 link_type[32]  204 language[32]
 *
 * As p0f: strings of 32 bytes and more fill their field without NUL, an unknown distance is 255, and a look-up refreshes nothing.
 */
import { linkName } from "../tcp/path/link-table.ts"
import { HostView } from "../history/hosts/host-answer.ts"
import { languageName } from "../history/http/languages.ts"
import type { Observer } from "../history/observer.ts"

export const P0F_QUERY_MAGIC = 0x50304601
export const P0F_RESP_MAGIC = 0x50304602

export const P0F_STATUS_BADQUERY = 0x00
export const P0F_STATUS_OK = 0x10
export const P0F_STATUS_NOMATCH = 0x20

export const P0F_QUERY_BYTES = 21
export const P0F_REPLY_BYTES = 232
export const P0F_FRIENDLY_REPLY_BYTES = 236

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

/** Writes at most 32 bytes of a text into a field of zeros. Like p0f's strncpy, it may cut a UTF-8 character. */
function putString(out: Uint8Array, at: number, text: string | undefined): void {
  if (text === undefined) return
  const bytes = encoder.encode(text)
  for (let i = 0; i < bytes.length && i < STRING_BYTES; i++) out[at + i] = bytes[i]!
}

const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!

/** Answers queries about the hosts of one observer, in one layout. */
export class P0fResponder {
  readonly replyBytes: number
  readonly #observer: Observer
  readonly #layout: "p0f" | "friendly"

  constructor(observer: Observer, layout: "p0f" | "friendly") {
    this.replyBytes = layout === "p0f" ? P0F_REPLY_BYTES : P0F_FRIENDLY_REPLY_BYTES
    this.#observer = observer
    this.#layout = layout
  }

  /**
   * Answers the query at `at`, writes the reply to `out` from `outAt` and returns its length. `nowSec` decides whether an idle host of
   * modern mode still counts.
   */
  reply(query: Uint8Array, at: number, nowSec: number, out: Uint8Array, outAt: number): number {
    const length = this.replyBytes
    // A reload replaces the labels.
    const { hosts, labels } = this.#observer
    out.fill(0, outAt, outAt + length)
    putU32(out, outAt, P0F_RESP_MAGIC)
    const magic = query[at]! | (query[at + 1]! << 8) | (query[at + 2]! << 16) | (query[at + 3]! << 24)
    const type = query[at + 4]!
    if (magic !== P0F_QUERY_MAGIC || (type !== 4 && type !== 6)) {
      putU32(out, outAt + 4, P0F_STATUS_BADQUERY)
      return length
    }
    const a0 = word(query, at + 5)
    const host =
      type === 4
        ? hosts.lookUp(4, a0, 0, 0, 0, nowSec)
        : hosts.lookUp(6, a0, word(query, at + 9), word(query, at + 13), word(query, at + 17), nowSec)
    if (host < 0) {
      putU32(out, outAt + 4, P0F_STATUS_NOMATCH)
      return length
    }
    putU32(out, outAt + 4, P0F_STATUS_OK)
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
    if (this.#layout === "friendly") {
      putU16(out, tail, view.linkMtu)
      putU16(out, tail + 2, view.linkMss)
      tail += 4
    }
    putString(out, tail, linkName(labels.database, view.keptMtu))
    putString(out, tail + STRING_BYTES, languageName(view.language))
    return length
  }
}
