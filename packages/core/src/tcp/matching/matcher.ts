/**
 * Matcher: packet -> shape. A shape is computed once and then found again by its key (shape-key.ts, shape-memo.ts).
 */
import type { Packet } from "../../packet/packet.ts"
import type { Database } from "../database/database.ts"
import { LinkTable } from "../path/link-table.ts"
import { ENTRY_SHIFT } from "./shape-facts.ts"
import { KEY_WORDS, keyDirection, writeKey } from "./shape-key.ts"
import { hashKey, ShapeMemo } from "./shape-memo.ts"
import { ShapeRecord } from "./shape-record.ts"
import { type Direction, RESPONSE, type Shape } from "./shape.ts"
import { SignatureIndex } from "./signature-index.ts"
import type { Mode } from "../signature/signature.ts"

export interface MatcherStats {
  /** Shapes that were found in the memo. */
  readonly hits: number
  /** Shapes that were computed. */
  readonly misses: number
  readonly evictions: number
  /** Shapes in the memo now, and at most. */
  readonly shapes: number
  readonly capacity: number
}

export class Matcher {
  readonly database: Database
  readonly mode: Mode
  readonly #memo: ShapeMemo
  readonly #index: SignatureIndex
  readonly #links: LinkTable
  readonly #key = new Int32Array(KEY_WORDS)
  #hits = 0
  #misses = 0

  /** `capacity`: shapes to remember; about 350 bytes each, 500 once the log text is made. */
  constructor(database: Database, mode: Mode, capacity: number) {
    this.database = database
    this.mode = mode
    this.#memo = new ShapeMemo(capacity, mode)
    this.#index = new SignatureIndex(database, mode)
    this.#links = new LinkTable(database, mode)
  }

  /**
   * The shape of a SYN (REQUEST) or SYN+ACK (RESPONSE). `peerMss` is the MSS of the flow's SYN for its SYN+ACK, else 0. Allocates
   * nothing when the shape is known.
   */
  shapeOf(packet: Packet, direction: Direction, peerMss: number): Shape {
    writeKey(packet, direction, peerMss, this.#key, 0)
    return this.shapeOfKey(this.#key, 0)
  }

  /** Writes the KEY_WORDS words that the shape of an entry depends on, for `shapeOfKey` later. */
  copyKey(entry: number, into: Int32Array, at: number): void {
    const { words } = this.#memo
    const from = entry << ENTRY_SHIFT
    for (let word = 0; word < KEY_WORDS; word++) into[at + word] = words[from + word]!
  }

  /** The shape behind a key. */
  shapeOfKey(key: Int32Array, at: number): Shape {
    return this.#memo.shape(this.entryOfKey(key, at))
  }

  /**
   * As `shapeOf`, for one who needs the facts alone (shape-facts.ts): they begin at `factWords[entry << ENTRY_SHIFT]`. The entry is
   * good until the next question.
   */
  entryOf(packet: Packet, direction: Direction, peerMss: number): number {
    writeKey(packet, direction, peerMss, this.#key, 0)
    return this.entryOfKey(this.#key, 0)
  }

  shapeAt(entry: number): Shape {
    return this.#memo.shape(entry)
  }

  /** How often an entry became another shape's. */
  get evictions(): number {
    return this.#memo.evictions
  }

  get factWords(): Int32Array {
    return this.#memo.words
  }

  /** `entryOf` by a key. */
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
    return { hits: this.#hits, misses: this.#misses, evictions, shapes: size, capacity }
  }

  #compute(key: Int32Array, at: number): Shape {
    const index = this.#index
    index.find(key, at)
    const { index: line, fuzzy, dist } = index.found
    const lines = keyDirection(key[at]!) === RESPONSE ? this.database.responses : this.database.requests
    return new ShapeRecord(key, at, line < 0 ? undefined : lines[line], fuzzy, dist, this.#links)
  }
}
