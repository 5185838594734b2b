/**
 * Frame decoder: captured frames -> decoded batches, for an observer in another thread.
 */
import { KeyNumbers } from "../../tcp/matching/key-numbers.ts"
import type { CapturedFrame } from "../../packet/capture/captured-frame.ts"
import { PacketDecoder } from "../../packet/packet-decoder.ts"
import { TCP_SYN } from "../../packet/packet.ts"
import { VERDICT_TCP } from "../../packet/verdict.ts"
import { DecodedFrame } from "../decoded-frame.ts"
import type { DecodedBatch } from "./decoded-batch.ts"
import { RECORD_KEY, RECORD_NUMBER } from "./decoded-record.ts"

/** Takes a full batch and gives an empty one; undefined when nobody takes any more. */
export type NextBatch = (full: DecodedBatch) => DecodedBatch | undefined

export class FrameDecoder {
  readonly #intake: PacketDecoder
  readonly #decoded: DecodedFrame
  readonly #numbers = new KeyNumbers()
  readonly #next: NextBatch
  #batch: DecodedBatch | undefined
  /** Since the last record. */
  #frames = 0

  constructor(isP0fMode: boolean, first: DecodedBatch | undefined, next: NextBatch) {
    this.#intake = new PacketDecoder(isP0fMode)
    this.#decoded = new DecodedFrame(this.#intake.packet)
    this.#batch = first
    this.#next = next
  }

  /** The batch that is being filled. */
  get batch(): DecodedBatch | undefined {
    return this.#batch
  }

  /** As Observer.frame. */
  frame(frame: CapturedFrame): void {
    const batch = this.#batch
    if (batch === undefined) return
    const intake = this.#intake
    const verdict = intake.decode(frame)
    batch.count(verdict)
    this.#frames++
    if (verdict !== VERDICT_TCP && !intake.expires) return
    const decoded = this.#decoded
    decoded.verdict = verdict
    decoded.expires = intake.expires
    decoded.frames = this.#frames
    decoded.sec = frame.sec
    decoded.usec = frame.usec
    decoded.bytes = frame.bytes
    const { words } = batch
    const record = batch.add(decoded)
    if (verdict === VERDICT_TCP && decoded.packet.type === TCP_SYN)
      words[record + RECORD_NUMBER] = this.#numbers.find(words, record + RECORD_KEY)
    this.#frames = 0
    if (!batch.hasRoom) this.#batch = this.#next(batch)
  }

  /** The end of the file; `text` says why it ended if there is anything to say. */
  end(text: Uint8Array): void {
    const batch = this.#batch
    if (batch === undefined) return
    batch.framesAfter = this.#frames
    batch.end(text)
    this.#next(batch)
    this.#batch = undefined
  }
}
