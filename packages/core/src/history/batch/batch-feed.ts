/**
 * Batch feed: decoded batches -> observer, as if it had decoded the frames itself.
 */
import { KEY_NUMBERS } from "../../tcp/matching/key-numbers.ts"
import type { Matcher } from "../../tcp/matching/matcher.ts"
import { TCP_SYN } from "../../packet/packet.ts"
import { VERDICT_TCP } from "../../packet/verdict.ts"
import { type DecodedBatch, recordAt } from "./decoded-batch.ts"
import { readRecord, RECORD_KEY, RECORD_NUMBER, RECORD_SOURCE } from "./decoded-record.ts"
import { DecodedFrame } from "../decoded-frame.ts"
import type { Observer } from "../observer.ts"

/** Records whose hosts are looked for together: with a million hosts a SYN takes a fifth less, with 65,536 the same. */
const TOGETHER = 16

export class BatchFeed {
  readonly #observer: Observer
  readonly #matcher: Matcher
  readonly #frame = new DecodedFrame()
  /** Entries of the matcher by key number, and how many evictions it had seen: after another one they may be other fingerprints'. */
  readonly #entries = new Int32Array(KEY_NUMBERS)
  readonly #evictions = new Int32Array(KEY_NUMBERS).fill(-1)

  /** For the batches of one decoder. */
  constructor(observer: Observer) {
    this.#observer = observer
    this.#matcher = observer.matcher
  }

  take(batch: DecodedBatch): void {
    const { words, payload, records } = batch
    const observer = this.#observer
    const frame = this.#frame
    frame.bytes = payload
    for (let record = 0; record < records; record++) {
      if ((record & (TOGETHER - 1)) === 0) this.#warm(words, record, Math.min(records, record + TOGETHER))
      const at = recordAt(record)
      readRecord(words, at, frame)
      const isSyn = frame.verdict === VERDICT_TCP && frame.packet.type === TCP_SYN
      frame.entry = isSyn ? this.#lookup(words, at) : -1
      observer.decoded(frame)
    }
    observer.countFrames(batch.framesAfter, (verdict) => batch.framesOf(verdict))
  }

  /** Reads where the senders will be looked for: one after the other they wait for memory, so many wait at once. */
  #warm(words: Int32Array, from: number, to: number): void {
    const { hosts } = this.#observer
    // Nearly all IPv6 clients are kept by network where any are.
    const last = hosts.byNetwork ? 0 : -1
    for (let record = from; record < to; record++) {
      const at = recordAt(record) + RECORD_SOURCE
      hosts.warm(hosts.hash(words[at]!, words[at + 1]!, words[at + 2]! & last, words[at + 3]! & last))
    }
  }

  #lookup(words: Int32Array, at: number): number {
    const matcher = this.#matcher
    const reported = words[at + RECORD_NUMBER]!
    if (reported >= 0 && this.#evictions[reported] === matcher.evictions) return this.#entries[reported]!
    const number = reported < 0 ? ~reported : reported
    const entry = matcher.entryOfKey(words, at + RECORD_KEY)
    this.#entries[number] = entry
    this.#evictions[number] = matcher.evictions
    return entry
  }
}
