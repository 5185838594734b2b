import { expect, test } from "bun:test"
import { HINT_FIELDS, RELAY_THRESHOLDS } from "@synprint/core"
import { configTexts } from "../testing/config-texts.ts"
import { plainProgram, plainSchema } from "../testing/programs.ts"
import { type HintsConfig, hintSettings, relayThresholds } from "./hints.ts"

const { good, bad } = configTexts(plainSchema, plainProgram)

/** With networks as texts. */
const printed = (hints: HintsConfig) => ({
  ...hints,
  except: hints.except.print(),
  relays: hints.relays.print(),
  sharedAddress: { ...hints.shared_address, except: hints.shared_address.except.print() },
  relay: { ...hints.relay, except: hints.relay.except.print() }
})

test("a table per hint, networks, pairs", () => {
  const { hints } = good("")
  expect(printed(hints)).toMatchObject({ minScore: 0, except: [], relays: [] })
  expect(hints.tolerate).toContain("safari/linux")
  expect(hints.ua_mismatch).toMatchObject({ enabled: true, maxScore: 1 })
  expect(hints.ua_mismatch.except.size).toBe(0)
  expect(
    printed(
      good(`
    [hints]
    min_score = 0.5
    relays = ["2001:db8::/32", "192.0.2.7"]
    tolerate = []
    [hints.shared_address]
    enabled = false
    max_score = 0.25
    except = "10.0.0.0/8"
  `).hints
    )
  ).toMatchObject({
    minScore: 0.5,
    relays: ["2001:db8::/32", "192.0.2.7/32"],
    tolerate: [],
    sharedAddress: { enabled: false, maxScore: 0.25, except: ["10.0.0.0/8"] },
    tunnel: { enabled: true }
  })
  const environment = { SYNPRINT_HINTS_MIN_SCORE: "0.75", SYNPRINT_HINTS_RELAY_EXCEPT: "10.0.0.0/8,::1" }
  expect(printed(good("", { environment }).hints)).toMatchObject({
    minScore: 0.75,
    relay: { except: ["10.0.0.0/8", "::1/128"] }
  })
})

test("bad values are refused, each with what it should be", () => {
  const problems = bad(`
    [hints]
    min_score = 1.5
    except = ["10.0.0.1/8"]
    relays = ["nowhere", 7]
    tolerate = ["linux/window", "safari"]
    [hints.tunnel]
    enabled = "yes"
    max_score = -0.1
    [hints.tunel]
  `)
  for (const part of [
    "hints.min_score: expected a number from 0 to 1, got 1.5",
    "address bits are set beyond the prefix (write 10.0.0.0/8",
    '"nowhere": not an IPv4 or IPv6 address',
    'hints.relays[1]: expected a network such as "10.0.0.0/8"',
    'did you mean "linux/windows"?',
    "claim one of windows",
    "hints.tunnel.enabled: expected true or false",
    "hints.tunnel.max_score: expected a number from 0 to 1",
    "did you mean tunnel?"
  ]) {
    expect(problems.some((problem) => problem.includes(part)) ? part : problems).toBe(part)
  }
  expect(bad('[hints.relay]\ngap = "10 ms"').join()).toContain("hints.relay.least_gap: must not be above")
  expect(bad("", { environment: { SYNPRINT_HINTS_MIN_SCORE: "high" } }).join()).toContain("a number from 0 to 1")
})

test("thresholds of a relay are in microseconds, by default those of the measurements", () => {
  expect(relayThresholds(good("").hints)).toEqual(RELAY_THRESHOLDS)
  expect(relayThresholds(good('[hints.relay]\ngap = "70 ms"\nleast_gap = "30 ms"').hints)).toEqual({
    callMicros: 70_000,
    leastMicros: 30_000
  })
  expect(good('[hints.relay]\ngap = "20 ms"').hints.relay).toMatchObject({ gapMs: 20, leastGapMs: 20 })
  expect(bad('[hints.relay]\ngap = "61 seconds"').join()).toContain("from 1 ms to 1 minute")
})

test("rules are in the order of the hints' numbers", () => {
  const { hints } = good("[hints.tunnel]\nmax_score = 0.5\n[hints.scanner]\nenabled = false")
  const { rules } = hintSettings(hints)
  expect(HINT_FIELDS.map((name, n) => [name, rules[n]!.enabled, rules[n]!.maxScore])).toEqual(
    HINT_FIELDS.map((name) => [name, name !== "scanner", name === "tunnel" ? 0.5 : 1])
  )
})
