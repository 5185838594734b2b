import { expect, test } from "bun:test"
import type { CaptureSeries } from "../capture/backend.ts"
import { registerCaptureMetrics } from "./capture-metrics.ts"
import { Metrics } from "./metrics.ts"

test("every series of a backend, by its labels, read when it is asked for", () => {
  const metrics = new Metrics("x")
  let isUp = true
  const stats: Record<CaptureSeries, number> = {
    kernelDrops: 1,
    interfaceDrops: 2,
    evictions: 3,
    syns: 4,
    entries: 5,
    retentionMs: 6500
  }
  registerCaptureMetrics(metrics, {
    name: "tap",
    lookups: (result) => (result === "hit" ? 10 : result === "stale" ? 20 : 0),
    stat: (series) => stats[series],
    isUp: () => isUp
  })
  const of = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    metrics.value(name, { backend: "tap", ...labels })
  expect(of("synprint_lookups_total", { result: "hit" })).toBe(10)
  expect(of("synprint_lookups_total", { result: "stale" })).toBe(20)
  expect(of("synprint_lookups_total", { result: "syncookie" })).toBe(0)
  expect(of("synprint_capture_drops_total", { where: "kernel" })).toBe(1)
  expect(of("synprint_capture_drops_total", { where: "interface" })).toBe(2)
  expect(of("synprint_capture_evictions_total")).toBe(3)
  expect(of("synprint_capture_syns_total")).toBe(4)
  expect(of("synprint_capture_entries")).toBe(5)
  expect(of("synprint_syn_retention_seconds")).toBe(6.5)
  expect(of("synprint_backend_up")).toBe(1)
  isUp = false
  stats.entries = 0
  expect([of("synprint_backend_up"), of("synprint_capture_entries")]).toEqual([0, 0])
})
