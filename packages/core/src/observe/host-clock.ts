/**
 * Host clock: modern mode's order. CLOCK with a second chance; a host that was idle too long is a new host when it comes back.
 */
import { HOST_LAST_SEEN, HOST_STATE, HOT_SHIFT, STATE_IPV6, STATE_LIVE, STATE_REFERENCED } from "./host-record.ts"
import { type HostLimits, Hosts } from "./hosts.ts"
import {
  HEAD_COUNT,
  HEAD_EVICTED,
  HEAD_EXPIRED,
  HEAD_FREE,
  HEAD_FRESH,
  HEAD_HAND,
  HEAD_PLACES,
  type SharedHosts
} from "./shared-hosts.ts"
import { TaggedIndex } from "../packet/tagged-index.ts"

/** Hosts that make room at a time, in a table of 512 or more; a small one would lose too much at once. */
const BATCH = 8
const BATCH_SHARE = 6

export class HostClock extends Hosts {
  private hand = 0
  /** Places of hosts that made room, and their hashes. */
  private readonly places = new Int32Array(BATCH)
  private readonly placeHashes = new Int32Array(BATCH)
  private free = 0
  private readonly batch: number

  /** `shared`: the memory of several threads; `load` and `save` stand around what one does with it. */
  constructor(limits: HostLimits, shared?: SharedHosts) {
    super(limits.maxHosts, limits.idleMinutes, new TaggedIndex(limits.maxHosts, shared?.slots), shared)
    this.batch = Math.max(1, Math.min(BATCH, limits.maxHosts >> BATCH_SHARE))
  }

  /** What another thread left; under the lock. */
  load({ head }: SharedHosts): void {
    this.count = head[HEAD_COUNT]!
    this.fresh = head[HEAD_FRESH]!
    this.hand = head[HEAD_HAND]!
    this.free = head[HEAD_FREE]!
    this.evicted = head[HEAD_EVICTED]!
    this.expired = head[HEAD_EXPIRED]!
    for (let place = 0; place < this.free; place++) this.places[place] = head[HEAD_PLACES + place]!
  }

  save({ head }: SharedHosts): void {
    head[HEAD_COUNT] = this.count
    head[HEAD_FRESH] = this.fresh
    head[HEAD_HAND] = this.hand
    head[HEAD_FREE] = this.free
    head[HEAD_EVICTED] = this.evicted
    head[HEAD_EXPIRED] = this.expired
    for (let place = 0; place < this.free; place++) head[HEAD_PLACES + place] = this.places[place]!
  }

  override obtain(ver: number, a0: number, a1: number, a2: number, a3: number, hash: number, nowSec: number): number {
    // The probe of `find`, kept here for its last position: an insertion begins where the search ended.
    const { slots, mask } = this.index
    const { hot } = this
    const family = ver === 6 ? STATE_IPV6 : 0
    let at = (hash << 1) & mask
    let host = slots[at + 1]! - 1
    for (; host >= 0; host = slots[at + 1]! - 1) {
      if (slots[at] === hash) {
        const base = host << HOT_SHIFT
        if (
          hot[base] === a0 &&
          hot[base + 1] === a1 &&
          hot[base + 2] === a2 &&
          hot[base + 3] === a3 &&
          (hot[base + HOST_STATE]! & STATE_IPV6) === family
        ) {
          if (((nowSec - hot[base + HOST_LAST_SEEN]!) | 0) > this.idleSeconds) {
            this.expired++
            this.reset(host, ver, a0, a1, a2, a3, nowSec)
          } else {
            hot[base + HOST_LAST_SEEN] = nowSec
            hot[base + HOST_STATE]! |= STATE_REFERENCED
          }
          return host
        }
      }
      at = (at + 2) & mask
    }
    if (this.fresh < this.capacity) {
      host = this.fresh++
      this.count++
    } else {
      if (this.free === 0) {
        this.evict()
        // The removals may have moved entries of this run.
        at = (hash << 1) & mask
        while (slots[at + 1] !== 0) at = (at + 2) & mask
      }
      host = this.places[--this.free]!
      this.count++
    }
    slots[at] = hash
    slots[at + 1] = host + 1
    this.reset(host, ver, a0, a1, a2, a3, nowSec)
    return host
  }

  override touch(host: number, nowSec: number): boolean {
    const at = (host << HOT_SHIFT) + HOST_LAST_SEEN
    if (((nowSec - this.hot[at]!) | 0) > this.idleSeconds) return false
    this.hot[at] = nowSec
    this.hot[(host << HOT_SHIFT) + HOST_STATE]! |= STATE_REFERENCED
    return true
  }

  /** An idle host that only waits to be replaced is not told of. */
  override isKept(host: number, nowSec: number): boolean {
    return ((nowSec - this.hot[(host << HOT_SHIFT) + HOST_LAST_SEEN]!) | 0) <= this.idleSeconds
  }

  override expire(): void {}

  /**
   * Frees places. The hand passes hosts that were seen since it came by last; a new host starts without that chance: floods wash
   * over. Several at a time, since their index entries lie anywhere: the processor fetches them together (5 % of a SYN's time).
   */
  private evict(): void {
    const { hot, capacity, batch, places, placeHashes } = this
    let hand = this.hand
    for (let place = batch - 1; place >= 0;) {
      const at = (hand << HOT_SHIFT) + HOST_STATE
      const state = hot[at]!
      if ((state & (STATE_REFERENCED | STATE_LIVE)) === STATE_LIVE) {
        const hash = this.hashOf(hand)
        places[place] = hand
        placeHashes[place] = hash
        hot[at] = 0
        this.warm(hash)
        place--
      } else hot[at] = state & ~STATE_REFERENCED
      hand = hand + 1 === capacity ? 0 : hand + 1
    }
    this.hand = hand
    for (let place = batch - 1; place >= 0; place--) this.index.remove(placeHashes[place]!, places[place]!)
    this.free = batch
    this.count -= batch
    this.evicted += batch
  }
}
