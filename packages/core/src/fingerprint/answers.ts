/**
 * Answers: what each connection was told, in a fixed slab, so that a question that comes again gets the same answer (HAProxy may ask
 * on every request, and long after the SYN has left every capture buffer).
 *
 *     bytes  40 per entry: the connection's key
 *     words  0 ISN   1..10 shape key (shape-key.ts)   12 retransmits
 *            11 nat | has host << 1 | shared score << 2 | shared reasons << 9
 *            13 uptime minutes   14 up_mod_days   15 first_seen   16 last_seen   17 total_conn   18 last_nat   19 last_chg
 */
import { CONNECTION_KEY_BYTES, equalConnectionKeys, hashConnectionKey } from "../packet/connection-key.ts"
import { TaggedIndex } from "../packet/tagged-index.ts"
import type { Answer } from "./answer.ts"
import { SecondChance } from "./second-chance.ts"
import { KEY_WORDS } from "./shape-key.ts"

const WORD_ISN = 0
const WORD_SHAPE = 1
const WORD_FLAGS = WORD_SHAPE + KEY_WORDS
const WORDS = WORD_FLAGS + 9
const FLAG_NAT = 1
const FLAG_HOST = 2
const SCORE_SHIFT = 2
const SCORE_MASK = 127
const REASONS_SHIFT = 9

export class Answers {
  readonly capacity: number
  size = 0
  /** Answers that made room while a connection might still have asked. */
  evictions = 0
  readonly #keys: Uint8Array
  readonly #words: Int32Array
  readonly #coldest: SecondChance
  readonly #used: Uint8Array
  readonly #index: TaggedIndex
  readonly #seed: number

  /** `seed`: a random int32, so that clients can't choose keys that collide. */
  constructor(capacity: number, seed: number) {
    this.capacity = Math.max(1, capacity | 0)
    this.#keys = new Uint8Array(this.capacity * CONNECTION_KEY_BYTES)
    this.#words = new Int32Array(this.capacity * WORDS)
    this.#coldest = new SecondChance(this.capacity)
    this.#used = this.#coldest.used
    this.#index = new TaggedIndex(this.capacity)
    this.#seed = seed | 0
  }

  /** The entry of a connection, -1 when it has not asked yet. */
  find(key: Uint8Array): number {
    return this.#find(key, hashConnectionKey(key, 0, this.#seed))
  }

  #find(key: Uint8Array, hash: number): number {
    const { slots, mask } = this.#index
    for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
      const entry = slots[at + 1]! - 1
      if (entry < 0) return -1
      if (slots[at] === hash && equalConnectionKeys(this.#keys, entry * CONNECTION_KEY_BYTES, key, 0)) {
        this.#used[entry] = 1
        return entry
      }
    }
  }

  isnOf(entry: number): number {
    return this.#words[entry * WORDS + WORD_ISN]!
  }

  /** Where the shape key of an entry lies, for `Matcher.shapeOfKey(answers.shapeKeys, answers.shapeKeyAt(entry))`. */
  get shapeKeys(): Int32Array {
    return this.#words
  }

  shapeKeyAt(entry: number): number {
    return entry * WORDS + WORD_SHAPE
  }

  /** Entry for a connection that is told something new; the caller writes its shape key and then calls `store`. */
  obtain(key: Uint8Array): number {
    const hash = hashConnectionKey(key, 0, this.#seed)
    const known = this.#find(key, hash)
    if (known >= 0) return known
    const entry = this.size < this.capacity ? this.size++ : this.#evict()
    for (let i = 0; i < CONNECTION_KEY_BYTES; i++) this.#keys[entry * CONNECTION_KEY_BYTES + i] = key[i]!
    this.#index.insert(hash, entry)
    // Not yet marked: only who asks again gets a second chance, or a flood of newcomers would be as good as FIFO.
    this.#used[entry] = 0
    return entry
  }

  /** Keeps what an `ok` answer says beside its shape. */
  store(entry: number, isn: number, answer: Answer): void {
    const words = this.#words
    const at = entry * WORDS
    words[at + WORD_ISN] = isn
    let of = at + WORD_FLAGS
    words[of] =
      (answer.nat ? FLAG_NAT : 0) |
      (answer.hasHost ? FLAG_HOST : 0) |
      (answer.sharedScore << SCORE_SHIFT) |
      (answer.sharedReasons << REASONS_SHIFT)
    words[++of] = answer.retransmits
    words[++of] = answer.uptimeMinutes
    words[++of] = answer.upModDays
    words[++of] = answer.firstSeen
    words[++of] = answer.lastSeen
    words[++of] = answer.totalConn
    words[++of] = answer.lastNat
    words[++of] = answer.lastChg
  }

  /** Gives it back: everything but the shape and what HTTP showed. */
  restore(entry: number, answer: Answer): void {
    const words = this.#words
    let of = entry * WORDS + WORD_FLAGS
    answer.status = "ok"
    answer.nat = (words[of]! & FLAG_NAT) !== 0
    answer.hasHost = (words[of]! & FLAG_HOST) !== 0
    answer.sharedScore = (words[of]! >> SCORE_SHIFT) & SCORE_MASK
    answer.sharedReasons = words[of]! >>> REASONS_SHIFT
    answer.retransmits = words[++of]!
    answer.uptimeMinutes = words[++of]!
    answer.upModDays = words[++of]!
    answer.firstSeen = words[++of]! >>> 0
    answer.lastSeen = words[++of]! >>> 0
    answer.totalConn = words[++of]! >>> 0
    answer.lastNat = words[++of]! >>> 0
    answer.lastChg = words[++of]! >>> 0
  }

  #evict(): number {
    const entry = this.#coldest.next()
    this.evictions++
    this.#index.remove(hashConnectionKey(this.#keys, entry * CONNECTION_KEY_BYTES, this.#seed), entry)
    return entry
  }
}
