/**
 * Hosts: history by address in a fixed slab, with no object per entry (p0f's process.c: lookup_host, create_host, touch_host,
 * nuke_hosts, expire_cache).
 *
 * Two orders: clock-host-table.ts for modern mode, p0f/host-table.ts for p0f's.
 */
import { AddressKey } from "./address-key.ts"
import {
  COLD_SHIFT,
  COLD_UPTIME,
  DISTANCE_SHIFT,
  DISTANCE_UNKNOWN,
  HOST_FIRST_SEEN,
  HOST_LAST_SEEN,
  HOST_LINK,
  HOST_STATE,
  HOST_TOTAL_CONN,
  HOT_SHIFT,
  STATE_COLD,
  STATE_IPV6,
  STATE_LIVE
} from "./host-record.ts"
import { isKeptByNetwork } from "../../address/network-prefix.ts"
import type { HostSlabs } from "./shared-hosts.ts"

export const HOT_WORDS: number = 1 << HOT_SHIFT
export const COLD_WORDS: number = 1 << COLD_SHIFT

/** The first float64 of a record's second half. */
const ZEROED_PAIR = 4

/** An odd random int32: multipliers that no sender knows, so that addresses can't be chosen to collide. */
const randomOdd = (): number => (Math.random() * 0x1_0000_0000) | 1

const floats = (words: Int32Array): Float64Array => new Float64Array(words.buffer, words.byteOffset, words.length >> 1)

export interface HostLimits {
  readonly maxHosts: number
  readonly idleMinutes: number
}

export abstract class Hosts {
  /** Modern mode: IPv6 clients of one network are one host (network-prefix.ts). */
  byNetwork = false
  /** Hosts in the table. In modern mode idle ones count until they are replaced. */
  count = 0
  evicted = 0
  expired = 0
  /** Record words by host-record.ts. Replaced when p0f's pruning lets the table outgrow its limit. */
  hot: Int32Array
  cold: Int32Array
  hotFloat: Float64Array
  coldFloat: Float64Array
  protected capacity: number
  protected readonly idleSeconds: number
  /** Entries from here on were never used. */
  protected fresh = 0
  private readonly m0: number
  private readonly m1: number
  private readonly m2: number
  private readonly m3: number
  private readonly m4: number
  /** The address that `lookUp` is asked about. */
  private readonly asked = new AddressKey()

  /** `slabs`: memory that others use too. */
  constructor(capacity: number, idleMinutes: number, slabs?: HostSlabs) {
    this.capacity = capacity
    this.idleSeconds = idleMinutes * 60
    this.hot = slabs?.hot ?? new Int32Array(capacity * HOT_WORDS)
    this.cold = slabs?.cold ?? new Int32Array(capacity * COLD_WORDS)
    this.hotFloat = floats(this.hot)
    this.coldFloat = floats(this.cold)
    this.m0 = slabs?.seeds[0] ?? randomOdd()
    this.m1 = slabs?.seeds[1] ?? randomOdd()
    this.m2 = slabs?.seeds[2] ?? randomOdd()
    this.m3 = slabs?.seeds[3] ?? randomOdd()
    this.m4 = slabs?.seeds[4] ?? randomOdd()
  }

  /** The host with this address, found and touched, or created. */
  abstract obtain(key: AddressKey, nowSec: number): number
  /** Number of the host with this address, -1 when there is none. Refreshes nothing. */
  abstract find(key: AddressKey): number
  /**
   * Reads where a host will be looked for, so that the cache line is there by then, while the fingerprint is worked on: 3 % of a SYN. The
   * sum that it is added to only keeps the read from being optimised away.
   */
  abstract warm(hash: number): void
  /** As `obtain` for a host that is known to be there; false when it must be obtained after all. */
  abstract touch(host: number, nowSec: number): boolean
  /** True if an external query (p0f API) may see this host. */
  abstract isKept(host: number, nowSec: number): boolean
  /** Removes hosts that were idle too long. */
  abstract expire(nowSec: number): void

  /** Hash of an address; IPv4 is word 0 with the others 0. */
  hash(a0: number, a1: number, a2: number, a3: number): number {
    let hash = Math.imul(a0, this.m0)
    if ((a1 | a2 | a3) !== 0) {
      // Fold between words, or a difference in the high bits of one would stay there.
      hash = Math.imul((hash ^ (hash >>> 15)) + a1, this.m1)
      hash = Math.imul((hash ^ (hash >>> 15)) + a2, this.m2)
      hash = Math.imul((hash ^ (hash >>> 15)) + a3, this.m3)
    }
    hash ^= hash >>> 15
    hash = Math.imul(hash, this.m4)
    return hash ^ (hash >>> 16)
  }

  setHash(key: AddressKey): void {
    key.hash = this.hash(key.word0, key.word1, key.word2, key.word3)
  }

  /** Narrows the address of a client to the network that it is kept by; false, and it stays as it is, if it is kept by address. */
  narrow(key: AddressKey): boolean {
    if (!this.byNetwork || !isKeptByNetwork(key.ver, key.word0)) return false
    key.word2 = 0
    key.word3 = 0
    return true
  }

  /** As `find`, for one who asks from outside: a client's network is asked about before the address, which can be that of a server. */
  lookUp(ver: number, a0: number, a1: number, a2: number, a3: number, nowSec: number): number {
    if (this.byNetwork && isKeptByNetwork(ver, a0) && (a2 | a3) !== 0) {
      const network = this.lookUp(ver, a0, a1, 0, 0, nowSec)
      if (network >= 0) return network
    }
    const { asked } = this
    asked.set(ver, a0, a1, a2, a3)
    this.setHash(asked)
    const host = this.find(asked)
    return host < 0 || !this.isKept(host, nowSec) ? -1 : host
  }

  /** True if the entry is still the host with this address: a host can be evicted while its number is remembered elsewhere. */
  holds(host: number, key: AddressKey): boolean {
    const base = host << HOT_SHIFT
    const { hot } = this
    const live = key.ver === 6 ? STATE_LIVE | STATE_IPV6 : STATE_LIVE
    return (
      hot[base] === key.word0 &&
      hot[base + 1] === key.word1 &&
      hot[base + 2] === key.word2 &&
      hot[base + 3] === key.word3 &&
      (hot[base + HOST_STATE]! & (STATE_LIVE | STATE_IPV6)) === live
    )
  }

  /** First word of the cold record, zeroed when it is used for the first time. */
  coldOf(host: number): number {
    const at = (host << HOT_SHIFT) + HOST_STATE
    const base = host << COLD_SHIFT
    if ((this.hot[at]! & STATE_COLD) === 0) {
      this.hot[at]! |= STATE_COLD
      // A loop: the words are too few for a call of `fill`.
      for (let word = base; word < base + COLD_WORDS; word++) this.cold[word] = 0
      this.cold[base + COLD_UPTIME] = -1
    }
    return base
  }

  hasCold(host: number): boolean {
    return (this.hot[(host << HOT_SHIFT) + HOST_STATE]! & STATE_COLD) !== 0
  }

  /** Calls `visit` for every host; for reloads and dumps, not per packet. */
  each(visit: (host: number) => void): void {
    for (let host = 0; host < this.fresh; host++)
      if ((this.hot[(host << HOT_SHIFT) + HOST_STATE]! & STATE_LIVE) !== 0) visit(host)
  }

  protected reset(host: number, key: AddressKey, nowSec: number): void {
    const { hot } = this
    const base = host << HOT_SHIFT
    hot[base] = key.word0
    hot[base + 1] = key.word1
    hot[base + 2] = key.word2
    hot[base + 3] = key.word3
    hot[base + HOST_LINK] = DISTANCE_UNKNOWN << DISTANCE_SHIFT
    hot[base + HOST_LAST_SEEN] = nowSec
    hot[base + HOST_FIRST_SEEN] = nowSec
    hot[base + HOST_TOTAL_CONN] = 0
    // Words 8 to 15, two at a time: a loop over words made a new host a tenth dearer.
    const { hotFloat } = this
    const pair = (base >> 1) + ZEROED_PAIR
    hotFloat[pair] = 0
    hotFloat[pair + 1] = 0
    hotFloat[pair + 2] = 0
    hotFloat[pair + 3] = 0
    hot[base + HOST_STATE] = key.ver === 6 ? STATE_LIVE | STATE_IPV6 : STATE_LIVE
  }
}
