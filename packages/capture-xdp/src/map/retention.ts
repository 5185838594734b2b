/**
 * How long a SYN stays in the map at the present rate: an LRU map of N entries keeps the last N keys, so it is the time that the last
 * N insertions took.
 */
const SAMPLES = 64
const INTERVAL_MS = 1000

export class Retention {
  readonly #times = new Float64Array(SAMPLES)
  readonly #inserted = new Float64Array(SAMPLES)
  #count = 0

  /** Once a second at most: insertions so far. */
  sample(nowMs: number, inserted: number): void {
    const last = (this.#count - 1) % SAMPLES
    if (this.#count > 0 && nowMs - this.#times[last]! < INTERVAL_MS) return
    this.#times[this.#count % SAMPLES] = nowMs
    this.#inserted[this.#count % SAMPLES] = inserted
    this.#count++
  }

  /** Milliseconds; 0 = the map was not filled within the last minute. */
  retentionMs(nowMs: number, inserted: number, capacity: number): number {
    let laterTime = nowMs
    let laterInserted = inserted
    for (let n = this.#count - 1; n >= 0 && n >= this.#count - SAMPLES; n--) {
      const time = this.#times[n % SAMPLES]!
      const before = this.#inserted[n % SAMPLES]!
      if (inserted - before >= capacity) {
        // Between these two samples, in proportion.
        const part = (laterInserted - (inserted - capacity)) / (laterInserted - before)
        return nowMs - laterTime + (laterTime - time) * part
      }
      laterTime = time
      laterInserted = before
    }
    return 0
  }
}
