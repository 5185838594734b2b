/** Attaching and pinning as uid 65534: exactly two capabilities are enough, fewer are refused with what to grant. */
import { describe, expect } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { connections } from "../lib/connections.ts"
import { listen, tally } from "../lib/capture.ts"
import { until } from "../lib/until.ts"
import { ENVIRONMENT, SYNPRINT } from "../lib/agent.ts"
import { asNobody, bundle } from "../lib/capability.ts"
import { clientLinks } from "../lib/links.ts"
import { run, start } from "../lib/process.ts"
import { requires, testWith } from "../lib/requires.ts"
import { mountBpffs } from "./bpffs.ts"
import { ownCgroup, withXdp, xdpOptions } from "./harness.ts"
import { BPF_NETNS, isMissing } from "./needs.ts"
import { probeBundle } from "./probe-bundle.ts"

const NEEDS = [...BPF_NETNS, requires.binaries("setpriv")]
const { one: link } = await clientLinks(NEEDS)
const made = probeBundle(NEEDS)

describe("uid 65534", () => {
  using group = isMissing(NEEDS) ? undefined : ownCgroup("agent-probe")
  const canEnter = group !== undefined
  const attaching = (hook: "native" | "generic" | "tc") => xdpOptions(hook, [link.here.interface])
  for (const hook of ["native", "generic", "tc"] as const) {
    testWith(NEEDS, `${hook}: CAP_BPF and CAP_NET_ADMIN are enough`, async () => {
      const words = [process.execPath, made.probe, JSON.stringify({ options: attaching(hook), count: 4 })]
      await using nobody = start(asNobody(["bpf", "net_admin"], words), { cwd: "/" })
      const port = Number((await nobody.line(/^port /)).slice(5))
      await connections(link.there, link.here.ipv4, port, 2)
      await connections(link.there, link.here.ipv6, port, 2)
      expect(await nobody.line(/^tally /)).toBe('tally {"hit":4}')
    })
  }

  testWith(
    [...NEEDS, { missing: canEnter ? undefined : "cgroup2 that this process may enter", isOptional: true }],
    "cgroup: they are enough",
    async () => {
      using group = ownCgroup("nobody")!
      const options = xdpOptions("cgroup", [], {}, { cgroup: group.path })
      await using nobody = start(
        asNobody(["bpf", "net_admin"], [process.execPath, made.probe, JSON.stringify({ options, count: 2 })]),
        {
          cwd: "/"
        }
      )
      const port = Number((await nobody.line(/^port /)).slice(5))
      await connections(link.there, link.here.ipv4, port, 1)
      await connections(link.there, link.here.ipv6, port, 1)
      expect(await nobody.line(/^tally /)).toBe('tally {"hit":2}')
    }
  )

  for (const capabilities of [[], ["bpf"], ["net_admin"]]) {
    testWith(NEEDS, `with ${capabilities.join() || "nothing"}: 77, and what to grant`, async () => {
      const words = [process.execPath, made.probe, JSON.stringify({ options: attaching("tc"), count: 1 })]
      await using nobody = start(asNobody(capabilities, words), { cwd: "/" })
      expect(await nobody.ended).toBe(77)
      expect(nobody.complaint()).toMatch(/^xdp: cannot (load the eBPF program|attach TCX)[^]*EPERM/m)
      expect(nobody.complaint()).toContain("AmbientCapabilities=CAP_BPF CAP_NET_ADMIN")
    })
  }

  testWith(NEEDS, "the agent pins into a directory of its own", async () => {
    using bpffs = mountBpffs()
    const own = path.join(bpffs.root, "own")
    fs.mkdirSync(own)
    fs.chownSync(own, 65534, 65534)
    const executable = path.join(made.directory, "agent-bundle")
    fs.mkdirSync(executable, { recursive: true })
    fs.chmodSync(executable, 0o755)
    const main = await bundle(`${import.meta.dir}/../../packages/cli/src/main.ts`, executable)
    const words = [process.execPath, main, "agent", "--interface", link.here.interface]
    const settings = [`capture.xdp.pin=${own}`, "admin.listen="].flatMap((setting) => ["--set", setting])
    await using agent = start(asNobody(["bpf", "net_admin"], [...words, ...settings]), { cwd: "/" })
    await until(() => agent.complaint().includes("pins in"), "the agent is up").catch((error) => {
      throw new Error(`${error}\n${agent.complaint()}`)
    })
    await withXdp(xdpOptions("auto", [], {}, { attach: false, pin: own }), async (capture) => {
      using server = listen(capture)
      await connections(link.there, link.here.ipv4, server.port, 3)
      expect(tally(server.take())).toEqual({ hit: 3 })
    })
    await agent.stop()
    await run(
      [...SYNPRINT, "agent", "--detach", "--interface", link.here.interface, "--set", `capture.xdp.pin=${own}`],
      {
        env: ENVIRONMENT as Record<string, string>
      }
    )
  })
})
