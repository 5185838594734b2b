/**
 * Host clock: modern mode's order. CLOCK with a second chance; a host that was idle too long is a new host when it comes back.
 *
 * Numbers of hosts go round as the hand does, so that the records of new ones are written in order; the place of a host is found by
 * sets (host-sets.ts).
 */
import type { AddressKey } from "./address-key.ts"
import { HOST_LAST_SEEN, HOT_SHIFT } from "./host-record.ts"
import { SET_HAND, SET_HOSTS, SET_SHIFT, setsFor, tagsOf, wayOf, WAYS, waysWith } from "./host-sets.ts"
import { type HostLimits, Hosts } from "./hosts.ts"
import { HEAD_COUNT, HEAD_EVICTED, HEAD_EXPIRED, HEAD_FRESH, HEAD_HAND, type SharedHosts } from "./shared-hosts.ts"

export class ClockHostTable extends Hosts {
  private hand = 0
  private readonly sets: Int32Array
  /** The tags as bytes. */
  private readonly tags: Uint8Array
  /** The byte of each host's tag. */
  private readonly tagAt: Int32Array
  /** A bit for each host that was seen again since the hand came by: the second chance. */
  private readonly again: Int32Array
  /** Sets per hash. */
  private readonly scale: number
  private warmed = 0

  /** `shared`: the memory of several threads; `load` and `save` stand around what one does with it. */
  constructor(limits: HostLimits, shared?: SharedHosts) {
    const { maxHosts } = limits
    super(maxHosts, limits.idleMinutes, shared)
    const sets = setsFor(maxHosts)
    this.sets = shared?.sets ?? new Int32Array(sets << SET_SHIFT)
    this.tags = new Uint8Array(this.sets.buffer, this.sets.byteOffset, this.sets.byteLength)
    this.tagAt = shared?.tagAt ?? new Int32Array(maxHosts)
    this.again = shared?.again ?? new Int32Array((maxHosts + 31) >> 5)
    this.scale = sets / 0x1_0000_0000
  }

  /** Loads the state that another thread left; call it under the lock. */
  load({ head }: SharedHosts): void {
    this.count = head[HEAD_COUNT]!
    this.fresh = head[HEAD_FRESH]!
    this.hand = head[HEAD_HAND]!
    this.evicted = head[HEAD_EVICTED]!
    this.expired = head[HEAD_EXPIRED]!
  }

  save({ head }: SharedHosts): void {
    head[HEAD_COUNT] = this.count
    head[HEAD_FRESH] = this.fresh
    head[HEAD_HAND] = this.hand
    head[HEAD_EVICTED] = this.evicted
    head[HEAD_EXPIRED] = this.expired
  }

  override warm(hash: number): void {
    this.warmed = (this.warmed + this.sets[this.setOf(hash)]!) | 0
  }

  override find(key: AddressKey): number {
    const { sets } = this
    const { hash } = key
    const at = this.setOf(hash)
    for (let ways = waysWith(sets, at, tagsOf(hash)); ways !== 0; ways &= ways - 1) {
      const host = sets[at + SET_HOSTS + wayOf(ways)]!
      if (this.holds(host, key)) return host
    }
    return -1
  }

  override obtain(key: AddressKey, nowSec: number): number {
    const { sets } = this
    const { hash } = key
    const at = this.setOf(hash)
    const tags = tagsOf(hash)
    // As `find`: one call less.
    for (let ways = waysWith(sets, at, tags); ways !== 0; ways &= ways - 1) {
      const known = sets[at + SET_HOSTS + wayOf(ways)]!
      if (!this.holds(known, key)) continue
      if (!this.touch(known, nowSec)) {
        this.expired++
        this.reset(known, key, nowSec)
      }
      return known
    }
    const free = waysWith(sets, at, 0)
    const way = free === 0 ? this.wayOut(at) : wayOf(free)
    const host = free === 0 ? sets[at + SET_HOSTS + way]! : this.take()
    // `tags` holds four copies of the tag; the array takes the lowest byte.
    this.tags[(at << 2) + way] = tags
    sets[at + SET_HOSTS + way] = host
    this.tagAt[host] = (at << 2) + way
    this.reset(host, key, nowSec)
    return host
  }

  override touch(host: number, nowSec: number): boolean {
    const at = (host << HOT_SHIFT) + HOST_LAST_SEEN
    if (((nowSec - this.hot[at]!) | 0) > this.idleSeconds) return false
    this.hot[at] = nowSec
    this.again[host >> 5]! |= 1 << host
    return true
  }

  /** An idle host that only waits to be replaced is not reported. */
  override isKept(host: number, nowSec: number): boolean {
    return ((nowSec - this.hot[(host << HOT_SHIFT) + HOST_LAST_SEEN]!) | 0) <= this.idleSeconds
  }

  override expire(): void {}

  /** First word of a hash's set. */
  private setOf(hash: number): number {
    return (((hash >>> 0) * this.scale) | 0) << SET_SHIFT
  }

  /**
   * A place for a new host. In a full table the hand passes hosts that were seen since it came by last; a new one starts without that
   * chance: floods wash over. It looks at 32 at a time.
   */
  private take(): number {
    if (this.fresh < this.capacity) {
      this.count++
      return this.fresh++
    }
    const { again, capacity } = this
    let { hand } = this
    for (;;) {
      const word = hand >> 5
      const ahead = -1 << hand
      const out = ~again[word]! & ahead
      if (out === 0) {
        again[word]! &= ~ahead
        hand = (word + 1) << 5
      } else {
        const bit = out & -out
        again[word]! &= ~(ahead & (bit - 1))
        hand = (word << 5) + 31 - Math.clz32(bit)
        if (hand < capacity) break
      }
      if (hand >= capacity) hand = 0
    }
    this.hand = hand + 1 === capacity ? 0 : hand + 1
    this.tags[this.tagAt[hand]!] = 0
    this.evicted++
    return hand
  }

  /** The way whose host leaves a full set, in which the same holds; but those that stay keep their chance: the hand passes often here. */
  private wayOut(at: number): number {
    const { sets, again } = this
    let way = sets[at + SET_HAND]!
    for (let passed = 0; passed < WAYS; passed++) {
      const host = sets[at + SET_HOSTS + way]!
      if ((again[host >> 5]! & (1 << host)) === 0) break
      way = way + 1 === WAYS ? 0 : way + 1
    }
    sets[at + SET_HAND] = way + 1 === WAYS ? 0 : way + 1
    this.evicted++
    const host = sets[at + SET_HOSTS + way]!
    again[host >> 5]! &= ~(1 << host)
    return way
  }
}
