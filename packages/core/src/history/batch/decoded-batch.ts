/**
 * Decoded batch: records (decoded-record.ts) of frames in order, and the payload that HTTP is read from, in memory that two threads
 * share: one fills it, then the other takes from it.
 *
 *  header, 16 words   0 whose turn it is (batch-ring.ts)           1 records   2 frames after the last one   3 frames by verdict[6]
 *                     9 last: 1, length of the text: 10             12 offset in the file (float64)
 *  records            of TCP packets, and of frames that expire p0f's caches
 *  payload            bytes; in the last batch it is followed by what is to be said of the file's end
 */
import type { DecodedFrame } from "../decoded-frame.ts"
import { type Verdict, VERDICT_TCP } from "../../packet/verdict.ts"
import { RECORD_SHIFT, writeRecord } from "./decoded-record.ts"
import { FLOW_DATA_BYTES } from "../flows/flow-data.ts"

// 128 KiB: with 512 records a capture took 2 % more time, with 256 4 %.
const RECORDS = 1024
const HEADER_WORDS = 16
const WORDS = HEADER_WORDS + (RECORDS << RECORD_SHIFT)
/** Room for the data of 16 packets of which all counts. */
const PAYLOAD_BYTES = 16 * FLOW_DATA_BYTES
export const BATCH_BYTES: number = WORDS * 4 + PAYLOAD_BYTES

export const BATCH_TURN = 0
const AT_RECORDS = 1
const AT_FRAMES = 2
const AT_VERDICTS = 3
const AT_LAST = 9
const AT_TEXT = 10
/** Index into the float64 view. */
const AT_OFFSET = 6

export class DecodedBatch {
  readonly words: Int32Array
  readonly payload: Uint8Array
  readonly #floats: Float64Array
  #filled = 0

  /** The `n`th of the memory. */
  constructor(memory: SharedArrayBuffer, n: number) {
    const at = n * BATCH_BYTES
    this.words = new Int32Array(memory, at, WORDS)
    this.#floats = new Float64Array(memory, at, HEADER_WORDS >> 1)
    this.payload = new Uint8Array(memory, at + WORDS * 4, PAYLOAD_BYTES)
  }

  clear(): void {
    this.words.fill(0, AT_RECORDS, HEADER_WORDS)
    this.#filled = 0
  }

  get hasRoom(): boolean {
    return this.records < RECORDS && this.#filled + FLOW_DATA_BYTES <= PAYLOAD_BYTES
  }

  /** Counts a frame. */
  count(verdict: Verdict): void {
    this.words[AT_VERDICTS + verdict]!++
  }

  /** Adds a record where there is room, and gives its first word. */
  add(frame: DecodedFrame): number {
    const { words } = this
    const at = recordAt(words[AT_RECORDS]!++)
    const to = this.#filled
    writeRecord(words, at, frame, to)
    const { packet } = frame
    const length = frame.verdict === VERDICT_TCP ? packet.payloadLength : 0
    // Data of which a part is missing is no data to whoever takes it.
    if (length === 0 || packet.payloadCaptured !== length) return at
    const taken = Math.min(length, FLOW_DATA_BYTES)
    this.payload.set(frame.bytes.subarray(packet.payload, packet.payload + taken), to)
    this.#filled = to + taken
    return at
  }

  get records(): number {
    return this.words[AT_RECORDS]!
  }

  /** Frames behind the last record. */
  get framesAfter(): number {
    return this.words[AT_FRAMES]!
  }
  set framesAfter(frames: number) {
    this.words[AT_FRAMES] = frames
  }

  framesOf(verdict: number): number {
    return this.words[AT_VERDICTS + verdict]!
  }

  /** Bytes of the file up to here. */
  get offset(): number {
    return this.#floats[AT_OFFSET]!
  }
  set offset(bytes: number) {
    this.#floats[AT_OFFSET] = bytes
  }

  get isLast(): boolean {
    return this.words[AT_LAST] !== 0
  }

  /** Marks it as the last one. The text goes where there is room for payload; a longer one is cut. */
  end(text: Uint8Array): void {
    const { words } = this
    const length = Math.min(text.length, FLOW_DATA_BYTES)
    words[AT_LAST] = 1
    words[AT_TEXT] = length
    this.payload.set(text.subarray(0, length), PAYLOAD_BYTES - length)
  }

  get text(): Uint8Array {
    return this.payload.subarray(PAYLOAD_BYTES - this.words[AT_TEXT]!)
  }
}

/** First word of a record. */
export const recordAt = (n: number): number => HEADER_WORDS + (n << RECORD_SHIFT)
