/**
 * Flow ring: modern mode's order. A new flow takes the place of the one `maxFlows` SYNs ago; places fill from left to right, so that
 * memory is written in order.
 *
 * The index is a set of 8 pairs `hash, number of the SYN` per cache line, on average two of them in use. A pair whose SYN has left
 * the ring is free: the number shows that, without a look at the record, and nothing is ever removed. Where all eight are in use the
 * oldest flow of the eight is lost (one in 5,000 in a full ring). With a probed index and a list, a SYN cost 55 ns more.
 */
import type { Packet } from "../../packet/packet.ts"
import { FLOW_CREATED, FLOW_LIVE, FLOW_SHIFT, FLOW_STATE } from "./flow-record.ts"
import { type FlowLimits, Flows } from "./flows.ts"

/** 34 MB of HTTP at most, whatever the number of flows. */
const MAX_DATA_SLOTS = 4096
/** Words of a set: 8 pairs. */
const SET_WORDS = 16
const PAIRS_PER_FLOW = 4

const powerOfTwo = (least: number): number => {
  let size = 16
  while (size < least) size *= 2
  return size
}

export class FlowRing extends Flows {
  private readonly maxFlows: number
  private readonly ageSeconds: number
  private readonly placeMask: number
  private readonly sets: Int32Array
  private readonly setMask: number
  /** Number of the next SYN; its low bits are its place. Starts where the zeros of the index are numbers long gone. */
  private next: number
  /** The oldest SYN that may still have a flow. */
  private tail: number

  constructor(limits: FlowLimits) {
    const places = powerOfTwo(limits.maxFlows)
    super(places, Math.min(places * 2, MAX_DATA_SLOTS))
    this.maxFlows = limits.maxFlows
    this.ageSeconds = limits.ageSeconds
    this.placeMask = places - 1
    this.sets = new Int32Array(places * PAIRS_PER_FLOW * 2)
    this.setMask = this.sets.length - SET_WORDS
    this.next = places * 2
    this.tail = this.next
  }

  override find(packet: Packet, hash: number): number {
    const { sets } = this
    const set = (hash << 4) & this.setMask
    for (let at = set; at < set + SET_WORDS; at += 2) {
      if (sets[at] !== hash) continue
      const syn = sets[at + 1]!
      if ((this.next - syn) >>> 0 > this.maxFlows) continue
      const flow = syn & this.placeMask
      const direction = this.directionIn(packet, flow)
      if (direction >= 0) return (flow << 1) | direction
    }
    return -1
  }

  override makeRoom(): void {
    // With a limit that is no power of two, the flow that leaves is not the one whose place is taken.
    const place = (this.next - this.maxFlows) & this.placeMask
    if ((this.hot[(place << FLOW_SHIFT) + FLOW_STATE]! & FLOW_LIVE) === 0) return
    this.evicted++
    this.clear(place)
  }

  override create(packet: Packet, hash: number, client: number, server: number, nowSec: number): number {
    const { sets, next, maxFlows } = this
    const flow = next & this.placeMask
    const set = (hash << 4) & this.setMask
    let at = set
    while (at < set + SET_WORDS && (next - sets[at + 1]!) >>> 0 < maxFlows) at += 2
    if (at === set + SET_WORDS) at = this.loseOldest(set)
    sets[at] = hash
    sets[at + 1] = next
    this.next = (next + 1) | 0
    this.fill(flow, packet, hash, client, server, nowSec)
    return flow
  }

  override destroy(flow: number): void {
    this.clear(flow)
  }

  /** A flow from the future waits (differs from p0f: docs/p0f-differences.md, 16). */
  override expire(nowSec: number): void {
    if ((this.next - this.tail) >>> 0 > this.maxFlows) this.tail = (this.next - this.maxFlows) | 0
    for (; this.tail !== this.next; this.tail = (this.tail + 1) | 0) {
      const place = this.tail & this.placeMask
      const base = place << FLOW_SHIFT
      if ((this.hot[base + FLOW_STATE]! & FLOW_LIVE) === 0) continue
      if (((nowSec - this.hot[base + FLOW_CREATED]!) | 0) <= this.ageSeconds) return
      this.expired++
      this.clear(place)
    }
  }

  /** Offset of the pair with the oldest SYN, whose flow ends. */
  private loseOldest(set: number): number {
    const { sets, next } = this
    let oldest = set
    for (let at = set; at < set + SET_WORDS; at += 2)
      if ((next - sets[at + 1]!) >>> 0 > (next - sets[oldest + 1]!) >>> 0) oldest = at
    const flow = sets[oldest + 1]! & this.placeMask
    if ((this.hot[(flow << FLOW_SHIFT) + FLOW_STATE]! & FLOW_LIVE) !== 0) {
      this.evicted++
      this.clear(flow)
    }
    return oldest
  }
}
