/**
 * Bytes of clear-text HTTP that flows have to keep between packets: slots of 8192 bytes and a table of the header lines found in
 * them, taken when data arrives that may be HTTP and given back with the flow.
 *
 *     head table of a slot, uint16: 0 lines  1 HTTP/1.N  then per line: id (0xffff unknown), name at, name length, value at,
 *     value length
 */

/** p0f's MAX_FLOW_DATA. */
export const FLOW_DATA_BYTES = 8192
/** p0f's HTTP_MAX_HDRS. */
export const MAX_HEADERS = 32
export const HEAD_COUNT = 0
export const HEAD_VERSION = 1
export const HEAD_LINES = 2
export const LINE_WORDS = 5
const HEAD_WORDS = HEAD_LINES + MAX_HEADERS * LINE_WORDS
/** 64 slots are 0.5 MiB: allocated together, when the first of them is needed. */
const CHUNK_SHIFT = 6
const CHUNK_MASK = (1 << CHUNK_SHIFT) - 1

export class FlowData {
  readonly #chunks: Array<Uint8Array> = []
  readonly #heads: Array<Uint16Array> = []
  readonly #free: Int32Array
  #freeCount = 0
  #used = 0
  readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
    this.#free = new Int32Array(capacity)
  }

  /** A slot with an empty head table, -1 when all are taken. */
  take(): number {
    let slot: number
    if (this.#freeCount > 0) slot = this.#free[--this.#freeCount]!
    else if (this.#used < this.capacity) {
      slot = this.#used++
      if (slot >> CHUNK_SHIFT === this.#chunks.length) {
        this.#chunks.push(new Uint8Array(FLOW_DATA_BYTES << CHUNK_SHIFT))
        this.#heads.push(new Uint16Array(HEAD_WORDS << CHUNK_SHIFT))
      }
    } else return -1
    this.head(slot)[this.headAt(slot) + HEAD_COUNT] = 0
    return slot
  }

  release(slot: number): void {
    this.#free[this.#freeCount++] = slot
  }

  /** Array that holds the slot's bytes from `bytesAt(slot)` on. */
  bytes(slot: number): Uint8Array {
    return this.#chunks[slot >> CHUNK_SHIFT]!
  }

  bytesAt(slot: number): number {
    return (slot & CHUNK_MASK) * FLOW_DATA_BYTES
  }

  /** Array that holds the slot's head table from `headAt(slot)` on. */
  head(slot: number): Uint16Array {
    return this.#heads[slot >> CHUNK_SHIFT]!
  }

  headAt(slot: number): number {
    return (slot & CHUNK_MASK) * HEAD_WORDS
  }
}
