/**
 * Batch ring: the decoded batches of a file between the thread that fills them and the one that takes them.
 *
 *     decoding   fill 0 │ fill 1 │ ... │ fill 7 │ (waits for 3)                    │ fill 0
 *     taking             │ take 0      │ take 1      │ take 2      │ take 3      │ take 4
 *
 * Whose turn a batch is stands in its first word; who waits sleeps on that word. A decoder that is ahead by all of them sleeps until
 * half of them are free: to wake it costs 30 µs on a virtual machine, 7 % of a capture when that was for every batch.
 */
import { BATCH_BYTES, BATCH_TURN, DecodedBatch } from "@synprint/core"

const BATCHES = 8

const TO_FILL = 0
const TO_TAKE = 1
/** Nobody takes any more. */
const STOPPED = 2

export class BatchRing {
  readonly memory: SharedArrayBuffer
  readonly #batches: ReadonlyArray<DecodedBatch>
  #at = 0

  /** One over the same memory in either thread. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BATCHES * BATCH_BYTES)) {
    this.memory = memory
    this.#batches = Array.from({ length: BATCHES }, (_, n) => new DecodedBatch(memory, n))
  }

  /** For the decoder: the next batch, cleared, as soon as it is free. undefined when nobody takes any more. */
  toFill(): DecodedBatch | undefined {
    const batch = this.#batches[this.#at]!
    if (Atomics.load(batch.words, BATCH_TURN) === TO_TAKE) {
      const { words } = this.#batches[(this.#at + BATCHES / 2 - 1) % BATCHES]!
      while (Atomics.load(words, BATCH_TURN) === TO_TAKE) Atomics.wait(words, BATCH_TURN, TO_TAKE)
    }
    if (Atomics.load(batch.words, BATCH_TURN) === STOPPED) return undefined
    batch.clear()
    return batch
  }

  filled(): void {
    this.#pass(TO_FILL, TO_TAKE)
  }

  /** For the taker: the next batch; undefined when it was not full within `timeoutMs`. */
  toTake(timeoutMs: number): DecodedBatch | undefined {
    const batch = this.#batches[this.#at]!
    const { words } = batch
    if (Atomics.load(words, BATCH_TURN) !== TO_TAKE) Atomics.wait(words, BATCH_TURN, TO_FILL, timeoutMs)
    return Atomics.load(words, BATCH_TURN) === TO_TAKE ? batch : undefined
  }

  taken(): void {
    this.#pass(TO_TAKE, TO_FILL)
  }

  /** The taker leaves: the decoder stops at its next batch. */
  stop(): void {
    for (const { words } of this.#batches) {
      Atomics.store(words, BATCH_TURN, STOPPED)
      Atomics.notify(words, BATCH_TURN)
    }
  }

  #pass(from: number, to: number): void {
    const { words } = this.#batches[this.#at]!
    this.#at = this.#at === BATCHES - 1 ? 0 : this.#at + 1
    // Unless it was stopped meanwhile.
    Atomics.compareExchange(words, BATCH_TURN, from, to)
    Atomics.notify(words, BATCH_TURN)
  }
}
