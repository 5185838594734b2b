/**
 * Hosts: history by address in a fixed slab, with no object per entry (p0f's process.c: lookup_host, create_host, touch_host,
 * nuke_hosts, expire_cache).
 *
 * Two orders behind one interface. Modern: CLOCK with a second chance, and a host that was idle too long is a new host when it
 * comes back. p0f mode: p0f's age list, use counts and its pruning, which walks the list the wrong way and so removes at most
 * one host (Appendix C 6; specs p0f.md §8.2).
 */
import { TaggedIndex } from "./tagged-index.ts"
import {
  COLD_SHIFT,
  DISTANCE_UNKNOWN,
  HOST_DISTANCE,
  HOST_FIRST_SEEN,
  HOST_HASH,
  HOST_LAST_SEEN,
  HOST_NEWER,
  HOST_OLDER,
  HOST_STATE,
  HOST_TOTAL_CONN,
  HOST_UPTIME,
  HOST_USES,
  HOT_SHIFT,
  STATE_COLD,
  STATE_IPV6,
  STATE_LIVE,
  STATE_REFERENCED
} from "./host-record.ts"

const HOT_WORDS = 1 << HOT_SHIFT
const COLD_WORDS = 1 << COLD_SHIFT
/** An odd random int32: multipliers that no sender knows, so that addresses can't be chosen to collide. */
const randomOdd = (): number => (Math.random() * 0x1_0000_0000) | 1

export interface HostsOptions {
  /** p0f's order, pruning and u32 time arithmetic. */
  readonly exact: boolean
  readonly maxHosts: number
  readonly idleMinutes: number
}

export class Hosts {
  readonly maxHosts: number
  /** Hosts in the table. In modern mode idle ones count until they are replaced. */
  count = 0
  evicted = 0
  expired = 0
  /** Record words by host-record.ts. Replaced when p0f's pruning lets the table outgrow its limit. */
  hot: Int32Array
  cold: Int32Array
  hotFloat: Float64Array
  coldFloat: Float64Array
  /** p0f mode: called by a full table, before a host is pruned, to destroy 10 % of the flows. */
  onFull: () => void = () => {}
  readonly #exact: boolean
  readonly #idleSeconds: number
  #index: TaggedIndex
  #capacity: number
  /** Entries below were used once; above, never. */
  #fresh = 0
  /** p0f mode: head of the list of freed entries, linked by HOST_NEWER, -1 none. */
  #free = -1
  #hand = 0
  #oldest = -1
  #newest = -1
  readonly #m0 = randomOdd()
  readonly #m1 = randomOdd()
  readonly #m2 = randomOdd()
  readonly #m3 = randomOdd()
  readonly #m4 = randomOdd()

  constructor(options: HostsOptions) {
    this.#exact = options.exact
    this.maxHosts = options.maxHosts
    this.#idleSeconds = options.idleMinutes * 60
    // p0f checks `> max` before it inserts: one more fits.
    this.#capacity = options.exact ? options.maxHosts + 2 : options.maxHosts
    this.hot = new Int32Array(this.#capacity * HOT_WORDS)
    this.cold = new Int32Array(this.#capacity * COLD_WORDS)
    this.hotFloat = new Float64Array(this.hot.buffer)
    this.coldFloat = new Float64Array(this.cold.buffer)
    this.#index = new TaggedIndex(this.#capacity)
  }

  /** Hash of an address; IPv4 is word 0 with the others 0. */
  hash(a0: number, a1: number, a2: number, a3: number): number {
    let hash = Math.imul(a0, this.#m0)
    if ((a1 | a2 | a3) !== 0) {
      // Multilinear over 16-bit halves' worth of mixing: fold between words, or a difference in high bits would stay there.
      hash = Math.imul((hash ^ (hash >>> 15)) + a1, this.#m1)
      hash = Math.imul((hash ^ (hash >>> 15)) + a2, this.#m2)
      hash = Math.imul((hash ^ (hash >>> 15)) + a3, this.#m3)
    }
    hash ^= hash >>> 15
    hash = Math.imul(hash, this.#m4)
    return hash ^ (hash >>> 16)
  }

  /** Number of the host with this address, -1 when there is none. Refreshes nothing. */
  find(ver: number, a0: number, a1: number, a2: number, a3: number, hash: number): number {
    const { slots, mask } = this.#index
    const hot = this.hot
    const family = ver === 6 ? STATE_IPV6 : 0
    for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
      const entry = slots[at + 1]! - 1
      if (entry < 0) return -1
      if (slots[at] !== hash) continue
      const base = entry << HOT_SHIFT
      if (
        hot[base] === a0 &&
        hot[base + 1] === a1 &&
        hot[base + 2] === a2 &&
        hot[base + 3] === a3 &&
        (hot[base + HOST_STATE]! & STATE_IPV6) === family
      )
        return entry
    }
  }

  /** As `find`, for one who asks from outside: an idle host that only waits to be replaced is not there. */
  lookUp(ver: number, a0: number, a1: number, a2: number, a3: number, nowSec: number): number {
    const host = this.find(ver, a0, a1, a2, a3, this.hash(a0, a1, a2, a3))
    if (host < 0 || this.#exact) return host
    return ((nowSec - this.hot[(host << HOT_SHIFT) + HOST_LAST_SEEN]!) | 0) > this.#idleSeconds ? -1 : host
  }

  /** The host with this address, found and touched, or created. */
  obtain(ver: number, a0: number, a1: number, a2: number, a3: number, hash: number, nowSec: number): number {
    const host = this.find(ver, a0, a1, a2, a3, hash)
    if (host < 0) return this.#create(ver, a0, a1, a2, a3, hash, nowSec)
    const at = (host << HOT_SHIFT) + HOST_LAST_SEEN
    if (this.#exact) {
      if (host !== this.#newest) {
        this.#unlink(host)
        this.#linkNewest(host)
      }
    } else {
      if (((nowSec - this.hot[at]!) | 0) > this.#idleSeconds) {
        this.expired++
        this.#reset(host, ver, a0, a1, a2, a3, hash, nowSec)
        return host
      }
      this.hot[(host << HOT_SHIFT) + HOST_STATE]! |= STATE_REFERENCED
    }
    this.hot[at] = nowSec
    return host
  }

  /** Whether the entry still holds this address: in modern mode a host can be evicted under a flow. */
  holds(host: number, a0: number, a1: number, a2: number, a3: number): boolean {
    const base = host << HOT_SHIFT
    const hot = this.hot
    return hot[base] === a0 && hot[base + 1] === a1 && hot[base + 2] === a2 && hot[base + 3] === a3
  }

  /** First word of the cold record, zeroed when it is used for the first time. */
  coldOf(host: number): number {
    const at = (host << HOT_SHIFT) + HOST_STATE
    const base = host << COLD_SHIFT
    if ((this.hot[at]! & STATE_COLD) === 0) {
      this.hot[at]! |= STATE_COLD
      this.cold.fill(0, base, base + COLD_WORDS)
    }
    return base
  }

  hasCold(host: number): boolean {
    return (this.hot[(host << HOT_SHIFT) + HOST_STATE]! & STATE_COLD) !== 0
  }

  /** p0f mode: expire_cache's second half. A u32 difference: when time runs backwards everything unused goes (Appendix C 16). */
  expireAged(nowSec: number): void {
    const hot = this.hot
    let host = this.#oldest
    while (host >= 0 && (nowSec - hot[(host << HOT_SHIFT) + HOST_LAST_SEEN]!) >>> 0 > this.#idleSeconds) {
      const newer = hot[(host << HOT_SHIFT) + HOST_NEWER]!
      if (hot[(host << HOT_SHIFT) + HOST_USES] === 0) {
        this.expired++
        this.#destroy(host)
      }
      host = newer
    }
  }

  /** Calls `visit` for every host; for reloads and dumps, not per packet. */
  each(visit: (host: number) => void): void {
    for (let host = 0; host < this.#fresh; host++)
      if ((this.hot[(host << HOT_SHIFT) + HOST_STATE]! & STATE_LIVE) !== 0) visit(host)
  }

  #create(ver: number, a0: number, a1: number, a2: number, a3: number, hash: number, nowSec: number): number {
    const host = this.#exact ? this.#takeAged() : this.#takeClock()
    this.#index.insert(hash, host)
    this.#reset(host, ver, a0, a1, a2, a3, hash, nowSec)
    this.count++
    if (this.#exact) this.#linkNewest(host)
    return host
  }

  #reset(
    host: number,
    ver: number,
    a0: number,
    a1: number,
    a2: number,
    a3: number,
    hash: number,
    nowSec: number
  ): void {
    const hot = this.hot
    const base = host << HOT_SHIFT
    hot[base] = a0
    hot[base + 1] = a1
    hot[base + 2] = a2
    hot[base + 3] = a3
    hot[base + HOST_HASH] = hash
    hot[base + HOST_LAST_SEEN] = nowSec
    hot[base + HOST_FIRST_SEEN] = nowSec
    for (let at = base + HOST_TOTAL_CONN; at < base + HOT_WORDS; at++) hot[at] = 0
    hot[base + HOST_STATE] = ver === 6 ? STATE_LIVE | STATE_IPV6 : STATE_LIVE
    hot[base + HOST_UPTIME] = -1
    hot[base + HOST_DISTANCE] = DISTANCE_UNKNOWN
  }

  /** Advances the hand past hosts that were seen since it came by last. A new host starts without that chance: floods wash over. */
  #takeClock(): number {
    if (this.#fresh < this.#capacity) return this.#fresh++
    const hot = this.hot
    let hand = this.#hand
    let at = (hand << HOT_SHIFT) + HOST_STATE
    while ((hot[at]! & STATE_REFERENCED) !== 0) {
      hot[at]! &= ~STATE_REFERENCED
      hand = hand + 1 === this.#capacity ? 0 : hand + 1
      at = (hand << HOT_SHIFT) + HOST_STATE
    }
    this.#hand = hand + 1 === this.#capacity ? 0 : hand + 1
    this.#index.remove(hot[(hand << HOT_SHIFT) + HOST_HASH]!, hand)
    this.evicted++
    this.count--
    return hand
  }

  #takeAged(): number {
    if (this.count > this.maxHosts) {
      this.onFull()
      if (this.#oldest >= 0 && this.hot[(this.#oldest << HOT_SHIFT) + HOST_USES] === 0) {
        this.evicted++
        this.#destroy(this.#oldest)
      }
    }
    if (this.#free < 0 && this.#fresh === this.#capacity) this.#grow()
    if (this.#free < 0) return this.#fresh++
    const host = this.#free
    this.#free = this.hot[(host << HOT_SHIFT) + HOST_NEWER]!
    return host
  }

  /**
   * A pruning that finds the oldest host in use removes nobody, and p0f's table grows by one. It takes a limit of few hosts and
   * many flows; the slab doubles then.
   */
  #grow(): void {
    const capacity = this.#capacity * 2
    const hot = new Int32Array(capacity * HOT_WORDS)
    const cold = new Int32Array(capacity * COLD_WORDS)
    hot.set(this.hot)
    cold.set(this.cold)
    this.hot = hot
    this.cold = cold
    this.hotFloat = new Float64Array(hot.buffer)
    this.coldFloat = new Float64Array(cold.buffer)
    this.#index = new TaggedIndex(capacity)
    for (let host = 0; host < this.#capacity; host++) this.#index.insert(hot[(host << HOT_SHIFT) + HOST_HASH]!, host)
    this.#capacity = capacity
  }

  #destroy(host: number): void {
    const base = host << HOT_SHIFT
    this.#unlink(host)
    this.#index.remove(this.hot[base + HOST_HASH]!, host)
    this.hot[base + HOST_STATE] = 0
    this.hot[base + HOST_NEWER] = this.#free
    this.#free = host
    this.count--
  }

  #linkNewest(host: number): void {
    const hot = this.hot
    const base = host << HOT_SHIFT
    hot[base + HOST_NEWER] = -1
    hot[base + HOST_OLDER] = this.#newest
    if (this.#newest < 0) this.#oldest = host
    else hot[(this.#newest << HOT_SHIFT) + HOST_NEWER] = host
    this.#newest = host
  }

  #unlink(host: number): void {
    const hot = this.hot
    const base = host << HOT_SHIFT
    const newer = hot[base + HOST_NEWER]!
    const older = hot[base + HOST_OLDER]!
    if (newer < 0) this.#newest = older
    else hot[(newer << HOT_SHIFT) + HOST_OLDER] = older
    if (older < 0) this.#oldest = newer
    else hot[(older << HOT_SHIFT) + HOST_NEWER] = newer
  }
}
