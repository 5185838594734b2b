import { expect, test } from "bun:test"
import { BUILTIN, BUILTIN_DATABASE, Matcher, Observer, readDatabases } from "@synprint/core"
import { SMALL_HISTORY } from "@synprint/core/testing"
import { Metrics, captureOptions, makeFingerprintLookup, openChain, savedSyn } from "@synprint/service"
import { makeFakeBackend, makeFakeModule } from "@synprint/service/testing"
import * as Effect from "effect/Effect"
import { spoaConfig } from "../testing/config.ts"
import { type Measured, likelyCause, registerMetrics, summaryCounters } from "./metrics.ts"
import { Counters } from "./counters.ts"
import { P0fCounters } from "../p0f-socket/session.ts"

function measure(): Measured {
  const { database } = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern")
  const matcher = new Matcher(database!, "modern", 16)
  const observer = new Observer({
    mode: "modern",
    matcher,
    ...SMALL_HISTORY
  })
  const lookup = makeFingerprintLookup({ capture: undefined, observer, history: "connections", answers: 8 })
  return { counters: new Counters(), p0f: new P0fCounters(), lookup, observer, chain: undefined }
}

test("every counter of the agent has a series that follows it", () => {
  const metrics = new Metrics("spoa")
  const measured = measure()
  registerMetrics(metrics, measured)
  const { counters } = measured
  let next = 1
  for (const name of Object.keys(counters) as Array<keyof Counters>)
    if (typeof counters[name] === "number") (counters as unknown as Record<string, number>)[name] = next++
  counters.refusalsByCode[10] = 99
  const text = metrics.text()
  const values = new Set([...text.matchAll(/^synprint_\S+ (\d+)$/gm)].map((match) => Number(match[1])))
  // `refusals` is the sum of its codes.
  for (const [name, value] of Object.entries(counters))
    if (typeof value === "number" && name !== "refusals") expect(values).toContain(value)
  expect(text).toContain('synprint_spop_refusals_total{code="10"} 99')
  expect(text).toContain('synprint_spop_frames_total{type="notify"}')
  expect(text).toContain("synprint_acks_truncated_total")
})

test("every backend of the chain has the same series", async () => {
  const tap = makeFakeModule("tap", () => ({ ...makeFakeBackend("tap"), stats: () => ({ lost: 5 }) }), {
    statNames: { kernelDrops: "lost" }
  })
  const metrics = new Metrics("spoa")
  await Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const options = captureOptions(spoaConfig.good("").capture, false)
        const chain = yield* openChain([tap, savedSyn], ["saved-syn", "tap"], options)
        const measured = { ...measure(), chain }
        registerMetrics(metrics, measured)
        expect(metrics.text()).toContain('synprint_capture_drops_total{backend="tap",where="kernel"} 5\n')
        expect(metrics.text()).toContain('synprint_backend_up{backend="saved-syn"} 1\n')
        expect(summaryCounters(measured)()).toMatchObject({ "tap.drops": 5, "saved-syn.drops": 0 })
      })
    )
  )
})

test("the summary names the likely cause of what went wrong, and nothing when all is well", () => {
  expect(likelyCause({ asked: 1000, "pcap.hit": 1000 })).toBeUndefined()
  expect(likelyCause({ asked: 1000, "pcap.hit": 995, "pcap.not_captured": 5 })).toBeUndefined()
  expect(likelyCause({ asked: 1000, "pcap.not_captured": 600 })).toContain("[capture] key")
  expect(likelyCause({ asked: 10, "pcap.syncookie": 1 })).toContain("tcp_max_syn_backlog")
  expect(likelyCause({ "pcap.drops": 3 })).toContain("buffer")
  expect(likelyCause({ denied: 1, acksTruncated: 2 })).toBe(
    "connections were denied: is HAProxy's network in [spoa] allow, or are there too many?; ACKs left out variables: choose fewer in [spoa] variables"
  )
  const measured = measure()
  measured.counters.notifies = 7
  expect(summaryCounters(measured)()).toMatchObject({ asked: 7, refusals: 0 })
})
