/** Pure parts: filter, counters, retention, choice of hooks, names of pins, reasons. */
import { describe, expect, test } from "bun:test"
import { possibleCpus, sumCounters, COUNTERS_BYTES } from "./map/counters.ts"
import { chooseHooks } from "./attach/hook-choice.ts"
import { lossLines } from "./minute-report.ts"
import { linkPin } from "./pins/pins.ts"
import { pinFailure } from "./pins/pin-failure.ts"
import { Retention } from "./map/retention.ts"
import { ADDRESS4, ADDRESS6, ADDRESSES4, ADDRESSES6, CLIENT_KEY, encodeFilter, PORT, PORTS } from "./settings.ts"

const ALL = { ports: [], addresses: [], key: "connection" } as const

describe("filter", () => {
  const view = (filter: Parameters<typeof encodeFilter>[0]) => {
    const bytes = encodeFilter(filter)
    if (typeof bytes === "string") throw new Error(bytes)
    return new DataView(bytes.buffer)
  }

  test("ports and addresses of both families, in network order; a mapped address is IPv4", () => {
    const some = view({ ...ALL, ports: [443, 8443, 443], addresses: ["192.0.2.1", "::ffff:192.0.2.2", "2001:db8::1"] })
    expect([some.getUint32(PORTS, true), some.getUint16(PORT), some.getUint16(PORT + 2)]).toEqual([2, 443, 8443])
    expect([some.getUint32(ADDRESSES4, true), some.getUint32(ADDRESSES6, true)]).toEqual([2, 1])
    expect([some.getUint32(ADDRESS4), some.getUint32(ADDRESS4 + 4)]).toEqual([0xc0000201, 0xc0000202])
    expect([some.getUint32(ADDRESS6), some.getUint32(ADDRESS6 + 12)]).toEqual([0x20010db8, 1])
  })

  test("an unspecified address means all; the key mode is passed on", () => {
    for (const any of ["0.0.0.0", "::"]) {
      const all = view({ ...ALL, addresses: ["192.0.2.1", any], key: "client" })
      expect([all.getUint32(ADDRESSES4, true), all.getUint32(ADDRESSES6, true)]).toEqual([0, 0])
      expect(all.getUint32(CLIENT_KEY, true)).toBe(1)
    }
  })

  test("what does not fit is refused with the limit", () => {
    const numbers = Array.from({ length: 17 }, (_, n) => n + 1)
    expect(encodeFilter({ ...ALL, ports: numbers })).toContain("17 ports, the program holds 16")
    expect(encodeFilter({ ...ALL, addresses: numbers.map((n) => `192.0.2.${n}`) })).toContain("17 addresses")
    expect(encodeFilter({ ...ALL, ports: [0] })).toContain("expected a port")
    expect(encodeFilter({ ...ALL, addresses: ["localhost"] })).toContain("expected an IPv4 or IPv6 address")
  })
})

describe("counters", () => {
  test("sums over processors, beyond 32 bits", () => {
    const values = new BigUint64Array((2 * COUNTERS_BYTES) / 8)
    values[0] = 5n
    values[COUNTERS_BYTES / 8] = 1n << 40n
    expect(sumCounters(new Uint8Array(values.buffer)).syns).toBe(2 ** 40 + 5)
  })

  test("possible processors", () => {
    expect(possibleCpus("0-3\n")).toBe(4)
    expect(possibleCpus("0\n")).toBe(1)
    expect(possibleCpus("0,2-7\n")).toBe(8)
  })

  test("retention is the time of the last `capacity` insertions", () => {
    const retention = new Retention()
    for (let second = 0; second <= 10; second++) retention.sample(second * 1000, second * 100)
    expect(retention.retentionMs(10_000, 1000, 250)).toBeCloseTo(2500)
    expect(retention.retentionMs(10_000, 1000, 2000)).toBe(0)
    // A flood within the current second.
    expect(retention.retentionMs(10_500, 101_000, 1000)).toBeCloseTo(5)
  })
})

describe("what the minute's line says", () => {
  const quiet = { map_full: 0, extension_limit: 0, evictions: 0, retention_ms: 0, stored: 0 }

  test("nothing when nothing was lost, or what made room was old", () => {
    expect(lossLines(quiet, { ...quiet, stored: 500 })).toEqual([])
    expect(lossLines(quiet, { ...quiet, evictions: 9, retention_ms: 30_000 })).toEqual([])
  })

  test("how many, after how long, and what to do", () => {
    expect(lossLines(quiet, { ...quiet, evictions: 900, retention_ms: 65.4, stored: 1000 })).toEqual([
      "xdp: 900 SYNs were evicted by newer ones, the last after 65 ms: 1000 arrived in a minute (raise [capture] capacity if lookups miss)"
    ])
    expect(lossLines(quiet, { ...quiet, map_full: 2, extension_limit: 3 }).length).toBe(2)
  })
})

describe("hook = auto", () => {
  const kernel = [6, 1]
  test.each([
    ["ixgbe", "0000:01:00.0", ["native", "tc", "generic"]],
    ["veth", "", ["tc", "generic"]],
    ["virtio_net", "0000:00:03.0", ["tc", "generic"]],
    ["ena", "0000:00:05.0", ["tc", "generic"]]
  ])("%s", (name, bus, hooks) => {
    expect(chooseHooks("auto", { name, bus }, kernel).hooks).toEqual(hooks as never)
  })

  test("no XDP before 5.18, nor for an unknown driver; what is named is kept", () => {
    expect(chooseHooks("auto", { name: "ixgbe", bus: "0000:01:00.0" }, [5, 10])).toEqual({
      hooks: ["tc"],
      reason: "XDP needs Linux 5.18, this is 5.10"
    })
    expect(chooseHooks("auto", undefined, kernel).hooks).toEqual(["tc", "generic"])
    expect(chooseHooks("generic", { name: "veth", bus: "" }, kernel).hooks).toEqual(["generic"])
  })
})

test("names of pins have no dot and no slash", () => {
  expect(linkPin("/sys/fs/bpf/synprint", "tc", "eth0.77")).toBe("/sys/fs/bpf/synprint/v1/link_tc_eth0%2e77")
  expect(linkPin("/p", "cgroup", "/sys/fs/cgroup/a.b")).toBe("/p/v1/link_cgroup_%2fsys%2ffs%2fcgroup%2fa%2eb")
})

describe("why pins can't be opened", () => {
  test("none, and an old kernel", () => {
    const none = pinFailure("/proc/self/none", "/proc/self/none/v1/syns", -2, [6, 1])
    expect(none.message).toContain("no pins are there")
    expect(none.kind).toBe("failure")
    const old = pinFailure("/proc/self", "/proc/self/status", -1, [5, 15])
    expect(old.message).toContain("Linux 5.15 lets only CAP_BPF read maps")
    expect(old.kind).toBe("privilege")
  })

  test("the file mode", () => {
    const mode = pinFailure("/p", "/proc/self/none", -13, [6, 1])
    expect(mode.message).toContain("the file mode of the pin")
    expect(mode.message).toContain("pin_group")
  })
})
