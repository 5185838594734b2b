/**
 * Fingerprint cache: fingerprints by key, at most `capacity` of them. Open addressing over typed arrays; a flood of one-time fingerprints
 * evicts itself and not the common ones (second-chance.ts).
 *
 *  table  [entry + 1, 0 = free]            at least twice as many slots as entries
 *  words  [10 words of key and 6 of facts (fingerprint-facts.ts) per entry]  hashes, used  [one per entry]  fingerprints  [one per entry]
 */
import { SecondChance } from "../../collections/second-chance.ts"
import { ENTRY_SHIFT, writeFacts } from "./fingerprint-facts.ts"
import { isSameKey, KEY_WORDS } from "./fingerprint-key.ts"
import type { TcpFingerprint } from "./fingerprint.ts"
import type { Mode } from "../mode.ts"

/** A secret of the process: without it a client could send SYNs whose keys all fall into one chain, 16,384 steps for every lookup. */
const SEED = (Math.random() * 0x1_0000_0000) | 0

/** Murmur3's finalizer over words mixed one by one, since the words of similar SYNs differ in few bits. Differs from process to process. */
export function hashKey(key: Int32Array, at: number): number {
  let hash = Math.imul(key[at]! ^ SEED, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 15) ^ key[at + 1]!, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13) ^ key[at + 2]!, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 15) ^ key[at + 3]!, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13) ^ key[at + 4]!, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 15) ^ key[at + 5]!, 0x85ebca6b)
  // More than eight options are rare: their words are mixed in once.
  const rest = (key[at + 6]! ^ (key[at + 7]! << 1) ^ (key[at + 8]! << 2) ^ (key[at + 9]! << 3)) | 0
  hash = Math.imul(hash ^ (hash >>> 13) ^ rest, 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/**
 * Slots of the table at first. A table for 16,384 fingerprints that held 2,000 cost 15 ns more per SYN: it fills the cache with zeros.
 */
const FIRST_SLOTS = 1024

export class FingerprintCache {
  readonly capacity: number
  readonly mode: Mode
  size = 0
  evictions = 0
  #table: Int32Array
  #mask: number
  /** Entry `n` begins at word `n << ENTRY_SHIFT`. */
  readonly words: Int32Array
  readonly #hashes: Int32Array
  readonly #coldest: SecondChance
  readonly #used: Uint8Array
  readonly #fingerprints: Array<TcpFingerprint | undefined>

  constructor(capacity: number, mode: Mode) {
    this.capacity = Math.max(1, capacity | 0)
    this.mode = mode
    let slots = 2
    while (slots < this.capacity * 2 && slots < FIRST_SLOTS) slots *= 2
    this.#table = new Int32Array(slots)
    this.#mask = slots - 1
    this.words = new Int32Array(this.capacity << ENTRY_SHIFT)
    this.#hashes = new Int32Array(this.capacity)
    this.#coldest = new SecondChance(this.capacity)
    this.#used = this.#coldest.used
    // oxlint-disable-next-line unicorn/no-new-array -- Array.from calls a function for each, which is 2 ms of a start
    this.#fingerprints = new Array<TcpFingerprint | undefined>(this.capacity).fill(undefined)
  }

  /** Bytes of the typed arrays. The table grows with the fingerprints, to twice the capacity in slots at most. */
  get bytes(): number {
    return this.#table.byteLength + this.words.byteLength + this.#hashes.byteLength + this.#used.byteLength
  }

  /** The fingerprint of a key, if it is here. `hash` is `hashKey(key, at)`. */
  get(key: Int32Array, at: number, hash: number): TcpFingerprint | undefined {
    const entry = this.find(key, at, hash)
    return entry < 0 ? undefined : this.#fingerprints[entry]
  }

  /** The fingerprint of an entry that `find` or `add` gave. */
  fingerprint(entry: number): TcpFingerprint {
    return this.#fingerprints[entry]!
  }

  /** Number of the entry of a key, -1 when it is not here. */
  find(key: Int32Array, at: number, hash: number): number {
    const table = this.#table
    const mask = this.#mask
    const keys = this.words
    let slot = hash & mask
    for (;;) {
      const entry = table[slot]! - 1
      if (entry < 0) return -1
      if (isSameKey(keys, entry << ENTRY_SHIFT, key, at)) {
        this.#used[entry] = 1
        return entry
      }
      slot = (slot + 1) & mask
    }
  }

  /** Adds a fingerprint that is not here and gives its entry; the coldest one goes when there is no room. */
  add(key: Int32Array, at: number, hash: number, fingerprint: TcpFingerprint): number {
    if (this.size < this.capacity && (this.size + 1) * 2 > this.#table.length) this.#grow()
    const entry = this.size < this.capacity ? this.size++ : this.#evict()
    const { words } = this
    const of = entry << ENTRY_SHIFT
    for (let word = 0; word < KEY_WORDS; word++) words[of + word] = key[at + word]!
    writeFacts(fingerprint, this.mode, words, of)
    this.#hashes[entry] = hash
    this.#used[entry] = 0
    this.#fingerprints[entry] = fingerprint
    let slot = hash & this.#mask
    while (this.#table[slot] !== 0) slot = (slot + 1) & this.#mask
    this.#table[slot] = entry + 1
    return entry
  }

  #grow(): void {
    const table = new Int32Array(this.#table.length * 2)
    const mask = table.length - 1
    for (let entry = 0; entry < this.size; entry++) {
      let slot = this.#hashes[entry]! & mask
      while (table[slot] !== 0) slot = (slot + 1) & mask
      table[slot] = entry + 1
    }
    this.#table = table
    this.#mask = mask
  }

  #evict(): number {
    const entry = this.#coldest.next()
    this.evictions++
    this.#unlink(entry)
    return entry
  }

  /** Frees the entry's slot and moves later entries of its run forward, so that no tombstones are needed. */
  #unlink(entry: number): void {
    const table = this.#table
    const mask = this.#mask
    let free = this.#hashes[entry]! & mask
    while (table[free] !== entry + 1) free = (free + 1) & mask
    let slot = free
    for (;;) {
      slot = (slot + 1) & mask
      const other = table[slot]!
      if (other === 0) break
      const home = this.#hashes[other - 1]! & mask
      if (((slot - home) & mask) >= ((slot - free) & mask)) {
        table[free] = other
        free = slot
      }
    }
    table[free] = 0
  }
}
