/** Doctor's checks of kernels, rights and limits that this machine does not have. */
import { describe, expect, test } from "bun:test"
import { offloadChecks } from "./offloads.ts"
import { capabilityCheck, kernelCheck, memlockCheck } from "./rights.ts"

describe("kernel", () => {
  test.each([
    [[5, 4], "fail", "5.8 is the oldest"],
    [[5, 10], "ok", "no XDP (5.18), TC by clsact (TCX: 6.6), cgroup, readers need CAP_BPF (free: 5.19)"],
    [[5, 18], "ok", "XDP, TC by clsact (TCX: 6.6), cgroup, readers need CAP_BPF"],
    [[5, 19], "ok", "readers without capability"],
    [[6, 6], "ok", "XDP, TCX, cgroup, readers without capability"]
  ] as const)("%p", (kernel, result, text) => {
    const check = kernelCheck(kernel)
    expect(check.result).toBe(result)
    expect(check.detail).toContain(text)
  })
})

describe("capabilities", () => {
  const both = ((1n << 12n) | (1n << 39n)).toString(16)
  const status = (effective: string, bounding: string) => `CapEff:\t${effective}\nCapBnd:\t${bounding}\n`

  test("effective, not effective, not allowed at all", () => {
    expect(capabilityCheck(status(both, both)).result).toBe("ok")
    expect(capabilityCheck(status("0", both))).toMatchObject({
      result: "fail",
      detail: "CAP_NET_ADMIN and CAP_BPF not effective"
    })
    const bounded = capabilityCheck(status("0", (1n << 12n).toString(16)))
    expect(bounded.detail).toBe("CAP_BPF not in the bounding set of this process")
    for (const word of ["--cap-add BPF", "cap_add:", "CapabilityBoundingSet=", "securityContext"]) {
      expect(bounded.next).toContain(word)
    }
  })
})

test("locked memory matters before 5.11", () => {
  const limits =
    "Limit                     Soft Limit           Hard Limit           Units\nMax locked memory         65536                65536                bytes\n"
  expect(memlockCheck([5, 10], limits)[0]).toMatchObject({ result: "fail", detail: expect.stringContaining("65536") })
  expect(memlockCheck([5, 10], limits.replaceAll("65536", "unlimited"))[0]!.result).toBe("ok")
  expect(memlockCheck([5, 11], limits)).toEqual([])
})

test("offloads: shown for every hook, with a warning where native XDP would be refused", () => {
  const active = new Set(["rx-lro", "rx-vlan-hw-parse", "tx-checksumming"])
  const tc = offloadChecks("eth0", "tc", active)
  expect(tc.map(({ result, detail }) => [result, detail])).toEqual([
    ["ok", "offloads: rx-lro on, rx-gro-hw off, rx-gro off, rx-vlan-hw-parse on"]
  ])
  const native = offloadChecks("eth0", "native", active)
  expect(native.map(({ result }) => result)).toEqual(["ok", "warn", "ok"])
  expect(native[1]).toMatchObject({ detail: expect.stringContaining("rx-lro is on") })
  expect(native[1]!.next).toContain("ethtool -K eth0 lro off")
  expect(native[2]!.detail).toContain("SYNs come without their tag")
  expect(offloadChecks("eth0", "native", undefined)).toEqual([])
})
