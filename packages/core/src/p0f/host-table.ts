/**
 * Host list: p0f's order (process.c: touch_host, nuke_hosts, expire_cache). A list by age, use counts of
 * flows, and a pruning that walks the list the wrong way and so removes at most one host (docs/p0f-differences.md, 6).
 */
import type { AddressKey } from "../history/hosts/address-key.ts"
import { HOST_LAST_SEEN, HOST_STATE, HOT_SHIFT } from "../history/hosts/host-record.ts"
import { COLD_WORDS, type HostLimits, Hosts, HOT_WORDS } from "../history/hosts/hosts.ts"
import { ChainedIndex } from "../collections/chained-index.ts"

export class P0fHostTable extends Hosts {
  /** Called by a full table, before a host is pruned, to destroy 10 % of the flows. */
  onFull: () => void = () => {}
  private readonly maxHosts: number
  private index: ChainedIndex
  private warmed = 0
  /** Flows that use a host. */
  uses: Int32Array
  // The list from oldest to newest, and that of freed entries, linked by `newer`; -1 ends both.
  private older: Int32Array
  private newer: Int32Array
  private free = -1
  private oldest = -1
  private newest = -1

  /** p0f checks `> max` before it inserts: one more fits. */
  constructor(limits: HostLimits) {
    super(limits.maxHosts + 1, limits.idleMinutes)
    this.index = new ChainedIndex(this.capacity)
    this.maxHosts = limits.maxHosts
    this.uses = new Int32Array(this.capacity)
    this.older = new Int32Array(this.capacity)
    this.newer = new Int32Array(this.capacity)
  }

  override obtain(key: AddressKey, nowSec: number): number {
    const known = this.find(key)
    if (known >= 0) {
      this.touch(known, nowSec)
      return known
    }
    const host = this.take()
    this.index.insert(key.hash, host)
    this.reset(host, key, nowSec)
    this.uses[host] = 0
    this.linkNewest(host)
    this.count++
    return host
  }

  override find(key: AddressKey): number {
    const { index } = this
    const { hash } = key
    for (let host = index.first(hash); host >= 0; host = index.next(host))
      if (index.hashes[host] === hash && this.holds(host, key)) return host
    return -1
  }

  override warm(hash: number): void {
    this.warmed = (this.warmed + this.index.first(hash)) | 0
  }

  override touch(host: number, nowSec: number): boolean {
    if (host !== this.newest) {
      this.unlink(host)
      this.linkNewest(host)
    }
    this.hot[(host << HOT_SHIFT) + HOST_LAST_SEEN] = nowSec
    return true
  }

  override isKept(): boolean {
    return true
  }

  /** A u32 difference: when time runs backwards everything unused goes (docs/p0f-differences.md, 16). */
  override expire(nowSec: number): void {
    const { hot } = this
    let host = this.oldest
    while (host >= 0 && (nowSec - hot[(host << HOT_SHIFT) + HOST_LAST_SEEN]!) >>> 0 > this.idleSeconds) {
      const newer = this.newer[host]!
      if (this.uses[host] === 0) {
        this.expired++
        this.destroy(host)
      }
      host = newer
    }
  }

  private take(): number {
    if (this.count > this.maxHosts) {
      this.onFull()
      if (this.oldest >= 0 && this.uses[this.oldest] === 0) {
        this.evicted++
        this.destroy(this.oldest)
      }
    }
    const host = this.free
    if (host >= 0) {
      this.free = this.newer[host]!
      return host
    }
    if (this.fresh === this.capacity) this.grow()
    return this.fresh++
  }

  /**
   * A pruning that finds the oldest host in use removes nobody, and p0f's table grows by one. It takes a limit of few hosts and
   * many flows; the slab doubles then.
   */
  private grow(): void {
    const capacity = this.capacity * 2
    const grown = (words: Int32Array, length: number): Int32Array => {
      const array = new Int32Array(length)
      array.set(words)
      return array
    }
    this.hot = grown(this.hot, capacity * HOT_WORDS)
    this.cold = grown(this.cold, capacity * COLD_WORDS)
    this.hotFloat = new Float64Array(this.hot.buffer)
    this.coldFloat = new Float64Array(this.cold.buffer)
    this.uses = grown(this.uses, capacity)
    this.older = grown(this.older, capacity)
    this.newer = grown(this.newer, capacity)
    const { hashes } = this.index
    this.index = new ChainedIndex(capacity)
    for (let host = 0; host < this.capacity; host++) this.index.insert(hashes[host]!, host)
    this.capacity = capacity
  }

  private destroy(host: number): void {
    this.unlink(host)
    this.index.remove(host)
    this.hot[(host << HOT_SHIFT) + HOST_STATE] = 0
    this.newer[host] = this.free
    this.free = host
    this.count--
  }

  private linkNewest(host: number): void {
    this.newer[host] = -1
    this.older[host] = this.newest
    if (this.newest < 0) this.oldest = host
    else this.newer[this.newest] = host
    this.newest = host
  }

  private unlink(host: number): void {
    const newer = this.newer[host]!
    const older = this.older[host]!
    if (newer < 0) this.newest = older
    else this.older[newer] = older
    if (older < 0) this.oldest = newer
    else this.newer[older] = newer
  }
}
