import { expect, test } from "bun:test"
import { seededRandom } from "@synprint/core/testing"
import { type Expirable, TICK_MS, TimerEntry, TimerWheel } from "./timer-wheel.ts"

class Thing implements Expirable {
  readonly timer = new TimerEntry(this)
  readonly fired: Array<number> = []
  readonly #wheel: TimerWheel
  readonly #then: (() => void) | undefined
  constructor(wheel: TimerWheel, then?: () => void) {
    this.#wheel = wheel
    this.#then = then
  }
  expired(): void {
    this.fired.push(this.#wheel.nowMs)
    this.#then?.()
  }
}

test("fires once, within a tick after its deadline, also beyond one round of the wheel", () => {
  const wheel = new TimerWheel()
  for (const inMs of [1, 99, 100, 101, 5000, 51_200, 60_000, 600_000]) {
    const from = wheel.nowMs
    const thing = new Thing(wheel)
    wheel.schedule(thing.timer, inMs)
    for (let at = from; at < from + inMs + 3 * TICK_MS; at += 37) wheel.advance(at)
    expect(thing.fired.length).toBe(1)
    expect(thing.fired[0]! - from).toBeGreaterThanOrEqual(inMs)
    expect(thing.fired[0]! - from).toBeLessThanOrEqual(inMs + TICK_MS)
  }
})

test("random schedules, moves and cancels fire when a plain list would", () => {
  const random = seededRandom(6)
  const wheel = new TimerWheel()
  const things = Array.from({ length: 200 }, () => new Thing(wheel))
  const wanted = new Map<Thing, number>()
  for (let now = 0; now < 400_000; now += random.below(400)) {
    wheel.advance(now)
    for (const [thing, deadline] of wanted) {
      if (thing.fired.length > 0) {
        expect(deadline).toBeLessThanOrEqual(now)
        thing.fired.length = 0
        wanted.delete(thing)
      } else expect(deadline).toBeGreaterThan(now - 2 * TICK_MS)
    }
    const thing = random.pick(things)
    if (random.once(4)) {
      if (random.once(2)) wheel.cancel(thing.timer)
      else wheel.suspend(thing.timer)
      wanted.delete(thing)
    } else {
      const inMs = random.below(random.pick([200, 5000, 120_000]))
      wheel.schedule(thing.timer, inMs)
      wanted.set(thing, now + inMs)
    }
  }
})

test("what fires may schedule itself again, and a long stop fires everything once", () => {
  const wheel = new TimerWheel()
  const thing: Thing = new Thing(wheel, () => wheel.schedule(thing.timer, 1000))
  wheel.schedule(thing.timer, 1000)
  for (let at = 0; at <= 10_000; at += 50) wheel.advance(at)
  expect(thing.fired.length).toBe(10)
  const others = Array.from({ length: 600 }, (_, n) => {
    const other = new Thing(wheel)
    wheel.schedule(other.timer, n * 97)
    return other
  })
  wheel.advance(10_000_000)
  expect(others.filter(({ fired }) => fired.length !== 1)).toEqual([])
})
