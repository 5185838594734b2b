import { expect, test } from "bun:test"
import { Metrics } from "./metrics.ts"

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
