/**
 * Shared hosts: the memory of a host table that several threads use, one at a time.
 *
 *     head      0 lock | 1 generation | 2 count 3 fresh 4 hand 5 evicted 6 expired | 16.. seeds of the hash
 *     sets      the index (host-sets.ts)
 *     hot       records of host-record.ts
 *     cold
 *     tagAt     of clock-host-table.ts
 *     again
 *
 * The lock (shared-lock.ts) is held while a connection is entered into history and its answer is read, about a microsecond.
 */
import { COLD_SHIFT, HOT_SHIFT } from "./host-record.ts"
import { SharedLock } from "../../collections/shared-lock.ts"
import { SET_SHIFT, setsFor } from "./host-sets.ts"

const LOCK = 0
const GENERATION = 1
/** Words of the head in which ClockHostTable keeps its state beside the slabs. */
export const HEAD_COUNT = 2
export const HEAD_FRESH = 3
export const HEAD_HAND = 4
export const HEAD_EVICTED = 5
export const HEAD_EXPIRED = 6
const SEEDS = 16
export const SEED_COUNT = 5
const HEAD_WORDS = 32

export interface HostSlabs {
  readonly hot: Int32Array
  readonly cold: Int32Array
  /** Seeds of the hash, all of them odd. */
  readonly seeds: Int32Array
}

const bitWords = (maxHosts: number): number => (maxHosts + 31) >> 5

const wordsOf = (maxHosts: number): number =>
  HEAD_WORDS +
  (setsFor(maxHosts) << SET_SHIFT) +
  (maxHosts << HOT_SHIFT) +
  (maxHosts << COLD_SHIFT) +
  maxHosts +
  bitWords(maxHosts)

/** Allocates the memory; `randomWords` fills an array with random numbers. */
export function allocateHosts(maxHosts: number, randomWords: (words: Int32Array) => void): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(4 * wordsOf(maxHosts))
  const seeds = new Int32Array(SEED_COUNT)
  randomWords(seeds)
  const words = new Int32Array(buffer)
  for (let n = 0; n < SEED_COUNT; n++) words[SEEDS + n] = seeds[n]! | 1
  return buffer
}

export class SharedHosts implements HostSlabs {
  readonly maxHosts: number
  readonly head: Int32Array
  readonly sets: Int32Array
  readonly hot: Int32Array
  readonly cold: Int32Array
  readonly tagAt: Int32Array
  readonly again: Int32Array
  readonly seeds: Int32Array
  readonly #lock: SharedLock

  /** `buffer` comes from `allocateHosts` with the same `maxHosts`; `thread` is 0 to 65,534 and different in each thread. */
  constructor(buffer: SharedArrayBuffer, maxHosts: number, thread: number) {
    if (buffer.byteLength !== 4 * wordsOf(maxHosts)) throw new RangeError("shared hosts: the buffer is of another size")
    let at = 0
    const take = (words: number): Int32Array => {
      const part = new Int32Array(buffer, at, words)
      at += 4 * words
      return part
    }
    this.maxHosts = maxHosts
    this.head = take(HEAD_WORDS)
    this.sets = take(setsFor(maxHosts) << SET_SHIFT)
    this.hot = take(maxHosts << HOT_SHIFT)
    this.cold = take(maxHosts << COLD_SHIFT)
    this.tagAt = take(maxHosts)
    this.again = take(bitWords(maxHosts))
    this.seeds = this.head.subarray(SEEDS, SEEDS + SEED_COUNT)
    this.#lock = new SharedLock(this.head, thread)
  }

  lock(): void {
    this.#lock.acquire(LOCK)
  }

  unlock(): void {
    this.#lock.release(LOCK)
  }

  /** Number of the databases to which the labels in the records belong. */
  get generation(): number {
    return Atomics.load(this.head, GENERATION)
  }
  set generation(to: number) {
    Atomics.store(this.head, GENERATION, to)
  }

  /**
   * A thread has ended. Returns true if it held the lock: what it was changing may be half done, so all hosts are dropped.
   */
  releaseOf(thread: number): boolean {
    if (!this.#lock.isHeldBy(LOCK, thread)) return false
    const { head } = this
    this.sets.fill(0)
    this.hot.fill(0)
    this.again.fill(0)
    head.fill(0, HEAD_COUNT, HEAD_EVICTED)
    this.#lock.releaseOf(LOCK, thread)
    return true
  }
}
