/**
 * A lock in shared memory, for threads that change the same words for a microsecond at a time.
 *
 * Its word is 0 if the lock is free, else the number of its holder, with CONTENDED if a thread waits (Drepper, "Futexes are tricky", mutex
 * 2, with a holder). A thread that waits for longer than a few spins sleeps, since the holder may have been preempted. Nobody ever passes
 * a lock that is held: the thread that supervises the others calls `releaseOf` for a thread that ended.
 */
const CONTENDED = 1 << 16
const SPINS = 100
/** A sleeper looks again after this time, in case the thread that would wake it has ended. */
const SLEEP_MS = 10

export class SharedLock {
  readonly #words: Int32Array
  readonly #holder: number

  /** `words` are shared memory; `thread` is this thread's number, 0 to 65,534 and different in each. */
  constructor(words: Int32Array, thread: number) {
    this.#words = words
    this.#holder = thread + 1
  }

  /** Acquires the lock whose word is at `index`. */
  acquire(index: number): void {
    const words = this.#words
    for (let spins = 0; spins < SPINS; spins++) {
      if (Atomics.compareExchange(words, index, 0, this.#holder) === 0) return
    }
    const wanted = this.#holder | CONTENDED
    for (;;) {
      const holder = Atomics.load(words, index)
      if (holder === 0) {
        // Other threads may sleep too: the release must wake one.
        if (Atomics.compareExchange(words, index, 0, wanted) === 0) return
      } else if (
        (holder & CONTENDED) !== 0 ||
        Atomics.compareExchange(words, index, holder, holder | CONTENDED) === holder
      )
        Atomics.wait(words, index, holder | CONTENDED, SLEEP_MS)
    }
  }

  release(index: number): void {
    if ((Atomics.exchange(this.#words, index, 0) & CONTENDED) !== 0) Atomics.notify(this.#words, index, 1)
  }

  /** Returns true if `thread`, which has ended, holds the lock. What it was changing may be half done: mend that, then call `releaseOf`. */
  isHeldBy(index: number, thread: number): boolean {
    return (Atomics.load(this.#words, index) & ~CONTENDED) === thread + 1
  }

  /** Releases a lock that an ended thread holds. */
  releaseOf(index: number, thread: number): void {
    if (!this.isHeldBy(index, thread)) return
    Atomics.store(this.#words, index, 0)
    Atomics.notify(this.#words, index)
  }
}
