import { expect, spyOn, test } from "bun:test"
import type { MatcherStats, ObserverCounts } from "@synprint/core"
import { ReadProgress } from "./progress.ts"
import { printCounts, printReport } from "./report.ts"

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

test("nothing at all: no line for systems, no HTTP, no shares", () => {
  const none = {
    ...counts,
    packets: 0,
    verdicts: [0, 0, 0, 0, 0, 0],
    syns: 0,
    repeatedSyns: 0,
    synAcks: 0,
    matched: 0,
    hosts: 0,
    httpRequests: 0,
    httpResponses: 0
  } as unknown as ObserverCounts
  expect(printReport([none], { systems: new Map(), unknown: 0 })).toBe(
    "\npackets  0\nSYN      0, and 0 repeated\nSYN+ACK  0\nmatched  0\nhosts    0\n"
  )
})

test("systems of the same count in the order of their names; exactly ten leave no others", () => {
  const systems = new Map(["B", "A", ..."CDEFGHIJ"].map((name) => [name, 5]))
  const lines = printReport([counts], { systems, unknown: 0 }).split("\n")
  const from = lines.indexOf("SYNs by system")
  expect(lines.slice(from + 1, -1).map((line) => line.trim().slice(0, 1))).toEqual([..."ABCDEFGHIJ"])
  expect(lines.slice(from + 1, from + 2)).toEqual(["  A  5 (10.0 %)"])
  const eleven = printReport([counts], { systems: new Map([...systems, ["K", 1]]), unknown: 0 })
  expect(eleven).toContain("\n  1 others  1\n")
  expect(eleven).not.toContain("unknown")
})

test("counts alone: those of all observers, and fingerprints", () => {
  expect(printCounts([counts, counts], { misses: 1234 } as MatcherStats)).toBe(
    [
      "packets       2,400: tcp 2,000, other 300, fragment 100",
      "SYN           1,800, and 6 repeated",
      "SYN+ACK       200",
      "matched       1,000 (50.0 %)",
      "hosts         14",
      "fingerprints  1,234",
      ""
    ].join("\n")
  )
})

test("progress: the bar from nothing to the end and not beyond, an empty file without one", () => {
  const progress = new ReadProgress(() => {})
  progress.begin("a.pcap", 100e6)
  const bar = (bytes: number): string => progress.line(bytes, 0)
  expect(bar(0)).toBe(`a.pcap [${" ".repeat(24)}]   0 %  0 MB, 0 packets`)
  expect(bar(99.9e6)).toStartWith(`a.pcap [${"#".repeat(24)}]  99 %`)
  expect(bar(100e6)).toStartWith(`a.pcap [${"#".repeat(24)}] 100 %`)
  expect(bar(200e6)).toStartWith(`a.pcap [${"#".repeat(24)}] 100 %`)
  progress.begin("empty.pcap", 0)
  expect(bar(0)).toBe("empty.pcap: 0 MB, 0 packets")
})

test("progress: drawn at once for each file, then not before its time", () => {
  const written: Array<string> = []
  const now = spyOn(performance, "now")
  try {
    const progress = new ReadProgress((text) => written.push(text.replace("\r\u001b[K", "")))
    const show = (ms: number): void => {
      now.mockReturnValue(ms)
      progress.show(0, ms)
    }
    progress.begin("a", undefined)
    for (const ms of [1000, 1099, 1100, 1150, 1200]) show(ms)
    progress.begin("b", undefined)
    show(1201)
    expect(written).toEqual(
      [
        ["a", "1,000"],
        ["a", "1,100"],
        ["a", "1,200"],
        ["b", "1,201"]
      ].map(([name, packets]) => `${name}: 0 MB, ${packets} packets`)
    )
  } finally {
    now.mockRestore()
  }
})
