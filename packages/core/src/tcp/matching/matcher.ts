/**
 * Matcher: packet -> fingerprint. A fingerprint is computed once and then found again by its key (fingerprint-key.ts, fingerprint-cache.ts).
 */
import type { Packet } from "../../packet/packet.ts"
import type { Database } from "../database/database.ts"
import { LinkTable } from "../path/link-table.ts"
import { ENTRY_SHIFT } from "./fingerprint-facts.ts"
import { KEY_WORDS, keyDirection, writeKey } from "./fingerprint-key.ts"
import { hashKey, FingerprintCache } from "./fingerprint-cache.ts"
import { FingerprintRecord } from "./fingerprint-record.ts"
import { type TcpFingerprint } from "./fingerprint.ts"
import { type Direction, RESPONSE } from "../direction.ts"
import { SignatureIndex } from "./signature-index.ts"
import type { Mode } from "../mode.ts"

export interface MatcherStats {
  /** Fingerprints that were found in the cache. */
  readonly hits: number
  /** Fingerprints that were computed. */
  readonly misses: number
  readonly evictions: number
  /** Fingerprints in the cache now, and at most. */
  readonly fingerprints: number
  readonly capacity: number
}

export class Matcher {
  readonly database: Database
  readonly mode: Mode
  readonly #memo: FingerprintCache
  readonly #index: SignatureIndex
  readonly #links: LinkTable
  readonly #key = new Int32Array(KEY_WORDS)
  #hits = 0
  #misses = 0

  /** `capacity`: fingerprints to remember; about 350 bytes each, 500 once the log text is made. */
  constructor(database: Database, mode: Mode, capacity: number) {
    this.database = database
    this.mode = mode
    this.#memo = new FingerprintCache(capacity, mode)
    this.#index = new SignatureIndex(database, mode)
    this.#links = new LinkTable(database, mode)
  }

  /**
   * The fingerprint of a SYN (REQUEST) or SYN+ACK (RESPONSE). `peerMss` is the MSS of the flow's SYN for its SYN+ACK, else 0. Allocates
   * nothing when the fingerprint is known.
   */
  fingerprintOf(packet: Packet, direction: Direction, peerMss: number): TcpFingerprint {
    writeKey(packet, direction, peerMss, this.#key, 0)
    return this.fingerprintOfKey(this.#key, 0)
  }

  /** Writes the KEY_WORDS words that the fingerprint of an entry depends on, for `fingerprintOfKey` later. */
  copyKey(entry: number, into: Int32Array, at: number): void {
    const { words } = this.#memo
    const from = entry << ENTRY_SHIFT
    for (let word = 0; word < KEY_WORDS; word++) into[at + word] = words[from + word]!
  }

  /** The fingerprint behind a key. */
  fingerprintOfKey(key: Int32Array, at: number): TcpFingerprint {
    return this.#memo.fingerprint(this.entryOfKey(key, at))
  }

  /**
   * As `fingerprintOf`, for one who needs the facts alone (fingerprint-facts.ts): they begin at `factWords[entry << ENTRY_SHIFT]`. The entry is
   * good until the next question.
   */
  lookup(packet: Packet, direction: Direction, peerMss: number): number {
    writeKey(packet, direction, peerMss, this.#key, 0)
    return this.entryOfKey(this.#key, 0)
  }

  fingerprintAt(entry: number): TcpFingerprint {
    return this.#memo.fingerprint(entry)
  }

  /** Number of evicted entries. */
  get evictions(): number {
    return this.#memo.evictions
  }

  get factWords(): Int32Array {
    return this.#memo.words
  }

  /** `lookup` by a key. */
  entryOfKey(key: Int32Array, at: number): number {
    const hash = hashKey(key, at)
    const known = this.#memo.find(key, at, hash)
    if (known >= 0) {
      this.#hits++
      return known
    }
    this.#misses++
    return this.#memo.add(key, at, hash, this.#compute(key, at))
  }

  get stats(): MatcherStats {
    const { size, capacity, evictions } = this.#memo
    return { hits: this.#hits, misses: this.#misses, evictions, fingerprints: size, capacity }
  }

  #compute(key: Int32Array, at: number): TcpFingerprint {
    const index = this.#index
    index.find(key, at)
    const { index: line, fuzzy, dist } = index.found
    const lines = keyDirection(key[at]!) === RESPONSE ? this.database.responses : this.database.requests
    return new FingerprintRecord(key, at, line < 0 ? undefined : lines[line], fuzzy, dist, this.#links)
  }
}
