/**
 * Host clock: modern mode's order. CLOCK with a second chance; a host that was idle too long is a new host when it comes back.
 */
import { HOST_LAST_SEEN, HOST_STATE, HOT_SHIFT, STATE_IPV6, STATE_REFERENCED } from "./host-record.ts"
import { type HostLimits, Hosts } from "./hosts.ts"
import { TaggedIndex } from "./tagged-index.ts"

export class HostClock extends Hosts {
  private hand = 0

  constructor(limits: HostLimits) {
    super(limits.maxHosts, limits.idleMinutes, new TaggedIndex(limits.maxHosts))
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
      host = this.evict()
      // The removal may have moved entries of this run.
      at = (hash << 1) & mask
      while (slots[at + 1] !== 0) at = (at + 2) & mask
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

  /** Advances the hand past hosts that were seen since it came by last. A new host starts without that chance: floods wash over. */
  private evict(): number {
    const { hot, capacity } = this
    let hand = this.hand
    let at = (hand << HOT_SHIFT) + HOST_STATE
    while ((hot[at]! & STATE_REFERENCED) !== 0) {
      hot[at]! &= ~STATE_REFERENCED
      hand = hand + 1 === capacity ? 0 : hand + 1
      at = (hand << HOT_SHIFT) + HOST_STATE
    }
    this.hand = hand + 1 === capacity ? 0 : hand + 1
    this.index.remove(this.hashOf(hand), hand)
    this.evicted++
    this.warm(this.hashOf(this.hand))
    return hand
  }
}
