/**
 * Answer cache: the answer that each connection got, in a fixed slab, so that a repeated question gets the same answer (HAProxy may ask on
 * every request, long after the SYN has left every capture buffer).
 *
 *     word 0..9 connection key   10 ISN   11..20 fingerprint key (fingerprint-key.ts)   21..29 ConnectionInfo.pack   30 hash of the key
 *
 * An entry is 32 words: the two cache lines that processors fetch together. With key and facts in slabs of their own there were four.
 */
import { CONNECTION_KEY_WORDS, KeyWords, equalConnectionKeys, hashConnectionKey } from "./packet/connection-key.ts"
import { TaggedIndex } from "./collections/tagged-index.ts"
import { type ConnectionInfo, PACKED_WORDS } from "./connection-info.ts"
import { SecondChance } from "./collections/second-chance.ts"
import { KEY_WORDS } from "./tcp/matching/fingerprint-key.ts"

const ENTRY_SHIFT = 5
const WORD_ISN = CONNECTION_KEY_WORDS
const WORD_FINGERPRINT: number = WORD_ISN + 1
const WORD_INFO: number = WORD_FINGERPRINT + KEY_WORDS
const WORD_HASH: number = WORD_INFO + PACKED_WORDS
// One entry is two cache lines; whoever packs more values must decide for three.
if (WORD_HASH >= 1 << ENTRY_SHIFT) throw new Error("an entry of the answer cache is too small for its values")

export class AnswerCache {
  readonly capacity: number
  size = 0
  /** Answers that were evicted although their connection might have asked again. */
  evictions = 0
  readonly #words: Int32Array
  readonly #coldest: SecondChance
  readonly #used: Uint8Array
  readonly #index: TaggedIndex
  readonly #seed: number
  readonly #keyWords = new KeyWords()

  /** `seed` is a random int32, so that clients can't choose keys that collide. */
  constructor(capacity: number, seed: number) {
    this.capacity = Math.max(1, capacity | 0)
    this.#words = new Int32Array(this.capacity << ENTRY_SHIFT)
    this.#coldest = new SecondChance(this.capacity)
    this.#used = this.#coldest.used
    this.#index = new TaggedIndex(this.capacity)
    this.#seed = seed | 0
  }

  /** Returns the entry of a connection; -1: there is none. */
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

  /** The words that hold fingerprint keys, for `Matcher.fingerprintOfKey(cache.fingerprintKeys, cache.fingerprintKeyAt(entry))`. */
  get fingerprintKeys(): Int32Array {
    return this.#words
  }

  fingerprintKeyAt(entry: number): number {
    return (entry << ENTRY_SHIFT) + WORD_FINGERPRINT
  }

  /** Adds an entry for a connection that `find` did not find. The caller writes its fingerprint key, then calls `store`. */
  add(key: Uint8Array): number {
    const asked = this.#keyWords.of(key)
    const hash = hashConnectionKey(asked, 0, this.#seed)
    const entry = this.size < this.capacity ? this.size++ : this.#evict()
    const words = this.#words
    const at = entry << ENTRY_SHIFT
    for (let i = 0; i < CONNECTION_KEY_WORDS; i++) words[at + i] = asked[i]!
    words[at + WORD_HASH] = hash
    this.#index.insert(hash, entry)
    // Only connections that ask again get a second chance, else a flood of new ones would make the cache a FIFO.
    this.#used[entry] = 0
    return entry
  }

  /** Stores an `ok` answer in place of what the entry held. */
  store(entry: number, isn: number, info: ConnectionInfo): void {
    const offset = entry << ENTRY_SHIFT
    this.#words[offset + WORD_ISN] = isn
    info.pack(this.#words, offset + WORD_INFO)
  }

  /** Restores the answer, except for its fingerprint. */
  restore(entry: number, info: ConnectionInfo): void {
    info.status = "ok"
    info.unpack(this.#words, (entry << ENTRY_SHIFT) + WORD_INFO)
  }

  #evict(): number {
    const entry = this.#coldest.next()
    this.evictions++
    this.#index.remove(this.#words[(entry << ENTRY_SHIFT) + WORD_HASH]!, entry)
    return entry
  }
}
