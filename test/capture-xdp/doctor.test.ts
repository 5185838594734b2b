/** doctor on this machine: with the rights and without, with pins and without, a hook that is taken, bpf(2) blocked by seccomp. */
import { describe, expect } from "bun:test"
import * as Effect from "effect/Effect"
import { xdp } from "@synprint/capture-xdp"
import type { CaptureOptions, Check } from "@synprint/service"
import { doctorOf } from "@synprint/service/testing"
import { clientLinks } from "../lib/links.ts"
import { run } from "../lib/process.ts"
import { requires, testWith } from "../lib/requires.ts"
import { withXdp, xdpOptions } from "./harness.ts"
import { BPF_NETNS } from "./needs.ts"

const { one: link } = await clientLinks(BPF_NETNS)

const ask = (options: CaptureOptions): Promise<ReadonlyArray<Check>> => Effect.runPromise(doctorOf(xdp, options))
const of = (checks: ReadonlyArray<Check>, name: string) => checks.filter((check) => check.name === name)

describe("doctor", () => {
  testWith(BPF_NETNS, "as root all is well: it loads, and says which hook and why", async () => {
    const checks = await ask(xdpOptions("auto", [link.here.interface]))
    expect(checks.filter(({ result }) => result === "fail")).toEqual([])
    expect(of(checks, "xdp: load")[0]!.detail).toMatch(
      /^syn_tc, syn_xdp and all maps in \d+ ms, 2\.1 MiB for 8192 SYNs$/
    )
    expect(of(checks, `xdp: ${link.here.interface}`)[0]!.detail).toMatch(
      /TCX|clsact.*veth is a virtual interface.*MTU 1500/
    )
    expect(of(checks, "xdp: bpf(2)")[0]!.detail).toBe("allowed")
    expect(of(checks, "xdp: bpffs")[0]).toMatchObject({ result: "warn", next: expect.stringContaining("mount -t bpf") })
  })

  testWith([...BPF_NETNS, requires.binaries("ethtool")], "offloads, as ethtool lists them", async () => {
    const name = link.here.interface
    const said = async () => of(await ask(xdpOptions("tc", [name])), `xdp: ${name}`).map(({ detail }) => detail)
    const listed = async () => {
      const lines = await run(["ethtool", "-k", name])
      const state = (feature: string) => /on|off/.exec(lines.split(`\n${feature}: `)[1]!)![0]
      // ethtool has names of its own for three of them.
      return (
        `offloads: rx-lro ${state("large-receive-offload")}, rx-gro-hw ${state("rx-gro-hw")}, ` +
        `rx-gro ${state("generic-receive-offload")}, rx-vlan-hw-parse ${state("rx-vlan-offload")}`
      )
    }
    expect(await said()).toContain(await listed())
    const before = await listed()
    await run(["ethtool", "-K", name, "gro", before.includes("rx-gro on") ? "off" : "on"])
    expect(await listed()).not.toBe(before)
    expect(await said()).toContain(await listed())
  })

  testWith(BPF_NETNS, "a taken hook, an interface that is not there, pins that are not there", async () => {
    await withXdp(xdpOptions("native", [link.here.interface]), async () => {
      const checks = await ask(xdpOptions("native", [link.here.interface]))
      const held = of(checks, `xdp: ${link.here.interface}`).find(({ result }) => result === "fail")!
      expect(held.detail).toMatch(/XDP \(native\) is held by program \d+ \(syn_xdp\)/)
      expect(held.next).toContain('hook = "tc"')
    })
    expect(of(await ask(xdpOptions("tc", ["nosuch0"])), "xdp: nosuch0")[0]!.result).toBe("fail")
    const reader = await ask(xdpOptions("auto", [], {}, { attach: false, pin: "/sys/fs/bpf/nosuch" }))
    expect(of(reader, "xdp: pins")[0]).toMatchObject({ result: "fail", detail: "no pins are there" })
  })
})
