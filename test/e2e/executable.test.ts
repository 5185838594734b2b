/** The executable of `bun run build`, as an unprivileged user from an empty directory, with CAP_NET_RAW and without. */
import { beforeAll, expect } from "bun:test"
import * as fs from "node:fs"
import { openSite, SERVER4, SERVER6, type Site } from "../lib/site.ts"
import { countValues } from "../lib/expected.ts"
import { missing, testWith } from "../lib/tools.ts"

const e2e = testWith("setpriv", "setcap")
const ROOT = `${import.meta.dir}/../..`
const PATIENT = ["processing 20ms", "processing 100ms"] as const

/** uid 65534 with exactly these capabilities and no environment. */
const nobody = (...capabilities: ReadonlyArray<string>) => {
  const set = ["-all", ...capabilities.map((name) => `+${name}`)].join(",")
  const identity = ["--reuid", "65534", "--regid", "65534", "--clear-groups"]
  return ["setpriv", ...identity, "--bounding-set", set, "--inh-caps", set, "--ambient-caps", set, "env", "-i"]
}

beforeAll(async () => {
  if (missing() !== undefined) return
  const build = Bun.spawn([process.execPath, "run", "build"], { cwd: ROOT, stdout: "ignore", stderr: "pipe" })
  const complaint = await new Response(build.stderr).text()
  if ((await build.exited) !== 0) throw new Error(`bun run build: ${complaint}`)
}, 120_000)

/** The executable where uid 65534 can reach it, and an empty directory. */
function install(site: Site): { readonly program: string; readonly empty: string } {
  const program = `${site.directory}/synprint`
  fs.copyFileSync(`${ROOT}/dist/synprint`, program)
  fs.chmodSync(program, 0o755)
  const empty = `${site.directory}/empty`
  fs.mkdirSync(empty)
  return { program, empty }
}

/** HAProxy's last health check of the agent: L7OK after a whole HELLO exchange. */
async function checkStatus(site: Site): Promise<string> {
  const haproxy = await site.haproxy({ example: "haproxy.cfg", replace: [PATIENT] })
  await Bun.sleep(1500)
  const [names, ...rows] = (await haproxy.command("show stat"))
    .trim()
    .split("\n")
    .map((line) => line.split(","))
  const agent = rows.find((row) => row[0] === "be_synprint" && row[1] === "agent")
  return agent?.[names!.indexOf("check_status")] ?? "no such server"
}

e2e(
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
    for (const host of [SERVER4, SERVER6])
      expect(countValues(await site.load({ host, connections: 20, concurrency: 4 }), "x-tcp-status")).toEqual({
        ok: 20
      })
    expect(fs.readdirSync(empty)).toEqual([])
    expect(await agent.stop()).toBe(0)
  },
  60_000
)

e2e(
  "without it: exit 77 and the grant when pcap is named; auto starts and says what it lacks",
  async () => {
    await using site = await openSite()
    const { program, empty } = install(site)
    const config = `${site.directory}/pcap.toml`
    fs.writeFileSync(config, '[capture]\nbackend = "pcap"\n')
    const refused = Bun.spawnSync([...site.server, ...nobody(), program, "spoa", "--config", config], { cwd: empty })
    expect(refused.exitCode).toBe(77)
    expect(refused.stderr.toString()).toContain("AmbientCapabilities=CAP_NET_RAW")
    expect(refused.stderr.toString()).toContain("setpriv")

    const agent = await site.agent("", { program: [...nobody(), program], cwd: empty })
    expect(agent.log()).toContain("CAP_NET_RAW")
    expect(await checkStatus(site)).toBe("L7OK")
    const result = await site.load({ host: SERVER4, connections: 5 })
    expect(result.errors).toEqual([])
    expect(Object.keys(countValues(result, "x-tcp-status"))).not.toContain("ok")
    expect(countValues(result, "x-tcp-status")).not.toHaveProperty("agent_down")
    expect(await agent.stop()).toBe(0)
  },
  60_000
)

e2e(
  "with the capability in the file, as the Dockerfile sets it",
  async () => {
    await using site = await openSite()
    const { program, empty } = install(site)
    await site.run("server", "setcap", "cap_net_raw+ep", program)
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
    expect(countValues(await site.load({ host: SERVER6, connections: 20 }), "x-tcp-status")).toEqual({ ok: 20 })
  },
  60_000
)
