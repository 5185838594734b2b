import { expect, test } from "bun:test"
import type { ObserverCounts } from "@synprint/core"
import { ReadProgress } from "./progress.ts"
import { printReport } from "./report.ts"

const counts = {
  packets: 1200,
  verdicts: [1000, 150, 0, 50, 0, 0],
  syns: 900,
  repeatedSyns: 3,
  synAcks: 100,
  matched: 500,
  hosts: 7,
  httpRequests: 1,
  httpResponses: 1
} as unknown as ObserverCounts

test("verdicts that occurred, the ten commonest systems, the rest in one line", () => {
  const systems = new Map(Array.from({ length: 12 }, (_, n) => [`System ${n}`, 100 - n]))
  const lines = printReport([counts, counts], { systems, unknown: 6 }).split("\n")
  expect(lines[1]).toBe("packets  2,400: tcp 2,000, other 300, fragment 100")
  expect(lines).toContain("matched  1,000 (50.0 %)")
  expect(lines).toContain("HTTP     4 requests and responses")
  expect(lines).toContain("  System 0  100 (8.8 %)")
  expect(lines).toContain("  2 others  179")
  expect(lines).toContain("  unknown   6 (0.5 %)")
})

test("progress: a bar when the size is known, numbers alone for a pipe", () => {
  const written: Array<string> = []
  const progress = new ReadProgress((text) => written.push(text))
  progress.begin("some/where/a.pcap", 200e6)
  expect(progress.line(50e6, 1234)).toBe(`a.pcap [${"#".repeat(6)}${" ".repeat(18)}]  25 %  50 MB, 1,234 packets`)
  progress.begin("-", undefined)
  expect(progress.line(50e6, 1234)).toBe("stdin: 50 MB, 1,234 packets")
  progress.show(1, 1)
  progress.show(2, 2)
  progress.end()
  expect(written).toEqual(["\r\u001b[Kstdin: 0 MB, 1 packets", "\r\u001b[K"])
})
