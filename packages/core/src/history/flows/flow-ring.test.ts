import { expect, test } from "bun:test"
import { Packet } from "../../packet/packet.ts"
import { seededRandom } from "../../testing/random.ts"
import { FLOW_CREATED, FLOW_REQUEST, FLOW_SHIFT } from "./flow-record.ts"
import { FlowRing } from "./flow-ring.ts"

const packet = new Packet()

/** A packet of connection `n`, of the client or of the server; its hash. */
function of(flows: FlowRing, n: number, isServer = false): number {
  packet.ver = 4
  packet.src0 = isServer ? 1 : 1000 + (n % 50)
  packet.dst0 = isServer ? 1000 + (n % 50) : 1
  packet.sport = isServer ? 443 : n & 0xffff
  packet.dport = isServer ? n & 0xffff : 443
  return flows.hash(packet.src0 * 77, packet.dst0 * 77, packet.sport, packet.dport)
}

function open(flows: FlowRing, n: number, now = 0): number {
  const hash = of(flows, n)
  flows.makeRoom()
  return flows.create(packet, hash, 0, 0, now)
}

const find = (flows: FlowRing, n: number, isServer = false): number => flows.find(packet, of(flows, n, isServer))

test("finds a flow in both directions, and the last of each limit's worth of SYNs", () => {
  for (const maxFlows of [16, 20, 100]) {
    const flows = new FlowRing({ maxFlows, ageSeconds: 30 })
    for (let n = 0; n < 1000; n++) {
      const flow = open(flows, n)
      expect(find(flows, n)).toBe((flow << 1) | 1)
      expect(find(flows, n, true)).toBe(flow << 1)
    }
    let found = 0
    for (let n = 0; n < 1000; n++) if (find(flows, n) >= 0) found++
    expect(flows.count).toBe(found)
    expect(found).toBeLessThanOrEqual(maxFlows)
    // A crowded set of the index may have lost one.
    expect(found).toBeGreaterThan(maxFlows - 2)
    expect(find(flows, 999 - maxFlows)).toBe(-1)
  }
})

test("counts and finds what lives, in any order of opening, ending and expiring", () => {
  const random = seededRandom(3)
  const flows = new FlowRing({ maxFlows: 64, ageSeconds: 30 })
  const model = new Map<number, { readonly flow: number; readonly created: number }>()
  let now = 100
  let next = 0
  for (let step = 0; step < 30_000; step++) {
    if (random.once(20)) now += random.below(20)
    const what = random.below(10)
    if (what < 6) {
      const before = flows.evicted
      open(flows, next, now)
      model.set(next, { flow: find(flows, next) >> 1, created: now })
      if (flows.evicted > before) for (const n of model.keys()) if (find(flows, n) < 0) model.delete(n)
      next = (next + 1) & 0xffff
    } else if (what < 9 && model.size > 0) {
      const n = random.pick([...model.keys()])
      flows.destroy(model.get(n)!.flow)
      model.delete(n)
    } else {
      flows.expire(now)
      for (const [n, { created }] of model) if (now - created > 30) model.delete(n)
    }
    expect(flows.count).toBe(model.size)
    if (step % 50 !== 0) continue
    for (const [n, { flow, created }] of model) {
      expect(find(flows, n) >> 1).toBe(flow)
      expect(flows.hot[(flow << FLOW_SHIFT) + FLOW_CREATED]).toBe(created)
    }
  }
})

test("a flow that ends gives its data back", () => {
  const flows = new FlowRing({ maxFlows: 16, ageSeconds: 30 })
  for (let n = 0; n < 10_000; n++) {
    const flow = open(flows, n)
    const slot = flows.data.take()
    expect(slot).toBeGreaterThanOrEqual(0)
    flows.cold[flows.coldOf(flow) + FLOW_REQUEST] = slot + 1
  }
  flows.destroyAll()
  expect(flows.count).toBe(0)
  for (let i = 0; i < flows.data.capacity; i++) expect(flows.data.take()).toBeGreaterThanOrEqual(0)
  expect(flows.data.take()).toBe(-1)
})
