/**
 * Flows: connections in progress, in a fixed slab (p0f's process.c: lookup_flow, create_flow_from_syn, nuke_flows, expire_cache).
 *
 * A flow is found by its 4-tuple in either orientation. Modern mode: a ring, in which the flow of this SYN takes the place of the one
 * `maxFlows` SYNs ago. p0f mode: p0f's age list, which admits one more than the limit and then destroys the oldest 10 % and one.
 */
import type { Packet } from "../packet/packet.ts"
import { FlowData } from "./flow-data.ts"
import {
  FLOW_CLIENT,
  FLOW_COLD_SHIFT,
  FLOW_CREATED,
  FLOW_DIRTY,
  FLOW_HASH,
  FLOW_IPV6,
  FLOW_LIVE,
  FLOW_NEXT_CLIENT_SEQ,
  FLOW_NEXT_SERVER_SEQ,
  FLOW_PORTS,
  FLOW_REQUEST,
  FLOW_RESPONSE,
  FLOW_SERVER,
  FLOW_SHIFT,
  FLOW_STATE
} from "./flow-record.ts"
import { HOST_USES, HOT_SHIFT } from "./host-record.ts"
import type { Hosts } from "./hosts.ts"
import { TaggedIndex } from "./tagged-index.ts"

/** p0f's KILL_PERCENT. */
const KILL_PERCENT = 10
/** Modern mode: 34 MB of HTTP at most, whatever the number of flows. */
const MODERN_DATA_SLOTS = 4096

export interface FlowsOptions {
  readonly exact: boolean
  readonly maxFlows: number
  readonly ageSeconds: number
  readonly hosts: Hosts
}

export class Flows {
  /** Record words by flow-record.ts. */
  readonly hot: Int32Array
  readonly cold: Int32Array
  readonly data: FlowData
  readonly maxFlows: number
  count = 0
  evicted = 0
  expired = 0
  readonly #exact: boolean
  readonly #ageSeconds: number
  readonly #hosts: Hosts
  readonly #index: TaggedIndex
  readonly #capacity: number
  /** Modern mode: the next place of the ring. p0f mode: entries below were used once. */
  #next = 0
  /** Modern mode: the `#span` places from here to `#next` may hold flows. */
  #tail = 0
  #span = 0
  // p0f mode: the age list, oldest to newest, and the list of freed entries, linked by `newer`; -1 ends both.
  readonly #older: Int32Array
  readonly #newer: Int32Array
  #oldest = -1
  #newest = -1
  #free = -1

  constructor(options: FlowsOptions) {
    const { exact, maxFlows } = options
    this.#exact = exact
    this.maxFlows = maxFlows
    this.#ageSeconds = options.ageSeconds
    this.#hosts = options.hosts
    this.#capacity = exact ? maxFlows + 1 : maxFlows
    this.hot = new Int32Array(this.#capacity << FLOW_SHIFT)
    this.cold = new Int32Array(this.#capacity << FLOW_COLD_SHIFT)
    this.#older = new Int32Array(exact ? this.#capacity : 0)
    this.#newer = new Int32Array(exact ? this.#capacity : 0)
    this.#index = new TaggedIndex(this.#capacity)
    this.data = new FlowData(exact ? this.#capacity * 2 : Math.min(this.#capacity * 2, MODERN_DATA_SLOTS))
  }

  /** Hash of a 4-tuple, equal in both orientations; `source` and `destination` are Hosts.hash of the addresses. */
  hash(source: number, destination: number, sport: number, dport: number): number {
    let from = Math.imul(source + sport, 0x9e3779b1)
    let to = Math.imul(destination + dport, 0x9e3779b1)
    from ^= from >>> 15
    to ^= to >>> 15
    const sum = Math.imul((from + to) | 0, 0x85ebca6b)
    return sum ^ (sum >>> 13)
  }

  /** `flow << 1 | (the packet goes to the server)`, -1 for no flow. The client's orientation is tried first, as p0f does. */
  find(packet: Packet, hash: number): number {
    const { slots, mask } = this.#index
    for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
      const flow = slots[at + 1]! - 1
      if (flow < 0) return -1
      if (slots[at] !== hash) continue
      if (this.#isFrom(packet, flow)) return (flow << 1) | 1
      if (this.#isTo(packet, flow)) return flow << 1
    }
  }

  #isFrom(packet: Packet, flow: number): boolean {
    const { hot } = this
    const base = flow << FLOW_SHIFT
    return (
      hot[base + FLOW_PORTS] === ((packet.sport << 16) | packet.dport) &&
      hot[base] === packet.src0 &&
      hot[base + 1] === packet.src1 &&
      hot[base + 2] === packet.src2 &&
      hot[base + 3] === packet.src3 &&
      hot[base + 4] === packet.dst0 &&
      hot[base + 5] === packet.dst1 &&
      hot[base + 6] === packet.dst2 &&
      hot[base + 7] === packet.dst3 &&
      (hot[base + FLOW_STATE]! & FLOW_IPV6) === (packet.ver === 6 ? FLOW_IPV6 : 0)
    )
  }

  #isTo(packet: Packet, flow: number): boolean {
    const { hot } = this
    const base = flow << FLOW_SHIFT
    return (
      hot[base + FLOW_PORTS] === ((packet.dport << 16) | packet.sport) &&
      hot[base] === packet.dst0 &&
      hot[base + 1] === packet.dst1 &&
      hot[base + 2] === packet.dst2 &&
      hot[base + 3] === packet.dst3 &&
      hot[base + 4] === packet.src0 &&
      hot[base + 5] === packet.src1 &&
      hot[base + 6] === packet.src2 &&
      hot[base + 7] === packet.src3 &&
      (hot[base + FLOW_STATE]! & FLOW_IPV6) === (packet.ver === 6 ? FLOW_IPV6 : 0)
    )
  }

  /** Makes room for one more: before the hosts of a new flow are looked up, as p0f does. */
  makeRoom(): void {
    if (this.#exact) {
      if (this.count > this.maxFlows) this.destroyOldestTenth()
    } else if ((this.hot[(this.#next << FLOW_SHIFT) + FLOW_STATE]! & FLOW_LIVE) !== 0) {
      this.evicted++
      this.destroy(this.#next)
    }
  }

  /** p0f's nuke_flows. */
  destroyOldestTenth(): void {
    let kill = 1 + Math.trunc((this.count * KILL_PERCENT) / 100)
    while (kill-- > 0 && this.#oldest >= 0) {
      this.evicted++
      this.destroy(this.#oldest)
    }
  }

  /** After `makeRoom`. */
  create(packet: Packet, hash: number, client: number, server: number, nowSec: number): number {
    const { hot } = this
    const flow = this.#exact ? this.#takeNewest() : this.#next
    if (!this.#exact) {
      this.#next = flow + 1 === this.#capacity ? 0 : flow + 1
      if (this.#span === this.#capacity) this.#tail = this.#next
      else this.#span++
    }
    const base = flow << FLOW_SHIFT
    hot[base] = packet.src0
    hot[base + 1] = packet.src1
    hot[base + 2] = packet.src2
    hot[base + 3] = packet.src3
    hot[base + 4] = packet.dst0
    hot[base + 5] = packet.dst1
    hot[base + 6] = packet.dst2
    hot[base + 7] = packet.dst3
    hot[base + FLOW_PORTS] = (packet.sport << 16) | packet.dport
    hot[base + FLOW_HASH] = hash
    hot[base + FLOW_CLIENT] = client
    hot[base + FLOW_SERVER] = server
    hot[base + FLOW_CREATED] = nowSec
    hot[base + FLOW_NEXT_CLIENT_SEQ] = packet.seq + 1
    hot[base + FLOW_NEXT_SERVER_SEQ] = 0
    hot[base + FLOW_STATE] = packet.ver === 6 ? FLOW_LIVE | FLOW_IPV6 : FLOW_LIVE
    if (this.#exact) {
      this.#hosts.hot[(client << HOT_SHIFT) + HOST_USES]!++
      this.#hosts.hot[(server << HOT_SHIFT) + HOST_USES]!++
    }
    this.#index.insert(hash, flow)
    this.count++
    return flow
  }

  destroy(flow: number): void {
    const { hot } = this
    const base = flow << FLOW_SHIFT
    if ((hot[base + FLOW_STATE]! & FLOW_DIRTY) !== 0) this.#clean(flow)
    this.#index.remove(hot[base + FLOW_HASH]!, flow)
    hot[base + FLOW_STATE] = 0
    this.count--
    if (!this.#exact) return
    this.#hosts.hot[(hot[base + FLOW_CLIENT]! << HOT_SHIFT) + HOST_USES]!--
    this.#hosts.hot[(hot[base + FLOW_SERVER]! << HOT_SHIFT) + HOST_USES]!--
    const older = this.#older[flow]!
    const newer = this.#newer[flow]!
    if (older < 0) this.#oldest = newer
    else this.#newer[older] = newer
    if (newer < 0) this.#newest = older
    else this.#older[newer] = older
    this.#newer[flow] = this.#free
    this.#free = flow
  }

  destroyAll(): void {
    for (let flow = 0; flow < this.#capacity; flow++)
      if ((this.hot[(flow << FLOW_SHIFT) + FLOW_STATE]! & FLOW_LIVE) !== 0) this.destroy(flow)
  }

  /** First cold word of a flow, about to be written. */
  coldOf(flow: number): number {
    this.hot[(flow << FLOW_SHIFT) + FLOW_STATE]! |= FLOW_DIRTY
    return flow << FLOW_COLD_SHIFT
  }

  /**
   * Destroys flows older than the limit, oldest first. p0f's difference is a u32: a flow from the future is very old (Appendix C
   * 16); modern mode lets it wait.
   */
  expire(nowSec: number): void {
    const { hot } = this
    if (this.#exact) {
      while (this.#oldest >= 0) {
        if ((nowSec - hot[(this.#oldest << FLOW_SHIFT) + FLOW_CREATED]!) >>> 0 <= this.#ageSeconds) return
        this.expired++
        this.destroy(this.#oldest)
      }
      return
    }
    while (this.#span > 0) {
      const base = this.#tail << FLOW_SHIFT
      if ((hot[base + FLOW_STATE]! & FLOW_LIVE) !== 0) {
        if (((nowSec - hot[base + FLOW_CREATED]!) | 0) <= this.#ageSeconds) return
        this.expired++
        this.destroy(this.#tail)
      }
      this.#tail = this.#tail + 1 === this.#capacity ? 0 : this.#tail + 1
      this.#span--
    }
  }

  #takeNewest(): number {
    let flow = this.#free
    if (flow < 0) flow = this.#next++
    else this.#free = this.#newer[flow]!
    this.#older[flow] = this.#newest
    this.#newer[flow] = -1
    if (this.#newest < 0) this.#oldest = flow
    else this.#newer[this.#newest] = flow
    this.#newest = flow
    return flow
  }

  #clean(flow: number): void {
    const { cold } = this
    const base = flow << FLOW_COLD_SHIFT
    if (cold[base + FLOW_REQUEST] !== 0) this.data.release(cold[base + FLOW_REQUEST]! - 1)
    if (cold[base + FLOW_RESPONSE] !== 0) this.data.release(cold[base + FLOW_RESPONSE]! - 1)
    cold.fill(0, base, base + (1 << FLOW_COLD_SHIFT))
  }
}
