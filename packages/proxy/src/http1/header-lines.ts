/**
 * Header lines that are added one behind the other, in memory that grows with the longest and is used again.
 */
import { put } from "./copy.ts"

const EMPTY: Uint8Array = new Uint8Array(0)
/** What most connections are told of themselves fits. */
const LEAST = 160

export class HeaderLines {
  bytes: Uint8Array = EMPTY
  /** Bytes of `bytes` that are lines. */
  length = 0

  /** `bytes` with room for `more` bytes behind the first `length`; nothing else may hold it. */
  reserve(more: number): Uint8Array {
    const needed = this.length + more
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(new ArrayBuffer(Math.max(LEAST, 2 * this.bytes.length, needed)))
      grown.set(this.bytes.subarray(0, this.length))
      this.bytes = grown
    }
    return this.bytes
  }

  /** `lines` behind what is there. */
  add(lines: Uint8Array): void {
    this.length = put(lines, this.reserve(lines.length), this.length)
  }

  /** The lines in memory of their own. */
  take(): Uint8Array {
    return this.length === 0 ? EMPTY : this.bytes.slice(0, this.length)
  }
}
