/** Reports for the operator: missed interfaces, losses, doctor. */
import { describe, expect, test } from "bun:test"
import { makeConnectionKey, parseConnectionKey } from "@synprint/core"
import type { PcapOptions } from "./config.ts"
import { addressChecks, bufferCheck, capabilityCheck, interfaceChecks, promiscuousChecks } from "./doctor.ts"
import { nextPauseMs } from "./drain-timer.ts"
import { parseProcNetDev } from "@synprint/linux"
import { lossLines } from "./minute-report.ts"
import { MissedConnection, missedInterface } from "./missed-interface.ts"

const ADDRESSES = [
  { interface: "lo", address: "127.0.0.1" },
  { interface: "eth0", address: "192.0.2.10" },
  { interface: "eth1", address: "198.51.100.7" },
  { interface: "eth1", address: "2001:db8::7" }
]

describe("an interface that is not captured", () => {
  test.each([
    ["the server's", "203.0.113.1", "198.51.100.7", ["eth0"], "eth1"],
    ["the server's, IPv6", "2001:db8::1", "2001:db8::7", ["eth0"], "eth1"],
    ["none: it is captured", "203.0.113.1", "198.51.100.7", ["eth0", "eth1"], undefined],
    ["none: the address is not ours", "203.0.113.1", "203.0.113.2", ["eth0"], undefined],
    ["lo for a client on this machine", "192.0.2.10", "198.51.100.7", ["eth0", "eth1"], "lo"],
    ["lo for a client with the same address", "198.51.100.7", "198.51.100.7", ["eth1"], "lo"]
  ])("%s", (_, client, server, captured, name) => {
    expect(missedInterface(client, server, captured, ADDRESSES)?.interface).toBe(name as string)
  })

  test("is named once per report, with the number of lookups", () => {
    const missed = new MissedConnection()
    const key = makeConnectionKey()
    parseConnectionKey("203.0.113.1", 1025, "198.51.100.7", 443, key)
    missed.note(key)
    missed.note(key)
    expect(missed.explain(["eth0"], ADDRESSES)).toBe(
      "pcap: 2 lookups found no SYN: 198.51.100.7 is on eth1, which is not captured " +
        "(captured: eth0; add it to [capture] interface)"
    )
    expect(missed.explain(["eth0"], ADDRESSES)).toBeUndefined()
    missed.note(key)
    expect(missed.explain(["any"], ADDRESSES)).toBeUndefined()
  })
})

test("losses are said with what to do, and only new ones", () => {
  const before = { kernel_drops: 5, received: 100, evictions: 0, feed_kernel_drops: 0 }
  expect(lossLines(before, before)).toEqual([])
  expect(
    lossLines(before, { kernel_drops: 15, received: 140, evictions: 3, retention_ms: 327.6, feed_kernel_drops: 2 })
  ).toEqual([
    "pcap: the kernel dropped 10 of 40 packets, the ring was full (raise [capture.pcap] buffer, or narrow [capture] ports and addresses)",
    "pcap: the kernel dropped 2 packets of the p0f feed (raise [capture.pcap] buffer)",
    "pcap: 3 SYNs were evicted by newer ones before max_age, the last after 328 ms (raise [capture] capacity if lookups miss)"
  ])
})

test.each([
  [0, 100, 100],
  [1, 100, 100],
  [512, 100, 100],
  [5120, 100, 10],
  [51_200, 100, 1],
  [1_000_000, 100, 1],
  [512, 1, 1],
  [51, 1, 10],
  [0, 1, 100]
])("the timer: %p packets in %p ms, next in %p ms", (packets, pause, next) => {
  expect(nextPauseMs(packets, pause)).toBeCloseTo(next, 0)
})

test("interfaces are read from /proc/net/dev, aliases and all", () => {
  const text = "Inter-|   Receive\n face |bytes\n    lo:    5372      56\n  eth0.100:       0\nveth@x: 1\n"
  expect(parseProcNetDev(text)).toEqual(["lo", "eth0.100", "veth@x"])
})

describe("doctor", () => {
  const options = (addresses: ReadonlyArray<string>): PcapOptions => ({
    filter: { ports: [], addresses, key: "connection" },
    interfaces: [],
    capacity: 16,
    maxAgeMs: 1,
    feed: false,
    backends: {},
    config: { snaplen: 256, bufferBytes: 16 << 20, promiscuous: false }
  })

  test("capability", () => {
    const status = (effective: string, bounding: string): string => `CapEff:\t${effective}\nCapBnd:\t${bounding}\n`
    const all = "000001ffffffffff"
    const none = "0000000000000000"
    expect(capabilityCheck(status(all, all)).result).toBe("ok")
    expect(capabilityCheck(status("0000000000002000", "0000000000002000")).result).toBe("ok")
    expect(capabilityCheck(status("0000000000001000", all))).toMatchObject({ result: "fail", detail: "not effective" })
    expect(capabilityCheck(status(none, all)).next).toContain("AmbientCapabilities=CAP_NET_RAW")
    expect(capabilityCheck(status(none, none)).detail).toContain("bounding set")
  })

  test("interfaces and addresses", () => {
    expect(interfaceChecks(["any", "eth9"], ["lo", "eth0"]).map((check) => check.result)).toEqual(["ok", "fail"])
    const checks = addressChecks(options(["198.51.100.7", "192.0.2.10", "203.0.113.1", "::"]), ["eth0"], ADDRESSES)
    expect(checks.map((check) => check.result)).toEqual(["fail", "ok", "warn"])
    expect(checks[0]!.next).toBe("add eth1 to [capture] interface")
    expect(addressChecks(options(["198.51.100.7"]), ["any"], ADDRESSES)).toEqual([])
  })

  test("promiscuous", () => {
    const promiscuous = { ...options([]), config: { ...options([]).config, promiscuous: true } }
    expect(promiscuousChecks(promiscuous, ["any"]).map((check) => check.result)).toEqual(["warn"])
    expect(promiscuousChecks(promiscuous, ["eth0"])).toEqual([])
    expect(promiscuousChecks(options([]), ["any"])).toEqual([])
  })

  test("ring", () => {
    const small = { ...options([]), config: { snaplen: 65535, bufferBytes: 2 << 20, promiscuous: false } }
    expect(bufferCheck(options([])).result).toBe("ok")
    expect(bufferCheck(small)).toMatchObject({ result: "warn", detail: "31 SYNs of 65535 bytes" })
  })
})
