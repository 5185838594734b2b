/**
 * The retention: how long a SYN stays in the map at the present rate. An LRU map of N entries keeps the last N keys, so the retention is
 * the time that the last N insertions took.
 */
const SAMPLES = 64
const INTERVAL_MS = 1000

export class Retention {
  readonly #times = new Float64Array(SAMPLES)
  readonly #inserted = new Float64Array(SAMPLES)
  #count = 0

  /** Adds a sample of the number of insertions so far; at most one a second counts. */
  sample(nowMs: number, inserted: number): void {
    const last = (this.#count - 1) % SAMPLES
    if (this.#count > 0 && nowMs - this.#times[last]! < INTERVAL_MS) return
    this.#times[this.#count % SAMPLES] = nowMs
    this.#inserted[this.#count % SAMPLES] = inserted
    this.#count++
  }

  /** The retention in milliseconds; 0: the map was not filled within the last minute. */
  retentionMs(nowMs: number, inserted: number, capacity: number): number {
    let laterTime = nowMs
    let laterInserted = inserted
    for (let n = this.#count - 1; n >= 0 && n >= this.#count - SAMPLES; n--) {
      const time = this.#times[n % SAMPLES]!
      const before = this.#inserted[n % SAMPLES]!
      if (inserted - before >= capacity) {
        // Interpolates between these two samples.
        const part = (laterInserted - (inserted - capacity)) / (laterInserted - before)
        return nowMs - laterTime + (laterTime - time) * part
      }
      laterTime = time
      laterInserted = before
    }
    return 0
  }
}
