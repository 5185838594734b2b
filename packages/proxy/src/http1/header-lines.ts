/**
 * Header lines appended one after another, in a buffer that grows and is reused.
 */
import { put } from "./copy.ts"

const EMPTY: Uint8Array = new Uint8Array(0)
/** Initial size, enough for the lines of most connections. */
const LEAST = 160

export class HeaderLines {
  bytes: Uint8Array = EMPTY
  /** Number of bytes in use. */
  length = 0

  /** Returns the buffer with room for `more` bytes behind the first `length`. A call may replace the buffer: keep no reference. */
  reserve(more: number): Uint8Array {
    const needed = this.length + more
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(new ArrayBuffer(Math.max(LEAST, 2 * this.bytes.length, needed)))
      grown.set(this.bytes.subarray(0, this.length))
      this.bytes = grown
    }
    return this.bytes
  }

  /** Appends `lines`. */
  add(lines: Uint8Array): void {
    this.length = put(lines, this.reserve(lines.length), this.length)
  }

  /** Returns a copy of the lines. */
  take(): Uint8Array {
    return this.length === 0 ? EMPTY : this.bytes.slice(0, this.length)
  }
}
