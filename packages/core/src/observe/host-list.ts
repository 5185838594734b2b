/**
 * Host list: p0f's order (process.c: touch_host, nuke_hosts, expire_cache; specs p0f.md §8.2, §8.4). A list by age, use counts of
 * flows, and a pruning that walks the list the wrong way and so removes at most one host (Appendix C 6).
 */
import { HOST_HASH, HOST_LAST_SEEN, HOST_NEWER, HOST_OLDER, HOST_STATE, HOST_USES, HOT_SHIFT } from "./host-record.ts"
import { COLD_WORDS, type HostLimits, Hosts, HOT_WORDS } from "./hosts.ts"
import { TaggedIndex } from "./tagged-index.ts"

export class HostList extends Hosts {
  /** Called by a full table, before a host is pruned, to destroy 10 % of the flows. */
  onFull: () => void = () => {}
  private readonly maxHosts: number
  /** Head of the list of freed entries, linked by HOST_NEWER, -1 none. */
  private free = -1
  private oldest = -1
  private newest = -1

  /** p0f checks `> max` before it inserts: one more fits. */
  constructor(limits: HostLimits) {
    super(limits.maxHosts + 1, limits.idleMinutes, new TaggedIndex(limits.maxHosts + 1))
    this.maxHosts = limits.maxHosts
  }

  override obtain(ver: number, a0: number, a1: number, a2: number, a3: number, hash: number, nowSec: number): number {
    const known = this.find(ver, a0, a1, a2, a3, hash)
    if (known >= 0) {
      this.touch(known, nowSec)
      return known
    }
    const host = this.take()
    this.index.insert(hash, host)
    this.reset(host, ver, a0, a1, a2, a3, hash, nowSec)
    this.linkNewest(host)
    this.count++
    return host
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

  /** A u32 difference: when time runs backwards everything unused goes (Appendix C 16). */
  override expire(nowSec: number): void {
    const { hot } = this
    let host = this.oldest
    while (host >= 0 && (nowSec - hot[(host << HOT_SHIFT) + HOST_LAST_SEEN]!) >>> 0 > this.idleSeconds) {
      const newer = hot[(host << HOT_SHIFT) + HOST_NEWER]!
      if (hot[(host << HOT_SHIFT) + HOST_USES] === 0) {
        this.expired++
        this.destroy(host)
      }
      host = newer
    }
  }

  private take(): number {
    if (this.count > this.maxHosts) {
      this.onFull()
      if (this.oldest >= 0 && this.hot[(this.oldest << HOT_SHIFT) + HOST_USES] === 0) {
        this.evicted++
        this.destroy(this.oldest)
      }
    }
    const host = this.free
    if (host >= 0) {
      this.free = this.hot[(host << HOT_SHIFT) + HOST_NEWER]!
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
    const hot = new Int32Array(capacity * HOT_WORDS)
    const cold = new Int32Array(capacity * COLD_WORDS)
    hot.set(this.hot)
    cold.set(this.cold)
    this.hot = hot
    this.cold = cold
    this.hotFloat = new Float64Array(hot.buffer)
    this.coldFloat = new Float64Array(cold.buffer)
    this.index = new TaggedIndex(capacity)
    for (let host = 0; host < this.capacity; host++) this.index.insert(hot[(host << HOT_SHIFT) + HOST_HASH]!, host)
    this.capacity = capacity
  }

  private destroy(host: number): void {
    const base = host << HOT_SHIFT
    this.unlink(host)
    this.index.remove(this.hot[base + HOST_HASH]!, host)
    this.hot[base + HOST_STATE] = 0
    this.hot[base + HOST_NEWER] = this.free
    this.free = host
    this.count--
  }

  private linkNewest(host: number): void {
    const { hot } = this
    const base = host << HOT_SHIFT
    hot[base + HOST_NEWER] = -1
    hot[base + HOST_OLDER] = this.newest
    if (this.newest < 0) this.oldest = host
    else hot[(this.newest << HOT_SHIFT) + HOST_NEWER] = host
    this.newest = host
  }

  private unlink(host: number): void {
    const { hot } = this
    const base = host << HOT_SHIFT
    const newer = hot[base + HOST_NEWER]!
    const older = hot[base + HOST_OLDER]!
    if (newer < 0) this.newest = older
    else hot[(newer << HOT_SHIFT) + HOST_OLDER] = older
    if (older < 0) this.oldest = newer
    else hot[(older << HOT_SHIFT) + HOST_NEWER] = newer
  }
}
