/**
 * Answers: what each connection was told, in a fixed slab, so that a question that comes again gets the same answer (HAProxy may ask
 * on every request, and long after the SYN has left every capture buffer).
 *
 *     0..9 connection's key   10 ISN   11..20 fingerprint key (fingerprint-key.ts)   22 retransmits   23 uptime minutes   24 up_mod_days
 *     21 nat | has host << 1 | shared score << 2 | shared reasons << 9
 *     25 first_seen   26 last_seen   27 total_conn   28 last_nat   29 last_chg   30 hash of the key
 *
 * An entry is 32 words: the two cache lines that processors fetch together. Key and facts in slabs of their own were four.
 */
import { CONNECTION_KEY_WORDS, KeyWords, equalConnectionKeys, hashConnectionKey } from "./packet/connection-key.ts"
import { TaggedIndex } from "./collections/tagged-index.ts"
import type { ConnectionInfo } from "./connection-info.ts"
import { SecondChance } from "./collections/second-chance.ts"
import { KEY_WORDS } from "./tcp/matching/fingerprint-key.ts"

const ENTRY_SHIFT = 5
const WORD_ISN = CONNECTION_KEY_WORDS
const WORD_FINGERPRINT: number = WORD_ISN + 1
const WORD_FLAGS: number = WORD_FINGERPRINT + KEY_WORDS
const WORD_HASH = 30
const FLAG_NAT = 1
const FLAG_HOST = 2
const SCORE_SHIFT = 2
const SCORE_MASK = 127
const REASONS_SHIFT = 9

export class AnswerCache {
  readonly capacity: number
  size = 0
  /** Answers that made room while a connection might still have asked. */
  evictions = 0
  readonly #words: Int32Array
  readonly #coldest: SecondChance
  readonly #used: Uint8Array
  readonly #index: TaggedIndex
  readonly #seed: number
  readonly #keyWords = new KeyWords()

  /** `seed`: a random int32, so that clients can't choose keys that collide. */
  constructor(capacity: number, seed: number) {
    this.capacity = Math.max(1, capacity | 0)
    this.#words = new Int32Array(this.capacity << ENTRY_SHIFT)
    this.#coldest = new SecondChance(this.capacity)
    this.#used = this.#coldest.used
    this.#index = new TaggedIndex(this.capacity)
    this.#seed = seed | 0
  }

  /** The entry of a connection, -1 when it has not asked yet. */
  find(key: Uint8Array): number {
    const asked = this.#keyWords.of(key)
    const hash = hashConnectionKey(asked, 0, this.#seed)
    const { slots, mask } = this.#index
    for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
      const entry = slots[at + 1]! - 1
      if (entry < 0) return -1
      if (slots[at] === hash && equalConnectionKeys(this.#words, entry << ENTRY_SHIFT, asked, 0)) {
        this.#used[entry] = 1
        return entry
      }
    }
  }

  isnOf(entry: number): number {
    return this.#words[(entry << ENTRY_SHIFT) + WORD_ISN]!
  }

  /** Where the fingerprint key of an entry lies, for `Matcher.fingerprintOfKey(answers.fingerprintKeys, answers.fingerprintKeyAt(entry))`. */
  get fingerprintKeys(): Int32Array {
    return this.#words
  }

  fingerprintKeyAt(entry: number): number {
    return (entry << ENTRY_SHIFT) + WORD_FINGERPRINT
  }

  /** Entry for a connection that `find` does not find; the caller writes its fingerprint key and then calls `store`. */
  add(key: Uint8Array): number {
    const asked = this.#keyWords.of(key)
    const hash = hashConnectionKey(asked, 0, this.#seed)
    const entry = this.size < this.capacity ? this.size++ : this.#evict()
    const words = this.#words
    const at = entry << ENTRY_SHIFT
    for (let i = 0; i < CONNECTION_KEY_WORDS; i++) words[at + i] = asked[i]!
    words[at + WORD_HASH] = hash
    this.#index.insert(hash, entry)
    // Not yet marked: only who asks again gets a second chance, or a flood of newcomers would be as good as FIFO.
    this.#used[entry] = 0
    return entry
  }

  /** Keeps what an `ok` answer says beside its fingerprint, in place of what the entry held. */
  store(entry: number, isn: number, answer: ConnectionInfo): void {
    const words = this.#words
    const at = entry << ENTRY_SHIFT
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

  /** Gives it back: everything but the fingerprint and what HTTP showed. */
  restore(entry: number, answer: ConnectionInfo): void {
    const words = this.#words
    let of = (entry << ENTRY_SHIFT) + WORD_FLAGS
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
    this.#index.remove(this.#words[(entry << ENTRY_SHIFT) + WORD_HASH]!, entry)
    return entry
  }
}
