/**
 * Shared hosts: the memory of a host table that several threads use, one at a time.
 *
 *     head      0 lock | 1 generation | 2 count 3 fresh 4 hand 5 evicted 6 expired | 16.. seeds of the hash
 *     sets      the index (host-sets.ts)
 *     hot       records of host-record.ts
 *     cold
 *     tagAt     of host-clock.ts
 *     again
 *
 * The lock is a word: 0 free, else the number of its holder, with CONTENDED when somebody waits (Drepper, "Futexes are tricky", mutex
 * 2, with a holder). It is held for a connection's entry into history and the reading of its answer, about a microsecond. Who waits
 * longer than a few turns sleeps: its holder may have lost the processor.
 */
import { COLD_SHIFT, HOT_SHIFT } from "./host-record.ts"
import { SET_SHIFT, setsFor } from "./host-sets.ts"

const LOCK = 0
const GENERATION = 1
/** What ClockHostTable keeps beside the slabs. */
export const HEAD_COUNT = 2
export const HEAD_FRESH = 3
export const HEAD_HAND = 4
export const HEAD_EVICTED = 5
export const HEAD_EXPIRED = 6
const SEEDS = 16
export const SEED_COUNT = 5
const HEAD_WORDS = 32

const CONTENDED = 1 << 16
const SPINS = 100
const SLEEP_MS = 10

export interface HostSlabs {
  readonly hot: Int32Array
  readonly cold: Int32Array
  /** Odd numbers. */
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

/** `randomWords`: fills an array with random numbers. */
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
  readonly #holder: number

  /** `buffer` of `allocateHosts` with as many; `thread`: 0 to 65,534, another in each. */
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
    this.#holder = thread + 1
  }

  lock(): void {
    const { head } = this
    for (let spins = 0; spins < SPINS; spins++) if (Atomics.compareExchange(head, LOCK, 0, this.#holder) === 0) return
    const wanted = this.#holder | CONTENDED
    for (;;) {
      const holder = Atomics.load(head, LOCK)
      if (holder === 0) {
        // Others may sleep too: who leaves must wake one.
        if (Atomics.compareExchange(head, LOCK, 0, wanted) === 0) return
      } else if (
        (holder & CONTENDED) !== 0 ||
        Atomics.compareExchange(head, LOCK, holder, holder | CONTENDED) === holder
      )
        Atomics.wait(head, LOCK, holder | CONTENDED, SLEEP_MS)
    }
  }

  unlock(): void {
    if ((Atomics.exchange(this.head, LOCK, 0) & CONTENDED) !== 0) Atomics.notify(this.head, LOCK, 1)
  }

  /** Which databases the labels in the records are of. */
  get generation(): number {
    return Atomics.load(this.head, GENERATION)
  }
  set generation(to: number) {
    Atomics.store(this.head, GENERATION, to)
  }

  /**
   * A thread ended. Gives true when it held the lock: what it was changing may be half done, so that all is forgotten.
   */
  forgetHolder(thread: number): boolean {
    const { head } = this
    if ((Atomics.load(head, LOCK) & ~CONTENDED) !== thread + 1) return false
    this.sets.fill(0)
    this.hot.fill(0)
    this.again.fill(0)
    head.fill(0, HEAD_COUNT, HEAD_EVICTED)
    Atomics.store(head, LOCK, 0)
    Atomics.notify(head, LOCK)
    return true
  }
}
