/** The executable of `bun run build`, as an unprivileged user from an empty directory, with CAP_NET_RAW and without. */
import { beforeAll, expect } from "bun:test"
import * as fs from "node:fs"
import { writeSynFlood } from "@synprint/core/testing"
import { run } from "../lib/process.ts"
import { needs, openSite, type HaproxySite } from "../lib/site.ts"
import { countValues } from "../lib/expected.ts"
import { asNobody } from "../lib/capability.ts"
import { testWith } from "../lib/requires.ts"
import { BPF } from "../capture-xdp/needs.ts"

const NEEDS = needs("setpriv", "setcap")
const ROOT = `${import.meta.dir}/../..`

/** uid 65534 with exactly these capabilities and no environment. */
const nobody = (...capabilities: ReadonlyArray<string>) => asNobody(capabilities, ["env", "-i"])

beforeAll(async () => {
  if (NEEDS.some((each) => each.missing !== undefined)) return
  const build = Bun.spawn([process.execPath, "run", "build"], { cwd: ROOT, stdout: "ignore", stderr: "pipe" })
  const complaint = await new Response(build.stderr).text()
  if ((await build.exited) !== 0) throw new Error(`bun run build: ${complaint}`)
}, 300_000)

/** The executable where uid 65534 can reach it, and an empty directory. */
function install(site: HaproxySite): { readonly program: string; readonly empty: string } {
  const program = `${site.directory}/synprint`
  fs.copyFileSync(`${ROOT}/dist/synprint`, program)
  fs.chmodSync(program, 0o755)
  const empty = `${site.directory}/empty`
  fs.mkdirSync(empty)
  return { program, empty }
}

/** HAProxy's last health check of the agent: L7OK after a whole HELLO exchange. */
async function checkStatus(site: HaproxySite): Promise<string> {
  const haproxy = await site.haproxy({ example: "haproxy.cfg" })
  const deadline = performance.now() + 20_000
  for (;;) {
    const [names, ...rows] = (await haproxy.command("show stat"))
      .trim()
      .split("\n")
      .map((line) => line.split(","))
    const agent = rows.find((row) => row[0] === "be_synprint" && row[1] === "agent")
    const status = agent?.[names!.indexOf("check_status")] ?? "no such server"
    // Checked once a second: INI before, and "* " in front while the next one runs.
    if (status === "L7OK" || performance.now() > deadline) return status
    await Bun.sleep(50)
  }
}

testWith(
  NEEDS,
  "starts with CAP_NET_RAW only, answers the HELLO health check and fingerprints both families",
  async () => {
    await using site = await openSite()
    const { program, empty } = install(site)
    const agent = await site.agent('[capture]\nbackend = "pcap"\n', {
      program: [...nobody("net_raw"), program],
      cwd: empty
    })
    const status = fs.readFileSync(`/proc/${agent.pid}/status`, "utf8")
    expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).toBe("65534")
    // CAP_NET_RAW is bit 13
    expect(/^CapEff:\s+(\S+)/m.exec(status)?.[1]).toBe("0000000000002000")
    expect(await checkStatus(site)).toBe("L7OK")
    for (const host of [site.server.ipv4, site.server.ipv6])
      expect(countValues(await site.load({ host, connections: 20, concurrency: 4 }), "x-tcp-status")).toEqual({
        ok: 20
      })
    expect(fs.readdirSync(empty)).toEqual([])
    expect(await agent.stop()).toBe(0)
  },
  120_000
)

testWith(
  NEEDS,
  "without it: exit 77 and the grant when pcap is named; auto starts and says what it lacks",
  async () => {
    await using site = await openSite()
    const { program, empty } = install(site)
    const config = `${site.directory}/pcap.toml`
    fs.writeFileSync(config, '[capture]\nbackend = "pcap"\n')
    const refused = Bun.spawnSync([...site.server.inside, ...nobody(), program, "spoa", "--config", config], {
      cwd: empty
    })
    expect(refused.exitCode).toBe(77)
    expect(refused.stderr.toString()).toContain("AmbientCapabilities=CAP_NET_RAW")
    expect(refused.stderr.toString()).toContain("setpriv")

    const agent = await site.agent("", { program: [...nobody(), program], cwd: empty })
    expect(agent.log()).toContain("CAP_NET_RAW")
    expect(await checkStatus(site)).toBe("L7OK")
    const result = await site.load({ host: site.server.ipv4, connections: 5 })
    expect(result.errors).toEqual([])
    expect(Object.keys(countValues(result, "x-tcp-status"))).not.toContain("ok")
    expect(countValues(result, "x-tcp-status")).not.toHaveProperty("agent_down")
    expect(await agent.stop()).toBe(0)
  },
  120_000
)

testWith(
  NEEDS,
  "with the capability in the file, as the Dockerfile sets it",
  async () => {
    await using site = await openSite()
    const { program, empty } = install(site)
    await run([...site.server.inside, "setcap", "cap_net_raw+ep", program])
    const identity = [
      "setpriv",
      "--reuid",
      "65534",
      "--regid",
      "65534",
      "--clear-groups",
      "--bounding-set",
      "-all,+net_raw"
    ]
    await site.agent('[capture]\nbackend = "pcap"\n', { program: [...identity, "env", "-i", program], cwd: empty })
    expect(await checkStatus(site)).toBe("L7OK")
    expect(countValues(await site.load({ host: site.server.ipv6, connections: 20 }), "x-tcp-status")).toEqual({
      ok: 20
    })
  },
  120_000
)

testWith(
  [...NEEDS, ...BPF],
  "carries the eBPF program: with CAP_BPF and CAP_NET_ADMIN it loads, attaches and finds every SYN",
  async () => {
    await using site = await openSite()
    const { program, empty } = install(site)
    const name = site.server.interface
    await site.agent(`[capture]\nbackend = "xdp"\ninterface = "${name}"\n`, {
      program: [...nobody("bpf", "net_admin"), program],
      cwd: empty
    })
    await site.haproxy({ example: "haproxy.cfg" })
    for (const host of [site.server.ipv4, site.server.ipv6]) {
      const result = await site.load({ host, connections: 20, concurrency: 4 })
      expect(countValues(result, "x-tcp-status")).toEqual({ ok: 20 })
    }
  },
  120_000
)

testWith(
  NEEDS,
  "reads a large capture with two threads, without a capability",
  async () => {
    await using site = await openSite()
    const { program, empty } = install(site)
    const path = `${site.directory}/flood.pcap`
    writeSynFlood({ path, packets: 800_000, addresses: 10_000 })
    const words = [...nobody(), program, "read", "--format", "none"]
    const two = Bun.spawnSync([...words, path], { cwd: empty, stderr: "pipe" })
    const one = Bun.spawnSync([...words, "-"], { cwd: empty, stdin: Bun.file(path), stderr: "pipe" })
    expect([two.stderr.toString(), one.stderr.toString()]).toEqual(["", ""])
    expect(two.stdout.toString()).toStartWith("packets       800,000: ")
    expect(two.stdout.toString()).toBe(one.stdout.toString())
  },
  120_000
)
