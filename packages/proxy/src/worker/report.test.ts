import { expect, test } from "bun:test"
import { CAPTURE_SERIES } from "@synprint/service"
import { reportOf, type MemberReport, type WorkerReport, WorkerReports } from "./report.ts"

const lookups = { hit: 0, miss: 0 }
const NOTHING = Object.fromEntries(CAPTURE_SERIES.map((series) => [series, 0])) as MemberReport["series"]
const report = (hit: number, hosts: number, down?: string): WorkerReport => ({
  members: [{ name: "pcap", lookups: { ...lookups, hit } as never, series: { ...NOTHING, kernelDrops: hit }, down }],
  counts: { hosts, syns: hit }
})

test("totals keep what ended threads counted, present counts don't", () => {
  const reports = new WorkerReports(2)
  reports.set(0, report(1, 10))
  reports.set(1, report(2, 20))
  reports.end(0)
  reports.end(0)
  reports.set(0, report(4, 40))
  reports.end(0)
  reports.set(0, report(8, 80))
  expect([reports.total("syns"), reports.lookups("pcap", "hit" as never)]).toEqual([15, 15])
  expect([reports.now("hosts"), reports.most("hosts"), reports.now("none")]).toEqual([100, 80, 0])
  expect([reports.series("pcap", "kernelDrops"), reports.series("xdp", "kernelDrops"), reports.names]).toEqual([
    [8, 2],
    [],
    ["pcap"]
  ])
})

test("the first backend that is down", () => {
  const reports = new WorkerReports(2)
  expect(reports.down()).toBeUndefined()
  reports.set(1, report(1, 1, "no right"))
  expect([reports.down(), reports.down("pcap"), reports.down("xdp")]).toEqual([
    "pcap: no right",
    "pcap: no right",
    undefined
  ])
})

test("a report is a copy", () => {
  const counts = { hit: 1 }
  const chain = { members: [{ name: "a", lookups: counts, stat: () => 1, down: () => undefined }] }
  const copied = reportOf(
    chain as never,
    { stats: () => ({ answers: 1, answersEvicted: 2, repeated: 3 }) } as never,
    { counts: { hosts: 4, hostsEvicted: 5, syns: 6, matched: 7 } } as never
  )
  counts.hit = 2
  expect(copied.members[0]!.lookups as unknown).toEqual({ hit: 1 })
  expect(copied.counts).toEqual({
    answers: 1,
    answersEvicted: 2,
    repeated: 3,
    hosts: 4,
    hostsEvicted: 5,
    syns: 6,
    matched: 7
  })
})
