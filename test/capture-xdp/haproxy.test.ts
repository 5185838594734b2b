/** End to end: HAProxy and the SPOE agent with `backend = "xdp"`, attached by itself or reading the pins of `synprint agent`. */
import { expect } from "bun:test"
import { until } from "../lib/until.ts"
import { ENVIRONMENT, sumOf, SYNPRINT } from "../lib/agent.ts"
import { countValues, wrongSignatures } from "../lib/expected.ts"
import { run, start } from "../lib/process.ts"
import { requires, testWith } from "../lib/requires.ts"
import { needs, openSite, type HaproxySite } from "../lib/site.ts"
import { mountBpffs } from "./bpffs.ts"
import { BPF_NETNS } from "./needs.ts"

const NEEDS = [...needs("tcpdump", "p0f"), ...BPF_NETNS]
const OTHER_STACK = { ttl: 128, mss: 1300, rcvbuf: 8192 }

/** Both families and both stacks at once; every first request has to carry the signature that p0f reads from the SYN. */
async function allFound(site: HaproxySite, each: number): Promise<void> {
  const load = { connections: each, concurrency: 12 }
  await using sniffer = await site.sniff()
  const results = await Promise.all([
    site.load({ ...load, host: site.server.ipv4 }),
    site.load({ ...load, host: site.server.ipv4, ...OTHER_STACK }),
    site.load({ ...load, host: site.server.ipv6 }),
    site.load({ ...load, host: site.server.ipv6, ...OTHER_STACK })
  ])
  const sent = await sniffer.signatures()
  for (const [n, result] of results.entries()) {
    expect(result.errors).toEqual([])
    expect(countValues(result, "x-tcp-status")).toEqual({ ok: each })
    expect(wrongSignatures(result, n < 2 ? 4 : 6, sent)).toEqual([])
  }
}

testWith(
  NEEDS,
  "10,000 connections over IPv4 and IPv6: the right signature on every first request",
  async () => {
    await using site = await openSite()
    const agent = await site.agent(`[capture]\nbackend = "xdp"\ninterface = "${site.server.interface}"\nports = [80]\n`)
    await site.haproxy({ example: "haproxy.cfg" })
    await allFound(site, 2500)
    const samples = await agent.metrics()
    const hits = sumOf(samples, "synprint_lookups_total", 'backend="xdp"', 'result="hit"')
    expect(hits).toBe(10_000)
    console.log(`${hits} lookups, ${sumOf(samples, "synprint_capture_entries")} entries`)
  },
  180_000
)

for (const backend of ["xdp", "auto"])
  testWith(
    NEEDS,
    `backend = "${backend}": the front end reads the pins of the agent`,
    async () => {
      using bpffs = mountBpffs()
      await using site = await openSite()
      const { inside } = site.server
      const settings = [`capture.xdp.pin=${bpffs.pin}`, "capture.xdp.pin_mode=0644", "admin.listen="]
      const words = ["agent", "--interface", site.server.interface, ...settings.flatMap((text) => ["--set", text])]
      await using agent = start([...inside, ...SYNPRINT, ...words], { env: ENVIRONMENT as Record<string, string> })
      await until(() => agent.complaint().includes("pins in"), "the agent is up")
      const pins = `[capture.xdp]\nattach = false\npin = "${bpffs.pin}"\n`
      const reader = await site.agent(`[capture]\nbackend = "${backend}"\n${pins}`)
      // Not haproxy.cfg: with it HAProxy 3.4 hands the SYN over, and "auto" has no need of the pins.
      await site.haproxy({ example: "haproxy-2.6.cfg" })
      await allFound(site, 250)
      expect(sumOf(await reader.metrics(), "synprint_lookups_total", 'backend="xdp"', 'result="hit"')).toBe(1000)
      await agent.stop()
      await run([...inside, ...SYNPRINT, ...words, "--detach"], { env: ENVIRONMENT as Record<string, string> })
    },
    120_000
  )

testWith(
  [...NEEDS, requires.binaries("nft")],
  'behind DNAT, with key = "client"',
  async () => {
    await using site = await openSite()
    await site.agent(
      `[capture]\nbackend = "xdp"\ninterface = "${site.server.interface}"\nkey = "client"\n[capture.xdp]\nhook = "tc"\n`
    )
    await site.haproxy({ example: "haproxy.cfg" })
    const rule = "type nat hook prerouting priority dstnat; tcp dport 8099 redirect to :80;"
    await run([...site.server.inside, "nft", `table inet redirected { chain c { ${rule} }; }`])
    for (const host of [site.server.ipv4, site.server.ipv6]) {
      const result = await site.load({ host, port: 8099, connections: 200, concurrency: 10 })
      expect(countValues(result, "x-tcp-status")).toEqual({ ok: 200 })
      expect(Object.keys(countValues(result, "x-tcp-mss"))).toEqual([host.includes(":") ? "1440" : "1460"])
    }
  },
  120_000
)

testWith(
  NEEDS,
  "the seed's set-up: tcp_enabled and its three variables",
  async () => {
    await using site = await openSite()
    const { inside, interface: name, ipv4 } = site.server
    const variables = [`HUGINN_EBPF_INTERFACE=${name}`, `HUGINN_EBPF_DST_IP=${ipv4}`, "HUGINN_EBPF_DST_PORT=80"]
    await site.agent("[fingerprint]\ntcp_enabled = true\n", { inside: [...inside, "env", ...variables] })
    await site.haproxy({ example: "haproxy.cfg" })
    const [four, six] = await Promise.all([
      site.load({ host: site.server.ipv4, connections: 50, concurrency: 5 }),
      site.load({ host: site.server.ipv6, connections: 50, concurrency: 5 })
    ])
    expect(countValues(four, "x-tcp-status")).toEqual({ ok: 50 })
    // The destination is an IPv4 address: nothing else is captured.
    expect(countValues(six, "x-tcp-status")).toEqual({ not_captured: 50 })
  },
  120_000
)
