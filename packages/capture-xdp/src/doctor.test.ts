/** What doctor says of kernels, rights and limits that this machine does not have. */
import { describe, expect, test } from "bun:test"
import { capabilityCheck, kernelCheck, memlockCheck } from "./doctor-rights.ts"

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
