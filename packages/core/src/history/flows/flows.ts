/**
 * Flows: connections in progress, in a fixed slab (p0f's process.c: lookup_flow, create_flow_from_syn, nuke_flows, expire_cache).
 *
 * A flow is found by its 4-tuple in either orientation. Two orders: flow-ring.ts for modern mode, flow-list.ts for p0f's.
 */
import type { Packet } from "../../packet/packet.ts"
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

export interface FlowLimits {
  readonly maxFlows: number
  readonly ageSeconds: number
}

export abstract class Flows {
  /** Record words by flow-record.ts. */
  readonly hot: Int32Array
  readonly cold: Int32Array
  readonly data: FlowData
  count = 0
  evicted = 0
  expired = 0

  constructor(capacity: number, dataSlots: number) {
    this.hot = new Int32Array(capacity << FLOW_SHIFT)
    this.cold = new Int32Array(capacity << FLOW_COLD_SHIFT)
    this.data = new FlowData(dataSlots)
  }

  /** `flow << 1 | (the packet goes to the server)`, -1 for no flow. The client's orientation is tried first, as p0f does. */
  abstract find(packet: Packet, hash: number): number
  /** Makes room for one more: before the hosts of a new flow are looked up, as p0f does. */
  abstract makeRoom(): void
  /** After `makeRoom`. */
  abstract create(packet: Packet, hash: number, client: number, server: number, nowSec: number): number
  abstract destroy(flow: number): void
  abstract expire(nowSec: number): void

  /** Hash of a 4-tuple, equal in both orientations; `source` and `destination` are Hosts.hash of the addresses. */
  hash(source: number, destination: number, sport: number, dport: number): number {
    let from = Math.imul(source + sport, 0x9e3779b1)
    let to = Math.imul(destination + dport, 0x9e3779b1)
    from ^= from >>> 15
    to ^= to >>> 15
    const sum = Math.imul((from + to) | 0, 0x85ebca6b)
    return sum ^ (sum >>> 13)
  }

  destroyAll(): void {
    for (let base = 0; base < this.hot.length; base += 1 << FLOW_SHIFT)
      if ((this.hot[base + FLOW_STATE]! & FLOW_LIVE) !== 0) this.destroy(base >> FLOW_SHIFT)
  }

  /** First cold word of a flow, about to be written. */
  coldOf(flow: number): number {
    this.hot[(flow << FLOW_SHIFT) + FLOW_STATE]! |= FLOW_DIRTY
    return flow << FLOW_COLD_SHIFT
  }

  /** 1: the packet belongs to the flow and goes to the server, 0: to the client, -1: it belongs to another. */
  protected directionIn(packet: Packet, flow: number): number {
    const { hot } = this
    const base = flow << FLOW_SHIFT
    const family = packet.ver === 6 ? FLOW_LIVE | FLOW_IPV6 : FLOW_LIVE
    if ((hot[base + FLOW_STATE]! & (FLOW_LIVE | FLOW_IPV6)) !== family) return -1
    const ports = hot[base + FLOW_PORTS]!
    if (
      ports === ((packet.sport << 16) | packet.dport) &&
      hot[base] === packet.src0 &&
      hot[base + 1] === packet.src1 &&
      hot[base + 2] === packet.src2 &&
      hot[base + 3] === packet.src3 &&
      hot[base + 4] === packet.dst0 &&
      hot[base + 5] === packet.dst1 &&
      hot[base + 6] === packet.dst2 &&
      hot[base + 7] === packet.dst3
    )
      return 1
    return ports === ((packet.dport << 16) | packet.sport) &&
      hot[base] === packet.dst0 &&
      hot[base + 1] === packet.dst1 &&
      hot[base + 2] === packet.dst2 &&
      hot[base + 3] === packet.dst3 &&
      hot[base + 4] === packet.src0 &&
      hot[base + 5] === packet.src1 &&
      hot[base + 6] === packet.src2 &&
      hot[base + 7] === packet.src3
      ? 0
      : -1
  }

  protected fill(flow: number, packet: Packet, hash: number, client: number, server: number, nowSec: number): void {
    const { hot } = this
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
    this.count++
  }

  /** Ends a flow's life in the slab. */
  protected clear(flow: number): void {
    const at = (flow << FLOW_SHIFT) + FLOW_STATE
    if ((this.hot[at]! & FLOW_DIRTY) !== 0) this.clean(flow)
    this.hot[at] = 0
    this.count--
  }

  private clean(flow: number): void {
    const { cold, data } = this
    const base = flow << FLOW_COLD_SHIFT
    if (cold[base + FLOW_REQUEST] !== 0) data.release(cold[base + FLOW_REQUEST]! - 1)
    if (cold[base + FLOW_RESPONSE] !== 0) data.release(cold[base + FLOW_RESPONSE]! - 1)
    cold.fill(0, base, base + (1 << FLOW_COLD_SHIFT))
  }
}
