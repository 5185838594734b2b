import { expect, test } from "bun:test"
import { Histogram, Metrics, VERSION } from "./metrics.ts"

test("text: HELP and TYPE once per name, labels escaped, families in order", () => {
  const metrics = new Metrics("spoa")
  const hits = metrics.counter("synprint_lookups_total", "Lookups by result.", { backend: "pcap", result: "hit" })
  metrics.counter("synprint_lookups_total", "Lookups by result.", { backend: "pcap", result: 'a"b\\c\nd' })
  let depth = 3
  metrics.read("synprint_depth", "gauge", "Depth.", () => depth)
  hits.value += 2
  depth = 7
  const lines = metrics.text().split("\n")
  const at = lines.indexOf("# HELP synprint_lookups_total Lookups by result.")
  expect(lines.slice(at, at + 4)).toEqual([
    "# HELP synprint_lookups_total Lookups by result.",
    "# TYPE synprint_lookups_total counter",
    'synprint_lookups_total{backend="pcap",result="hit"} 2',
    'synprint_lookups_total{backend="pcap",result="a\\"b\\\\c\\nd"} 0'
  ])
  expect(lines).toContain("synprint_depth 7")
  expect(metrics.text()).toMatch(/synprint_build_info\{program="spoa",version="[\d.]+",bun="[\d.]+"\} 1\n/)
  expect(metrics.text().endsWith("\n")).toBe(true)
  expect(metrics.value("synprint_lookups_total", { backend: "pcap", result: "hit" })).toBe(2)
})

test("a histogram's buckets are cumulative and end with +Inf", () => {
  const metrics = new Metrics("x")
  const h = metrics.histogram("synprint_syn_retention_seconds", "Age of a SYN when it is asked for.", [0.01, 1], {
    backend: "pcap"
  })
  for (const value of [0.005, 0.01, 0.5, 9]) h.observe(value)
  expect(metrics.text()).toContain(
    [
      'synprint_syn_retention_seconds_bucket{backend="pcap",le="0.01"} 2',
      'synprint_syn_retention_seconds_bucket{backend="pcap",le="1"} 3',
      'synprint_syn_retention_seconds_bucket{backend="pcap",le="+Inf"} 4',
      'synprint_syn_retention_seconds_sum{backend="pcap"} 9.515',
      'synprint_syn_retention_seconds_count{backend="pcap"} 4'
    ].join("\n")
  )
})

test("a removed series is gone; one that took its place stays", () => {
  const metrics = new Metrics("x")
  const remove = metrics.read("synprint_a", "gauge", "A.", () => 1)
  metrics.read("synprint_a", "gauge", "A.", () => 2)
  remove()
  expect(metrics.value("synprint_a")).toBe(2)
})

test("the process: its start, its memory and its time, in seconds and bytes", () => {
  const metrics = new Metrics("x")
  const started = metrics.value("process_start_time_seconds")!
  expect(Math.abs(started + process.uptime() - Date.now() / 1000)).toBeLessThan(5)
  expect(metrics.value("process_resident_memory_bytes")).toBeGreaterThan(1_000_000)
  const { user, system } = process.cpuUsage()
  const cpu = metrics.value("process_cpu_seconds_total")!
  expect(cpu).toBeGreaterThanOrEqual((user + system) / 1e6)
  expect(cpu).toBeLessThan((user + system) / 1e6 + 5)
  expect(metrics.value("synprint_build_info", { program: "x", version: VERSION, bun: Bun.version })).toBe(1)
})

test("a histogram counts each value once, those above every bound too", () => {
  const histogram = new Histogram([1, 2])
  for (const value of [1, 1.5, 2, 3, 4]) histogram.observe(value)
  expect([[...histogram.counts], histogram.sum]).toEqual([[1, 2, 2], 11.5])
})

test("counters alone, by name and labels", () => {
  const metrics = new Metrics("x")
  metrics.counter("synprint_a_total", "A.", { b: "c" }).value = 3
  metrics.counter("synprint_a_total", "A.").value = 4
  metrics.read("synprint_gauge", "gauge", "G.", () => 5)
  metrics.histogram("synprint_h", "H.", [1])
  expect(metrics.counters()).toEqual({
    'synprint_a_total{b="c"}': 3,
    synprint_a_total: 4,
    process_cpu_seconds_total: expect.any(Number)
  })
})

test("families in the order of their names; one without series is left out, help is escaped", () => {
  const metrics = new Metrics("x")
  metrics.read("synprint_b", "gauge", "B.", () => Number.POSITIVE_INFINITY)
  metrics.read("synprint_a", "gauge", "a \\ and\na line", () => 1, {})
  const remove = metrics.read("synprint_c", "gauge", "C.", () => 1)
  remove()
  const names = [...metrics.text().matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
  expect(names).toEqual(names.toSorted())
  expect(names).not.toContain("synprint_c")
  expect(metrics.text()).toContain("# HELP synprint_a a \\\\ and\\na line\n# TYPE synprint_a gauge\nsynprint_a 1\n")
  expect(metrics.text()).toContain("\nsynprint_b +Inf\n")
  expect(metrics.value("synprint_none")).toBeUndefined()
  expect(metrics.value("synprint_a", { other: "label" })).toBeUndefined()
})
