/**
 * Flow list: p0f's order (process.c: nuke_flows, expire_cache). A list by age admits one more than the limit,
 * then destroys the oldest 10 % and one.
 */
import type { Packet } from "../packet/packet.ts"
import { FLOW_CLIENT, FLOW_CREATED, FLOW_HASH, FLOW_SERVER, FLOW_SHIFT } from "../history/flows/flow-record.ts"
import { type FlowLimits, Flows } from "../history/flows/flows.ts"
import type { P0fHostTable } from "./host-table.ts"
import { TaggedIndex } from "../collections/tagged-index.ts"

/** p0f's KILL_PERCENT. */
const KILL_PERCENT = 10

export class FlowList extends Flows {
  private readonly maxFlows: number
  private readonly ageSeconds: number
  private readonly hosts: P0fHostTable
  private readonly index: TaggedIndex
  // The list from oldest to newest, and that of freed entries, linked by `newer`; -1 ends both.
  private readonly older: Int32Array
  private readonly newer: Int32Array
  private oldest = -1
  private newest = -1
  private free = -1
  /** Entries from here on were never used. */
  private fresh = 0

  /** p0f checks `> max` before it inserts: one more fits. */
  constructor(limits: FlowLimits, hosts: P0fHostTable) {
    const capacity = limits.maxFlows + 1
    super(capacity, capacity * 2)
    this.maxFlows = limits.maxFlows
    this.ageSeconds = limits.ageSeconds
    this.hosts = hosts
    this.older = new Int32Array(capacity)
    this.newer = new Int32Array(capacity)
    this.index = new TaggedIndex(capacity)
  }

  override find(packet: Packet, hash: number): number {
    const { slots, mask } = this.index
    for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
      const flow = slots[at + 1]! - 1
      if (flow < 0) return -1
      if (slots[at] !== hash) continue
      const direction = this.directionIn(packet, flow)
      if (direction >= 0) return (flow << 1) | direction
    }
  }

  override makeRoom(): void {
    if (this.count > this.maxFlows) this.destroyOldestTenth()
  }

  /** p0f's nuke_flows. */
  destroyOldestTenth(): void {
    let kill = 1 + Math.trunc((this.count * KILL_PERCENT) / 100)
    while (kill-- > 0 && this.oldest >= 0) {
      this.evicted++
      this.destroy(this.oldest)
    }
  }

  override create(packet: Packet, hash: number, client: number, server: number, nowSec: number): number {
    let flow = this.free
    if (flow < 0) flow = this.fresh++
    else this.free = this.newer[flow]!
    this.older[flow] = this.newest
    this.newer[flow] = -1
    if (this.newest < 0) this.oldest = flow
    else this.newer[this.newest] = flow
    this.newest = flow
    this.fill(flow, packet, hash, client, server, nowSec)
    this.hosts.uses[client]!++
    this.hosts.uses[server]!++
    this.index.insert(hash, flow)
    return flow
  }

  override destroy(flow: number): void {
    const { hot } = this
    const base = flow << FLOW_SHIFT
    this.index.remove(hot[base + FLOW_HASH]!, flow)
    this.hosts.uses[hot[base + FLOW_CLIENT]!]!--
    this.hosts.uses[hot[base + FLOW_SERVER]!]!--
    const older = this.older[flow]!
    const newer = this.newer[flow]!
    if (older < 0) this.oldest = newer
    else this.newer[older] = newer
    if (newer < 0) this.newest = older
    else this.older[newer] = older
    this.newer[flow] = this.free
    this.free = flow
    this.clear(flow)
  }

  /** A u32 difference: a flow from the future is very old (docs/p0f-differences.md, 16). */
  override expire(nowSec: number): void {
    while (this.oldest >= 0) {
      if ((nowSec - this.hot[(this.oldest << FLOW_SHIFT) + FLOW_CREATED]!) >>> 0 <= this.ageSeconds) return
      this.expired++
      this.destroy(this.oldest)
    }
  }
}
