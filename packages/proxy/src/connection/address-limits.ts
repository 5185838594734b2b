/**
 * Limits per client address, exact over all threads: a table in shared memory.
 *
 *     head     0..1 seeds of the hash
 *     locks    one word per bucket of 8 slots (core: shared-lock.ts)
 *     slots    0..1 hash of the address | 2 second | 3 requests in it | 4.. connections, one word per thread
 *
 * An address is the 4 bytes of IPv4 or the first 8 of IPv6, since a client has a whole /64. A slot without connections and without requests
 * in this second may be reused; if a bucket has no such slot, the address is not limited.
 */
import { SharedLock } from "@synprint/core"

const HEAD = 2
const BUCKET = 8
const FIXED = 4

/** The address has too many connections. */
export const TOO_MANY = -1
/** The table has no room: the address is not limited. */
export const UNLIMITED = -2

export class AddressLimits {
  readonly #words: Int32Array
  readonly #threads: number
  readonly #thread: number
  readonly #buckets: number
  readonly #slotsAt: number
  readonly #size: number
  readonly #locks: SharedLock

  static allocate(slots: number, threads: number): SharedArrayBuffer {
    const buckets = bucketsFor(slots)
    const buffer = new SharedArrayBuffer(4 * (HEAD + buckets + buckets * BUCKET * (FIXED + threads)))
    crypto.getRandomValues(new Int32Array(2)).forEach((seed, n) => {
      new Int32Array(buffer)[n] = seed
    })
    return buffer
  }

  /** `thread` is the thread whose connections are counted, 0 to below `threads`. */
  constructor(buffer: SharedArrayBuffer, threads: number, thread: number) {
    this.#words = new Int32Array(buffer)
    this.#threads = threads
    this.#thread = thread
    this.#size = FIXED + threads
    this.#buckets = Math.floor((this.#words.length - HEAD) / (1 + BUCKET * this.#size))
    this.#slotsAt = HEAD + this.#buckets
    this.#locks = new SharedLock(this.#words, thread)
  }

  /** Counts a connection of an address (family 4 or 6, 16 bytes). Returns a slot for `disconnect` and `request`, TOO_MANY or UNLIMITED. */
  connect(family: number, address: Uint8Array, most: number, second: number): number {
    const words = this.#words
    const high = family === 4 ? 4 : word(address, 4)
    const low = word(address, 0)
    const tag = mix(mix(words[0]!, low), high)
    const other = mix(mix(words[1]!, high), low) | 1
    const bucket = (tag >>> 0) % this.#buckets
    this.#locks.acquire(HEAD + bucket)
    const slot = this.#find(bucket, tag, other, second)
    let result = slot
    if (slot !== UNLIMITED) {
      if (most > 0 && this.#connections(slot) >= most) result = TOO_MANY
      else words[slot + FIXED + this.#thread]!++
    }
    this.#locks.release(HEAD + bucket)
    return result
  }

  disconnect(slot: number): void {
    if (slot >= 0) Atomics.sub(this.#words, slot + FIXED + this.#thread, 1)
  }

  /** Counts a request; false: the limit of this second is reached. */
  request(slot: number, most: number, second: number): boolean {
    if (slot < 0) return true
    const words = this.#words
    const bucket = Math.floor((slot - this.#slotsAt) / (BUCKET * this.#size))
    this.#locks.acquire(HEAD + bucket)
    if (words[slot + 2] !== second) {
      words[slot + 2] = second
      words[slot + 3] = 0
    }
    const isWithin = words[slot + 3]! < most
    if (isWithin) words[slot + 3]!++
    this.#locks.release(HEAD + bucket)
    return isWithin
  }

  /** Drops the connections of a thread that has ended, and releases the lock that it may have held. */
  drop(thread: number): void {
    for (let bucket = 0; bucket < this.#buckets; bucket++) this.#locks.releaseOf(HEAD + bucket, thread)
    for (let slot = this.#slotsAt; slot < this.#words.length; slot += this.#size)
      Atomics.store(this.#words, slot + FIXED + thread, 0)
  }

  #find(bucket: number, tag: number, other: number, second: number): number {
    const words = this.#words
    const first = this.#slotsAt + bucket * BUCKET * this.#size
    let free = UNLIMITED
    for (let i = 0, slot = first; i < BUCKET; i++, slot += this.#size) {
      if (words[slot] === tag && words[slot + 1] === other) return slot
      if (free === UNLIMITED && words[slot + 2] !== second && this.#connections(slot) === 0) free = slot
    }
    if (free === UNLIMITED) return UNLIMITED
    words[free] = tag
    words[free + 1] = other
    words[free + 2] = 0
    words[free + 3] = 0
    return free
  }

  #connections(slot: number): number {
    let sum = 0
    for (let thread = 0; thread < this.#threads; thread++) sum += Atomics.load(this.#words, slot + FIXED + thread)
    return sum
  }
}

const bucketsFor = (slots: number): number => Math.max(1, Math.ceil(slots / BUCKET))

/** The mixing function of murmur3. */
function mix(hash: number, word: number): number {
  let mixed = Math.imul(hash ^ word, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}
