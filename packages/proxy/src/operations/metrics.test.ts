import { expect, test } from "bun:test"
import { Metrics } from "@synprint/service"
import type { WorkerPool } from "../worker/worker-pool.ts"
import { type MemberReport, WorkerReports } from "../worker/report.ts"
import { makeCounters, REQUESTS, RESPONSES } from "./counters.ts"
import { likelyCause, registerMetrics, summaryCounters } from "./metrics.ts"

const NO_LOOKUPS = { hit: 0, unsupported: 0, syncookie: 0, not_captured: 0, stale: 0, malformed: 0, backend_down: 0 }
const NOTHING = { kernelDrops: 0, interfaceDrops: 0, evictions: 0, syns: 0, entries: 0, retentionMs: 0 }

const member = (different: Partial<MemberReport>): MemberReport => ({
  name: "tap",
  lookups: NO_LOOKUPS,
  series: NOTHING,
  down: undefined,
  ...different
})

/** A pool of which only the reports count. */
const poolOf = (reports: WorkerReports) => ({ reports, sum: () => 0, threads: 2, restarts: 0 }) as unknown as WorkerPool

test("a backend's series: lookups and lost packets of all Workers, everything else as one of them has it", () => {
  const reports = new WorkerReports(2)
  const hits = (hit: number) => ({ ...NO_LOOKUPS, hit })
  const series = { ...NOTHING, kernelDrops: 5, entries: 7, retentionMs: 2500 }
  reports.set(0, { counts: {}, members: [member({ lookups: hits(3), series })] })
  reports.set(1, { counts: {}, members: [member({ lookups: hits(4), series: { ...series, entries: 9 } })] })
  const metrics = new Metrics("proxy")
  registerMetrics(metrics, poolOf(reports))
  const value = (name: string, labels = {}) => metrics.value(`synprint_${name}`, { backend: "tap", ...labels })
  expect(value("lookups_total", { result: "hit" })).toBe(7)
  expect(value("capture_drops_total", { where: "kernel" })).toBe(10)
  expect(value("capture_entries")).toBe(9)
  expect(value("syn_retention_seconds")).toBe(2.5)
  expect(value("backend_up")).toBe(1)
  expect(summaryCounters(poolOf(reports))).toMatchObject({ "tap.hit": 7, "tap.drops": 10 })
  reports.set(1, { counts: {}, members: [member({ down: "unplugged" })] })
  expect(value("backend_up")).toBe(0)
})

test("what the main thread captures for all is counted there", () => {
  const reports = new WorkerReports(1)
  reports.set(0, { counts: {}, members: [member({ series: { ...NOTHING, entries: 1 } })] })
  let down: string | undefined
  const shared = {
    handle: undefined,
    stats: () => ({}),
    stat: () => 42,
    down: () => down,
    setFilter: () => {
      throw new Error("not asked for")
    }
  }
  const metrics = new Metrics("proxy")
  registerMetrics(metrics, poolOf(reports), new Map([["tap", shared]]))
  expect(metrics.value("synprint_capture_entries", { backend: "tap" })).toBe(42)
  expect(metrics.value("synprint_backend_up", { backend: "tap" })).toBe(1)
  down = "no hook"
  expect(metrics.value("synprint_backend_up", { backend: "tap" })).toBe(0)
})

function makePool(): WorkerPool {
  const counters = makeCounters()
  counters[REQUESTS] = 7
  counters[RESPONSES + 2] = 6
  const reports = new WorkerReports(1)
  reports.set(0, {
    members: [member({ name: "pcap", lookups: { ...NO_LOOKUPS, hit: 5 } })],
    counts: { hosts: 3 }
  })
  return { reports, restarts: 2, threads: 1, sum: (cell: number) => counters[cell]! } as unknown as WorkerPool
}

test("every series reads the counter that it names", () => {
  const read = new Map<string, () => number>()
  const metrics = {
    read: (name: string, _type: string, _help: string, value: () => number, labels: object = {}) =>
      void read.set([name, ...Object.values(labels)].join(" "), value)
  }
  registerMetrics(metrics as never, makePool())
  const valueOf = (name: string): number | undefined => read.get(name)?.()
  expect(
    ["requests_total", "responses_total 2xx", "hosts", "worker_restarts_total"].map((each) =>
      valueOf(`synprint_${each}`)
    )
  ).toEqual([7, 6, 3, 2])
  for (const value of read.values()) expect(value()).toBeNumber()
  expect(summaryCounters(makePool())).toMatchObject({ "pcap.hit": 5, requests: 7, worker_restarts: 2 })
})

test.each([
  [{}, undefined],
  [{ connections: 1000, not_captured: 10, stale: 10, syncookie: 10 }, undefined],
  [{ upstream_unreachable: 1 }, "refuses connections"],
  [{ upstream_timeouts: 1 }, "answers later"],
  [{ upstream_failures: 1 }, "broke responses off"],
  [{ worker_restarts: 1 }, "worker ended"],
  [{ denied: 1 }, "more clients"],
  [{ connections: 100, syncookie: 2 }, "SYN cookies"],
  [{ connections: 100, not_captured: 2 }, "not captured"],
  [{ connections: 100, stale: 2 }, "max_age"],
  [{ "xdp.backend_down": 1 }, "backend is down"],
  [{ "pcap.drops": 1 }, "dropped packets"]
])("likely cause of %j", (added, cause) => {
  const text = likelyCause(added as Record<string, number>)
  if (cause === undefined) expect(text).toBeUndefined()
  else expect(text).toContain(cause)
})
