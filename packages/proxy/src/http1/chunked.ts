/**
 * Chunked transfer coding (RFC 9112 section 7.1): finds the end of a body while its bytes pass through unchanged, in any pieces.
 *
 *     *( chunk-size [ chunk-ext ] CRLF chunk-data CRLF ) 1*"0" [ chunk-ext ] CRLF  trailer-section CRLF
 *
 * The scanner stops at the trailer section, which trailer-section.ts reads. Extensions pass if they hold no control character; a chunk
 * line has at most LINE_MAX bytes, so that a stream of tiny chunks cannot carry megabytes beside the data.
 */
import { BAD_CHUNK } from "./parse-error.ts"
import { CLASS, CR, HEX, HT, LF, SEMICOLON, SP, VALUE } from "./byte-classes.ts"

export const LINE_MAX = 256
/** 2^52: 13 hex digits without leading zeros. */
const SIZE_MAX = 2 ** 52

const SIZE = 0
const EXTENSION = 1
const SIZE_LF = 2
const DATA = 3
const DATA_CR = 4
const DATA_LF = 5
const TRAILERS = 6

export class ChunkedScanner {
  #state = SIZE
  /** Bytes of the chunk that are still to come; while its size is read, the size so far. */
  #left = 0
  /** Bytes of the chunk line so far, hex digits included. */
  #line = 0
  #hasSpace = false
  /** End of the data of the last `decode`. */
  dataEnd = 0

  reset(): void {
    this.#state = SIZE
    this.#left = 0
    this.#line = 0
    this.#hasSpace = false
  }

  /** True once the line of the last chunk was read: the trailer section follows. */
  get isAtTrailers(): boolean {
    return this.#state === TRAILERS
  }

  /** Returns the offset up to which the bytes are body (`end`, or the start of the trailer section), or a parse error. */
  scan(bytes: Uint8Array, from: number, end: number): number {
    let at = from
    while (at < end) {
      switch (this.#state) {
        case DATA: {
          const taken = Math.min(this.#left, end - at)
          this.#left -= taken
          at += taken
          if (this.#left === 0) this.#state = DATA_CR
          break
        }
        case DATA_CR:
          if (bytes[at++] !== CR) return BAD_CHUNK
          this.#state = DATA_LF
          break
        case DATA_LF:
          if (bytes[at++] !== LF) return BAD_CHUNK
          this.#state = SIZE
          this.#line = 0
          this.#left = 0
          this.#hasSpace = false
          break
        case SIZE_LF:
          if (bytes[at++] !== LF) return BAD_CHUNK
          if (this.#left === 0) {
            this.#state = TRAILERS
            return at
          }
          this.#state = DATA
          break
        case TRAILERS:
          return at
        default:
          at = this.#readLine(bytes, at, end)
          if (at < 0) return at
      }
    }
    return at
  }

  /** Like `scan`, and removes the framing in place: the data moves to the front of `bytes[from..]` and ends at `dataEnd`. */
  decode(bytes: Uint8Array, from: number, end: number): number {
    let at = from
    let to = from
    while (at < end && this.#state !== TRAILERS) {
      const isData = this.#state === DATA
      const stop = isData ? at + Math.min(this.#left, end - at) : at + 1
      const next = this.scan(bytes, at, stop)
      if (next < 0) return next
      if (isData) {
        bytes.copyWithin(to, at, next)
        to += next - at
      }
      at = next
    }
    this.dataEnd = to
    return at
  }

  #readLine(bytes: Uint8Array, from: number, end: number): number {
    let at = from
    for (; at < end; at++) {
      const byte = bytes[at]!
      if (byte === CR) {
        if (this.#line === 0 || (this.#hasSpace && this.#state === SIZE)) return BAD_CHUNK
        this.#state = SIZE_LF
        return at + 1
      }
      if (this.#state === EXTENSION) {
        if ((CLASS[byte]! & VALUE) === 0) return BAD_CHUNK
      } else if (HEX[byte] !== 255 && !this.#hasSpace) {
        this.#left = this.#left * 16 + HEX[byte]!
        if (this.#left > SIZE_MAX) return BAD_CHUNK
      } else if (this.#line > 0 && byte === SEMICOLON) this.#state = EXTENSION
      // "BWS" is allowed before an extension; the grammar has no white space before CRLF.
      else if (this.#line > 0 && (byte === SP || byte === HT)) this.#hasSpace = true
      else return BAD_CHUNK
      if (++this.#line > LINE_MAX) return BAD_CHUNK
    }
    return at
  }
}
