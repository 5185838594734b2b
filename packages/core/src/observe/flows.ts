/**
 * Flows: connections in progress, in a fixed slab in order of creation (p0f's process.c: lookup_flow, create_flow_from_syn,
 * nuke_flows, expire_cache).
 *
 * A flow is found by its 4-tuple in either orientation. p0f admits one more than the limit, then destroys the oldest 10 % and
 * one; modern mode destroys the oldest.
 */
import type { Packet } from "../packet/packet.ts"
import { FlowData } from "./flow-data.ts"
import { HOST_USES, HOT_SHIFT } from "./host-record.ts"
import type { Hosts } from "./hosts.ts"
import { TaggedIndex } from "./tagged-index.ts"
import {
  FLOW_CLIENT,
  FLOW_CREATED,
  FLOW_HASH,
  FLOW_IPV6,
  FLOW_NEWER,
  FLOW_NEXT_CLIENT_SEQ,
  FLOW_OLDER,
  FLOW_PORTS,
  FLOW_REQUEST,
  FLOW_RESPONSE,
  FLOW_SERVER,
  FLOW_STATE,
  FLOW_WORDS
} from "./flow-record.ts"

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
  readonly words: Int32Array
  readonly data: FlowData
  readonly maxFlows: number
  count = 0
  evicted = 0
  expired = 0
  readonly #exact: boolean
  readonly #ageSeconds: number
  readonly #hosts: Hosts
  readonly #index: TaggedIndex
  #oldest = -1
  #newest = -1
  #fresh = 0
  #free = -1

  constructor(options: FlowsOptions) {
    this.#exact = options.exact
    this.maxFlows = options.maxFlows
    this.#ageSeconds = options.ageSeconds
    this.#hosts = options.hosts
    const capacity = options.maxFlows + 1
    this.words = new Int32Array(capacity * FLOW_WORDS)
    this.#index = new TaggedIndex(capacity)
    this.data = new FlowData(options.exact ? capacity * 2 : Math.min(capacity * 2, MODERN_DATA_SLOTS))
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
    const { words } = this
    const forward = (packet.sport << 16) | packet.dport
    const backward = (packet.dport << 16) | packet.sport
    const family = packet.ver === 6 ? FLOW_IPV6 : 0
    for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
      const flow = slots[at + 1]! - 1
      if (flow < 0) return -1
      if (slots[at] !== hash) continue
      const base = flow * FLOW_WORDS
      if ((words[base + FLOW_STATE]! & FLOW_IPV6) !== family) continue
      const ports = words[base + FLOW_PORTS]!
      if (
        ports === forward &&
        words[base] === packet.src0 &&
        words[base + 1] === packet.src1 &&
        words[base + 2] === packet.src2 &&
        words[base + 3] === packet.src3 &&
        words[base + 4] === packet.dst0 &&
        words[base + 5] === packet.dst1 &&
        words[base + 6] === packet.dst2 &&
        words[base + 7] === packet.dst3
      )
        return (flow << 1) | 1
      if (
        ports === backward &&
        words[base] === packet.dst0 &&
        words[base + 1] === packet.dst1 &&
        words[base + 2] === packet.dst2 &&
        words[base + 3] === packet.dst3 &&
        words[base + 4] === packet.src0 &&
        words[base + 5] === packet.src1 &&
        words[base + 6] === packet.src2 &&
        words[base + 7] === packet.src3
      )
        return flow << 1
    }
  }

  /** Makes room for one more: before the hosts of a new flow are looked up, as p0f does. */
  makeRoom(): void {
    if (this.#exact) {
      if (this.count > this.maxFlows) this.destroyOldestTenth()
    } else if (this.count >= this.maxFlows) {
      this.evicted++
      this.destroy(this.#oldest)
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

  create(packet: Packet, hash: number, client: number, server: number, nowSec: number): number {
    const { words } = this
    let flow = this.#free
    if (flow < 0) flow = this.#fresh++
    else this.#free = words[flow * FLOW_WORDS + FLOW_NEWER]!
    const base = flow * FLOW_WORDS
    words[base] = packet.src0
    words[base + 1] = packet.src1
    words[base + 2] = packet.src2
    words[base + 3] = packet.src3
    words[base + 4] = packet.dst0
    words[base + 5] = packet.dst1
    words[base + 6] = packet.dst2
    words[base + 7] = packet.dst3
    words[base + FLOW_PORTS] = (packet.sport << 16) | packet.dport
    words[base + FLOW_HASH] = hash
    words[base + FLOW_CLIENT] = client
    words[base + FLOW_SERVER] = server
    words[base + FLOW_CREATED] = nowSec
    words[base + FLOW_NEXT_CLIENT_SEQ] = packet.seq + 1
    for (let at = base + FLOW_NEXT_CLIENT_SEQ + 1; at < base + FLOW_WORDS; at++) words[at] = 0
    if (packet.ver === 6) words[base + FLOW_STATE] = FLOW_IPV6
    words[base + FLOW_OLDER] = this.#newest
    words[base + FLOW_NEWER] = -1
    if (this.#newest < 0) this.#oldest = flow
    else words[this.#newest * FLOW_WORDS + FLOW_NEWER] = flow
    this.#newest = flow
    if (this.#exact) {
      this.#hosts.hot[(client << HOT_SHIFT) + HOST_USES]!++
      this.#hosts.hot[(server << HOT_SHIFT) + HOST_USES]!++
    }
    this.#index.insert(hash, flow)
    this.count++
    return flow
  }

  destroy(flow: number): void {
    const { words } = this
    const base = flow * FLOW_WORDS
    const older = words[base + FLOW_OLDER]!
    const newer = words[base + FLOW_NEWER]!
    if (older < 0) this.#oldest = newer
    else words[older * FLOW_WORDS + FLOW_NEWER] = newer
    if (newer < 0) this.#newest = older
    else words[newer * FLOW_WORDS + FLOW_OLDER] = older
    if (words[base + FLOW_REQUEST] !== 0) this.data.release(words[base + FLOW_REQUEST]! - 1)
    if (words[base + FLOW_RESPONSE] !== 0) this.data.release(words[base + FLOW_RESPONSE]! - 1)
    if (this.#exact) {
      this.#hosts.hot[(words[base + FLOW_CLIENT]! << HOT_SHIFT) + HOST_USES]!--
      this.#hosts.hot[(words[base + FLOW_SERVER]! << HOT_SHIFT) + HOST_USES]!--
    }
    this.#index.remove(words[base + FLOW_HASH]!, flow)
    words[base + FLOW_NEWER] = this.#free
    this.#free = flow
    this.count--
  }

  destroyAll(): void {
    while (this.#oldest >= 0) this.destroy(this.#oldest)
  }

  /**
   * Destroys flows older than the limit, oldest first. p0f's difference is a u32: a flow from the future is very old (Appendix C
   * 16); modern mode lets it wait.
   */
  expire(nowSec: number): void {
    const { words } = this
    while (this.#oldest >= 0) {
      const age = (nowSec - words[this.#oldest * FLOW_WORDS + FLOW_CREATED]!) | 0
      if ((this.#exact ? age >>> 0 : age) <= this.#ageSeconds) return
      this.expired++
      this.destroy(this.#oldest)
    }
  }
}
