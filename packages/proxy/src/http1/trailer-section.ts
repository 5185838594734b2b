/**
 * The trailer section of a chunked body (RFC 9112 section 7.1.2). To the upstream go only fields that a trailer may hold: nothing that
 * frames or routes the message, and no copy of our headers, since applications merge trailers into the header section.
 */
import { BAD_TRAILER, MORE } from "./fault.ts"
import { OTHER } from "./field-name.ts"
import type { NameSet } from "./field-name.ts"
import { Fields } from "./fields.ts"
import { CR, LF } from "./byte-classes.ts"

/** Longest section. */
export const TRAILERS_MAX = 8192
const FIELDS_MAX = 64

const fields = new Fields()

/** Offset after the section, MORE, or a fault. */
export function parseTrailers(bytes: Uint8Array, from: number, end: number): number {
  if (end - from >= 2 && bytes[from] === CR && bytes[from + 1] === LF) {
    fields.count = 0
    return from + 2
  }
  const parsed = fields.parse(bytes, from, Math.min(end, from + TRAILERS_MAX), FIELDS_MAX)
  if (parsed > 0) return parsed
  return parsed < 0 || end - from >= TRAILERS_MAX ? BAD_TRAILER : MORE
}

/** Writes the section that was parsed last from `at`, which is never longer than it was; returns the end. */
export function writeTrailers(bytes: Uint8Array, out: Uint8Array, at: number, reserved: NameSet): number {
  for (let i = 0; i < fields.count; i++) {
    const from = fields.at[i * 4]!
    if (fields.kind[i] !== OTHER || reserved.has(bytes, from, fields.at[i * 4 + 1]!)) continue
    const end = fields.at[i * 4 + 3]!
    for (let j = from; j < end; j++) out[at++] = bytes[j]!
    out[at++] = CR
    out[at++] = LF
  }
  out[at++] = CR
  out[at++] = LF
  return at
}
