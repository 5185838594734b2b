/**
 * Raw HTTP signature `ver:headers:missing common headers:software`, as p0f prints it (fp_http.c: dump_sig).
 * A `|` in the software or in the value of an unknown header is not cut: JSON is the form for machines.
 */
import { type HttpHead, ID_UNKNOWN } from "./head.ts"
import { HEADER_OPTIONAL, type HttpSide } from "./tables.ts"

/** p0f's HTTP_MAX_SHOW. */
const MAX_SHOW = 200
const COMMA = 0x2c
const COLON = 0x3a

/** Longest text: 32 headers of 32 + 200 bytes and what surrounds them, the common names, the software. */
export const HTTP_SIGNATURE_MAX = 32 * (32 + MAX_SHOW + 5) + 512 + MAX_SHOW

function put(bytes: Uint8Array, from: number, length: number, out: Uint8Array, at: number): number {
  for (let i = 0; i < length; i++) out[at + i] = bytes[from + i]!
  return at + length
}

/** Printable part of a value, at most MAX_SHOW bytes. */
function putShown(head: HttpHead, line: number, cutPipe: boolean, out: Uint8Array, at: number): number {
  const from = head.valueAt(line)
  const end = Math.min(head.valueEnd(line), from + MAX_SHOW)
  let to = at
  for (let i = from; i < end; i++) {
    const byte = head.bytes[i]!
    if (byte < 0x20 || byte >= 0x80 || byte === 0x5d || (cutPipe && byte === 0x7c)) break
    out[to++] = byte
  }
  return to
}

/** Writes the signature to `out` from `at`, returns the end. */
export function putHttpSignature(
  head: HttpHead,
  side: HttpSide,
  names: ReadonlyArray<Uint8Array>,
  out: Uint8Array,
  at: number
): number {
  let to = at
  out[to++] = 0x30 + head.ver
  out[to++] = COLON
  for (let line = 0; line < head.count; line++) {
    if (line > 0) out[to++] = COMMA
    const id = head.id(line)
    const isKnown = id !== ID_UNKNOWN
    const flags = isKnown ? side.flags[id]! : 0
    if ((flags & HEADER_OPTIONAL) !== 0) out[to++] = 0x3f
    to = put(head.bytes, head.nameAt(line), head.nameLength(line), out, to)
    if (flags !== 0 || !head.hasValue(line)) continue
    const end = putShown(head, line, isKnown, out, to + 2)
    if (end === to + 2) continue
    out[to] = 0x3d
    out[to + 1] = 0x5b
    out[end] = 0x5d
    to = end + 1
  }
  out[to++] = COLON
  let hasMissing = false
  for (let i = 0; i < side.common.length; i++) {
    const id = side.common[i]!
    if (head.find(id, 0) >= 0) continue
    if (hasMissing) out[to++] = COMMA
    hasMissing = true
    const name = names[id]!
    to = put(name, 0, name.length, out, to)
  }
  out[to++] = COLON
  return head.software < 0 ? to : putShown(head, head.software, false, out, to)
}
