import { expect, test } from "bun:test"
import { CAPABILITIES, type Capability, hasCapability, isSeccompFiltered, readProcessStatus } from "./process-status.ts"

/** linux/capability.h: the mask of each capability in a set. */
const MASKS: Readonly<Record<Capability, string>> = {
  CAP_NET_BIND_SERVICE: "0000000000000400",
  CAP_NET_ADMIN: "0000000000001000",
  CAP_NET_RAW: "0000000000002000",
  CAP_SYS_ADMIN: "0000000000200000",
  CAP_PERFMON: "0000004000000000",
  CAP_BPF: "0000008000000000"
}
const NAMES = Object.keys(CAPABILITIES) as ReadonlyArray<Capability>

test("each capability is its bit of the set that is asked for", () => {
  for (const [name, mask] of Object.entries(MASKS)) {
    const status = `Name:\tbun\nCapPrm:\t000001ffffffffff\nCapEff:\t${mask}\nCapBnd:\t0000000000000000\nCapAmb:\t000001ffffffffff\n`
    expect(NAMES.filter((each) => hasCapability(status, "CapEff", each))).toEqual([name as Capability])
    expect(NAMES.filter((each) => hasCapability(status, "CapBnd", each))).toEqual([])
  }
  expect(NAMES.filter((each) => hasCapability("", "CapEff", each))).toEqual([])
})

test("a seccomp filter is mode 2", () => {
  const filtered = (mode: number): boolean =>
    isSeccompFiltered(`NoNewPrivs:\t0\nSeccomp:\t${mode}\nSeccomp_filters:\t2\n`)
  expect([0, 1, 2].map(filtered)).toEqual([false, false, true])
})

test("the status is that of this process", () => {
  expect(readProcessStatus()).toContain(`\nPid:\t${process.pid}\n`)
})
