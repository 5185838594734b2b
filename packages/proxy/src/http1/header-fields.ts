/**
 * The header fields of one message (RFC 9112 section 5): offsets of names and values in the buffer that holds them, in order, with kinds.
 *
 *     name ":" OWS value OWS CRLF        no white space before ":", no folding, no bare CR or LF, no control character
 */
import {
  BAD_NAME,
  BAD_VALUE,
  BARE_CR,
  BARE_LF,
  FOLDED,
  NEEDS_MORE,
  SPACE_BEFORE_COLON,
  TOO_MANY_FIELDS
} from "./parse-error.ts"
import { CONNECTION, kindOf, NAMED, OTHER } from "./field-kind.ts"
import {
  CLASS,
  COLON,
  COMMA,
  CR,
  HT,
  LF,
  LOWER,
  SP,
  TOKEN,
  VALUE,
  equalsIgnoringCase,
  bytesOf
} from "./byte-classes.ts"

/** The highest limit that a configuration may set; the arrays have this length. */
export const MAX_FIELDS = 1024

const CLOSE = bytesOf("close")
const KEEP_ALIVE = bytesOf("keep-alive")
const UPGRADE = bytesOf("upgrade")

export class HeaderFields {
  count = 0
  /** Four per field: start and end of the name, start and end of the value without the white space around it. */
  readonly #offsets: Int32Array = new Int32Array(MAX_FIELDS * 4)
  readonly #kinds: Uint8Array = new Uint8Array(MAX_FIELDS)
  /** Bits of the kinds that occurred, and of those that occurred again: `find` mostly asks for a kind that is absent. */
  #seen = 0
  #repeated = 0

  // True if any Connection field has this member.
  hasClose = false
  hasKeepAlive = false
  hasUpgrade = false

  /** Kind of field `index` (field-kind.ts). */
  kind(index: number): number {
    return this.#kinds[index]!
  }

  setKind(index: number, kind: number): void {
    this.#kinds[index] = kind
  }

  nameStart(index: number): number {
    return this.#offsets[index << 2]!
  }

  nameEnd(index: number): number {
    return this.#offsets[(index << 2) + 1]!
  }

  valueStart(index: number): number {
    return this.#offsets[(index << 2) + 2]!
  }

  valueEnd(index: number): number {
    return this.#offsets[(index << 2) + 3]!
  }

  /** End of the line of field `index`, behind its CRLF. */
  lineEnd(bytes: Uint8Array, index: number): number {
    if (index + 1 < this.count) return this.#offsets[(index + 1) << 2]!
    let offset = this.valueEnd(index)
    while (bytes[offset] !== LF) offset++
    return offset + 1
  }

  /**
   * Reads field lines from `from` up to and including the empty line. Returns the offset after it, NEEDS_MORE, or a parse error.
   */
  parse(bytes: Uint8Array, from: number, end: number, limit: number): number {
    const offsets = this.#offsets
    const kinds = this.#kinds
    let count = 0
    let at = from
    let seen = 0
    let repeated = 0
    this.hasClose = this.hasKeepAlive = this.hasUpgrade = false
    for (;;) {
      if (at === end) return NEEDS_MORE
      let byte = bytes[at]!
      if (byte === CR) {
        if (at + 1 === end) return NEEDS_MORE
        if (bytes[at + 1] !== LF) return BARE_CR
        this.count = count
        this.#seen = seen
        this.#repeated = repeated
        if ((seen & (1 << CONNECTION)) !== 0) this.#readConnection(bytes)
        return at + 2
      }
      if (byte === SP || byte === HT) return FOLDED
      if (byte === LF) return BARE_LF
      const nameStart = at
      while ((CLASS[byte]! & TOKEN) !== 0) {
        if (++at === end) return NEEDS_MORE
        byte = bytes[at]!
      }
      if (byte !== COLON || at === nameStart)
        return byte === SP || byte === HT ? SPACE_BEFORE_COLON : byte === LF ? BARE_LF : BAD_NAME
      const nameEnd = at
      do if (++at === end) return NEEDS_MORE
      while ((byte = bytes[at]!) === SP || byte === HT)
      const valueStart = at
      while ((CLASS[byte]! & VALUE) !== 0) {
        if (++at === end) return NEEDS_MORE
        byte = bytes[at]!
      }
      if (byte !== CR) return byte === LF ? BARE_LF : BAD_VALUE
      if (at + 1 === end) return NEEDS_MORE
      if (bytes[at + 1] !== LF) return BARE_CR
      let valueEnd = at
      while (valueEnd > valueStart && ((byte = bytes[valueEnd - 1]!) === SP || byte === HT)) valueEnd--
      if (count === limit) return TOO_MANY_FIELDS
      const slot = count << 2
      offsets[slot] = nameStart
      offsets[slot + 1] = nameEnd
      offsets[slot + 2] = valueStart
      offsets[slot + 3] = valueEnd
      const kind = kindOf(bytes, nameStart, nameEnd)
      kinds[count++] = kind
      const bit = 1 << kind
      repeated |= seen & bit
      seen |= bit
      at += 2
    }
  }

  /** Index of the first field of a kind at or behind index `from`; -1 if there is none. */
  find(kind: number, from = 0): number {
    if (((from === 0 ? this.#seen : this.#repeated) & (1 << kind)) === 0) return -1
    for (let i = from; i < this.count; i++) if (this.#kinds[i] === kind) return i
    return -1
  }

  /** Returns true if the comma-separated value of field `index` has this member, ignoring case; `lower` is lower case. */
  hasMember(bytes: Uint8Array, index: number, lower: Uint8Array): boolean {
    let at = this.valueStart(index)
    const valueEnd = this.valueEnd(index)
    while (at < valueEnd) {
      const end = memberEnd(bytes, at, valueEnd)
      const from = skipSpace(bytes, at, end)
      if (equalsIgnoringCase(bytes, from, trimSpace(bytes, from, end), lower)) return true
      at = end + 1
    }
    return false
  }

  /**
   * Marks the fields that Connection names, which are for this hop only (RFC 9110 section 7.6.1). Fields that frame or route the message
   * are never marked, even if Connection names them.
   */
  #readConnection(bytes: Uint8Array): void {
    for (let index = 0; index < this.count; index++) {
      if (this.#kinds[index] !== CONNECTION) continue
      let at = this.valueStart(index)
      const valueEnd = this.valueEnd(index)
      while (at < valueEnd) {
        const next = memberEnd(bytes, at, valueEnd)
        const from = skipSpace(bytes, at, next)
        const end = trimSpace(bytes, from, next)
        at = next + 1
        if (equalsIgnoringCase(bytes, from, end, CLOSE)) this.hasClose = true
        else if (equalsIgnoringCase(bytes, from, end, KEEP_ALIVE)) this.hasKeepAlive = true
        else if (equalsIgnoringCase(bytes, from, end, UPGRADE)) this.hasUpgrade = true
        else if (end > from) this.#markNamed(bytes, from, end)
      }
    }
  }

  #markNamed(bytes: Uint8Array, from: number, end: number): void {
    const length = end - from
    for (let i = 0; i < this.count; i++) {
      const start = this.nameStart(i)
      if (this.nameEnd(i) - start !== length || this.#kinds[i] !== OTHER) continue
      let same = 0
      while (same < length && LOWER[bytes[start + same]!] === LOWER[bytes[from + same]!]) same++
      if (same === length) this.#kinds[i] = NAMED
    }
  }
}

function memberEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at] !== COMMA) at++
  return at
}

function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && (bytes[at] === SP || bytes[at] === HT)) at++
  return at
}

function trimSpace(bytes: Uint8Array, from: number, end: number): number {
  while (end > from && (bytes[end - 1] === SP || bytes[end - 1] === HT)) end--
  return end
}
