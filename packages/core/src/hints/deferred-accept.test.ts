import { describe, expect, test } from "bun:test"
import { DeferredAccept } from "./deferred-accept.ts"
import { HandshakeTiming } from "./handshake-timing.ts"
import { RELAY_CALLED, RelayJudge } from "./relay.ts"

/** The kernel's arithmetic (tcp_rtt_estimator): smoothed round trip times 8, deviation times 4, in integers. */
function kernel(samples: ReadonlyArray<number>): { readonly smoothed: number; readonly deviation: number } {
  let smoothed8 = samples[0]! << 3
  let deviation4 = samples[0]! << 1
  for (const sample of samples.slice(1)) {
    let error = sample - (smoothed8 >> 3)
    smoothed8 += error
    if (error < 0) {
      error = -error - (deviation4 >> 2)
      if (error > 0) error >>= 3
    } else error -= deviation4 >> 2
    deviation4 += error
  }
  return { smoothed: smoothed8 >> 3, deviation: deviation4 >> 2 }
}

const solved = new DeferredAccept()
const judge = new RelayJudge()

/** With the round trips just solved and TLS's. */
function relayScore(tlsRtt: number): number {
  const { rtt, first } = solved
  return judge.judge(
    Object.assign(new HandshakeTiming(), { rtt, helloDelay: first - rtt, tlsRtt, isHelloDerived: true })
  )
}

describe("round trips behind a deferred accept", () => {
  test("a relay: the first sample holds the hidden leg, the others do not", () => {
    for (const hidden of [40_000, 100_000, 200_000]) {
      for (const near of [30, 1000, 20_000]) {
        for (let later = 1; later <= 3; later++) {
          const { smoothed, deviation } = kernel([near + hidden, ...Array<number>(later).fill(near)])
          expect(solved.solve(smoothed, deviation)).toBe(true)
          expect(relayScore(near + hidden)).toBeGreaterThan(hidden >= 100_000 ? RELAY_CALLED : 0)
          expect(solved.first).toBeGreaterThan((near + hidden) * 0.97)
          expect(solved.first).toBeLessThan((near + hidden) * 1.2)
        }
      }
    }
  })

  test("a direct client is no relay, however late its hello and however slow it is", () => {
    for (const rtt of [200, 5000, 40_000, 100_000, 150_000, 600_000]) {
      for (const hello of [0, 300, 10_000, 40_000, 70_000, 100_000, 200_000, 600_000, 1_000_000]) {
        for (let later = 1; later <= 5; later++) {
          const { smoothed, deviation } = kernel([rtt + hello, ...Array<number>(later).fill(rtt)])
          if (!solved.solve(smoothed, deviation)) continue
          for (const slow of [0, 5000, 20_000]) expect(relayScore(rtt + slow)).toBeLessThan(RELAY_CALLED)
        }
      }
    }
  })

  test("many acknowledgements of a direct client give its round trip too", () => {
    const { smoothed, deviation } = kernel([105_000, ...Array<number>(8).fill(100_000)])
    expect(solved.solve(smoothed, deviation)).toBe(true)
    expect(solved.rtt).toBeGreaterThan(99_000)
  })

  test("a path that grew slower, and absurd values, fit nothing", () => {
    const { smoothed, deviation } = kernel([20_000, 200_000])
    expect(solved.solve(smoothed, deviation)).toBe(false)
    for (const absurd of [-1, 0, Number.NaN, Infinity, -Infinity]) expect(solved.solve(absurd, 10)).toBe(false)
    for (const absurd of [-1, Number.NaN, Infinity, 1e300]) expect(solved.solve(1000, absurd)).toBe(false)
    expect(solved.rtt).toBe(-1)
  })
})

test("what fits nothing leaves no round trip of the one before", () => {
  const one = new DeferredAccept()
  expect([one.first, one.rtt]).toEqual([-1, -1])
  const { smoothed, deviation } = kernel([120_000, 20_000])
  for (const [wrong, off] of [
    [0, 10],
    [1000, -1],
    [20_000, 1e300],
    [20_000, 19_000]
  ] as const) {
    expect(one.solve(smoothed, deviation)).toBe(true)
    expect([one.first > 0, one.rtt > 0]).toEqual([true, true])
    expect(one.solve(wrong, off)).toBe(false)
    expect([one.first, one.rtt]).toEqual([-1, -1])
  }
})
