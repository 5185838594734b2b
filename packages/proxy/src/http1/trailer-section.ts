/**
 * The trailer section of a chunked body (RFC 9112 section 7.1.2). Only fields that a trailer may hold are forwarded: none that frames or
 * routes the message, and no copy of our headers, since applications merge trailers into the header section.
 */
import { BAD_TRAILER, NEEDS_MORE } from "./parse-error.ts"
import { OTHER } from "./field-kind.ts"
import type { NameSet } from "./field-kind.ts"
import { HeaderFields } from "./header-fields.ts"
import { CR, LF } from "./byte-classes.ts"

/** Maximum length of a section in bytes. */
export const TRAILERS_MAX = 8192
const FIELDS_MAX = 64

const fields = new HeaderFields()

/** Returns the offset after the section, NEEDS_MORE, or a parse error. */
export function parseTrailers(bytes: Uint8Array, from: number, end: number): number {
  if (end - from >= 2 && bytes[from] === CR && bytes[from + 1] === LF) {
    fields.count = 0
    return from + 2
  }
  const parsed = fields.parse(bytes, from, Math.min(end, from + TRAILERS_MAX), FIELDS_MAX)
  if (parsed > 0) return parsed
  return parsed < 0 || end - from >= TRAILERS_MAX ? BAD_TRAILER : NEEDS_MORE
}

/** Writes the section that was parsed last to `out` from `at`; it is never longer than before. Returns the end. */
export function writeTrailers(bytes: Uint8Array, out: Uint8Array, at: number, reserved: NameSet): number {
  for (let i = 0; i < fields.count; i++) {
    const from = fields.nameStart(i)
    if (fields.kind(i) !== OTHER || reserved.has(bytes, from, fields.nameEnd(i))) continue
    const end = fields.valueEnd(i)
    for (let j = from; j < end; j++) out[at++] = bytes[j]!
    out[at++] = CR
    out[at++] = LF
  }
  out[at++] = CR
  out[at++] = LF
  return at
}
