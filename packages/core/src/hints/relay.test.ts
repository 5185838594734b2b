import { describe, expect, test } from "bun:test"
import { seededRandom } from "../testing/random.ts"
import { HandshakeTiming } from "./handshake-timing.ts"
import {
  RELAY_AGREED,
  RELAY_BUSY,
  RELAY_CALLED,
  RELAY_EARLY_DATA,
  RELAY_HELLO_AT_ONCE,
  RELAY_HELLO_IDLE,
  RELAY_LOSS,
  RELAY_NONE,
  RELAY_REASONS,
  RELAY_UNMEASURED,
  RELAY_WHOLE_ONLY,
  RelayJudge
} from "./relay.ts"

const judge = new RelayJudge()

/** Milliseconds, as people say them. */
function judged(facts: Partial<Record<keyof HandshakeTiming, number | boolean>>): number {
  const timing = new HandshakeTiming()
  for (const [name, value] of Object.entries(facts))
    Object.assign(timing, { [name]: typeof value === "number" && name !== "lost" ? value * 1000 : value })
  return judge.judge(timing)
}

describe("relays", () => {
  test("one that makes its client wait is called from the threshold on, near or far from us", () => {
    for (const rtt of [0.03, 1, 20, 60]) {
      expect(judged({ rtt, laterRtt: rtt, helloDelay: 101, tlsRtt: rtt + 102 })).toBeGreaterThanOrEqual(RELAY_CALLED)
      expect(judge.reason).toBe(RELAY_AGREED)
      expect(judge.gapMicros).toBe(102_000)
      expect(judged({ rtt, helloDelay: 41, tlsRtt: rtt + 42 })).toBeLessThan(RELAY_CALLED)
    }
  })

  test("a longer hidden leg never scores less", () => {
    let before = 0
    for (let hidden = 0; hidden < 2000; hidden += 5) {
      const score = judged({ rtt: 10, helloDelay: hidden, tlsRtt: 10 + hidden })
      expect(score).toBeGreaterThanOrEqual(before)
      before = score
    }
    expect(before).toBeLessThanOrEqual(95)
  })

  test("one that lets its client send at once, or whose client dallied, is not called: one witness", () => {
    expect(judged({ rtt: 10, helloDelay: 1, tlsRtt: 210 })).toBeLessThan(RELAY_CALLED)
    expect(judge.reason).toBe(RELAY_HELLO_AT_ONCE)
    expect(judged({ rtt: 10, helloDelay: 3000, tlsRtt: 210 })).toBeLessThan(RELAY_CALLED)
    expect(judge.reason).toBe(RELAY_HELLO_IDLE)
  })
})

describe("direct clients are not called relays", () => {
  const cases: ReadonlyArray<readonly [string, Parameters<typeof judged>[0], reason: number]> = [
    ["near", { rtt: 0.5, helloDelay: 1, tlsRtt: 3 }, RELAY_NONE],
    ["far", { rtt: 300, laterRtt: 300, helloDelay: 2, tlsRtt: 305 }, RELAY_NONE],
    ["opened in advance", { rtt: 20, helloDelay: 4000, tlsRtt: 24 }, RELAY_NONE],
    ["a slow phone", { rtt: 60, helloDelay: 35, tlsRtt: 110 }, RELAY_AGREED],
    ["asks for revocation first", { rtt: 60, helloDelay: 3, tlsRtt: 400 }, RELAY_HELLO_AT_ONCE],
    ["HelloRetryRequest, far away", { rtt: 300, helloDelay: 3, tlsRtt: 605 }, RELAY_HELLO_AT_ONCE],
    ["a path that grew slower", { rtt: 20, laterRtt: 42.5, helloDelay: 110, tlsRtt: 205 }, RELAY_NONE],
    ["jitter of a far path", { rtt: 600, helloDelay: 90, tlsRtt: 720 }, RELAY_AGREED],
    ["quick as a whole", { rtt: 80, whole: 90 }, RELAY_NONE]
  ]
  for (const [name, facts, reason] of cases) {
    test(name, () => {
      expect(judged(facts)).toBeLessThan(RELAY_CALLED)
      expect(RELAY_REASONS[judge.reason]).toBe(RELAY_REASONS[reason]!)
    })
  }
})

test("a gap counts from twice the lag of our own process on", () => {
  const seen = { rtt: 1, helloDelay: 100, tlsRtt: 101 }
  expect(judged({ ...seen, lag: 50 })).toBeGreaterThanOrEqual(RELAY_CALLED)
  expect(judged({ ...seen, lag: 50.1 })).toBe(-1)
  expect(judge.reason).toBe(RELAY_BUSY)
})

test("a round trip of TCP that grew by one sample counts whole, eight times the smoothed change", () => {
  // 10 ms, then 15 ms smoothed: one sample of 50 ms.
  expect(judged({ rtt: 10, laterRtt: 15, helloDelay: 200, tlsRtt: 150 })).toBeGreaterThanOrEqual(RELAY_CALLED)
  expect(judge.gapMicros).toBe(100_000)
})

const WITNESS_BORDERS: ReadonlyArray<readonly [what: string, helloDelay: number, isDerived: boolean, reason: number]> =
  [
    ["a third of the gap", 40, false, RELAY_AGREED],
    ["less than a third of the gap", 39.9, false, RELAY_HELLO_AT_ONCE],
    ["twice the gap and 100 ms", 340, false, RELAY_AGREED],
    ["more than that", 340.1, false, RELAY_HELLO_IDLE],
    ["derived: half the gap", 60, true, RELAY_AGREED],
    ["derived: less than half the gap", 59.9, true, RELAY_HELLO_AT_ONCE],
    ["derived: five quarters of the gap and 30 ms", 180, true, RELAY_AGREED],
    ["derived: more than that", 180.1, true, RELAY_HELLO_IDLE]
  ]
for (const [what, helloDelay, isHelloDerived, reason] of WITNESS_BORDERS) {
  test(`a ClientHello that waited ${what}: ${RELAY_REASONS[reason]}`, () => {
    judged({ rtt: 10, helloDelay, tlsRtt: 130, isHelloDerived })
    expect(RELAY_REASONS[judge.reason]).toBe(RELAY_REASONS[reason]!)
  })
}

const SCORES: ReadonlyArray<readonly [hidden: number, score: number]> = [
  [19.9, 0],
  [20, 20],
  [49.9, 49],
  [50, 50],
  [100, 72],
  [1000, 92]
]
for (const [hidden, score] of SCORES) {
  test(`a hidden leg of ${hidden} ms scores ${score}`, () => {
    // rtt of 1 us: jitter's share of it is nothing.
    expect(judged({ rtt: 0.001, helloDelay: hidden + 0.001, tlsRtt: hidden + 0.0012 })).toBe(score)
  })
}

test("one witness alone scores 40 at most", () => {
  expect(judged({ rtt: 1, helloDelay: 1, tlsRtt: 1001 })).toBe(40)
})

test("a whole handshake within the least gap has no hidden leg", () => {
  expect(judged({ rtt: 1, whole: 20.9 })).toBe(0)
  expect(judge.reason).toBe(RELAY_NONE)
  expect(judged({ rtt: 1, whole: 21 })).toBe(-1)
  expect(judge.reason).toBe(RELAY_WHOLE_ONLY)
})

describe("a time that can't be known is unknown", () => {
  const seen = { rtt: 1, helloDelay: 100, tlsRtt: 101 }
  const cases: ReadonlyArray<readonly [string, Parameters<typeof judged>[0], reason: number]> = [
    ["nothing measured", {}, RELAY_UNMEASURED],
    ["no TLS: when the request came", { rtt: 1, helloDelay: 100 }, RELAY_UNMEASURED],
    ["no round trip of TCP", { helloDelay: 100, tlsRtt: 101 }, RELAY_UNMEASURED],
    ["a segment was lost", { ...seen, lost: 1 }, RELAY_LOSS],
    ["early data", { ...seen, hasEarlyData: true }, RELAY_EARLY_DATA],
    ["a busy process of ours", { ...seen, lag: 80 }, RELAY_BUSY],
    ["the whole handshake alone", { rtt: 1, whole: 300 }, RELAY_WHOLE_ONLY]
  ]
  for (const [name, facts, reason] of cases) {
    test(name, () => {
      expect(judged(facts)).toBe(-1)
      expect(judge.gapMicros).toBe(0)
      expect(RELAY_REASONS[judge.reason]).toBe(RELAY_REASONS[reason]!)
    })
  }

  test("absurd values are unknown, and no value gives anything but a score", () => {
    const absurd = [-1, -1e300, Number.NaN, Infinity, -Infinity, 1e300, 121_000_001]
    for (const name of ["rtt", "helloDelay", "tlsRtt"] as const) {
      for (const value of absurd) {
        const timing = Object.assign(new HandshakeTiming(), { rtt: 1000, helloDelay: 100_000, tlsRtt: 101_000 })
        timing[name] = value
        expect(judge.judge(timing)).toBe(-1)
      }
    }
    const random = seededRandom(0x7e1a)
    const values = [...absurd, 0, 1, 1000, 50_000, 100_000, 1e6, 1e7]
    const pick = (): number => (random.chance(50) ? values[random.below(values.length)]! : random.below(2_000_000))
    for (let round = 0; round < 20_000; round++) {
      const timing = new HandshakeTiming()
      timing.rtt = pick()
      timing.laterRtt = pick()
      timing.helloDelay = pick()
      timing.tlsRtt = pick()
      timing.whole = pick()
      timing.lost = random.chance(90) ? 0 : pick()
      timing.lag = pick()
      const score = judge.judge(timing)
      expect(Number.isInteger(score) && score >= -1 && score <= 95).toBe(true)
      expect(Number.isInteger(judge.gapMicros) && judge.gapMicros >= 0).toBe(true)
      // Without both witnesses late nothing is called.
      if (score >= RELAY_CALLED) {
        expect(Math.min(timing.helloDelay, timing.tlsRtt - timing.rtt)).toBeGreaterThanOrEqual(50_000)
        expect(timing.lost > 0).toBe(false)
      }
    }
  })
})
