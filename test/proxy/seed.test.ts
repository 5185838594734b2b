/**
 * The seed's configuration end to end: `[fingerprint] tcp_enabled`, HUGINN_EBPF_*, `force_new_connection` and an IPv6 listen address, the
 * SYNs captured by eBPF on the interface that the variable names.
 */
import { expect } from "bun:test"
import { BPF_NETNS } from "../capture-xdp/needs.ts"
import { countValues, wrongSignatures } from "../lib/expected.ts"
import { testWith } from "../lib/requires.ts"
import { needs, openSite, type HaproxySite } from "../lib/site.ts"
import { makeDirectory, type ProxyProcess, startProxyProcess } from "./proxy-process.ts"

const NEEDS = [...BPF_NETNS, ...needs("tcpdump", "p0f")]

const config = (enabled: boolean, more = ""): string =>
  `[fingerprint]\ntcp_enabled = ${enabled}\n[admin]\nlisten = []\n[proxy]\nlisten = "[::]:7000"\nworkers = 2\n${more}[[routes]]\nupstream = "http://127.0.0.1:8080"\nforce_new_connection = true\n`

const variables = (site: HaproxySite, changed: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  HUGINN_EBPF_INTERFACE: site.server.interface,
  HUGINN_EBPF_DST_IP: "0.0.0.0",
  HUGINN_EBPF_DST_PORT: "7000",
  ...changed
})

async function startProxy(site: HaproxySite, text: string, environment: Record<string, string>): Promise<ProxyProcess> {
  return startProxyProcess(text, site.directory, site.server.inside, environment)
}

const TIME_LIMIT_MS = 60_000
for (const hook of ["auto", "native", "generic", "tc"])
  testWith(
    NEEDS,
    `hook ${hook}: every request of both families has the signature of its own SYN, with two Workers`,
    async () => {
      await using site = await openSite()
      const proxy = await startProxy(site, config(true, `[capture.xdp]\nhook = "${hook}"\n`), variables(site))
      expect(proxy.log()).toContain("capture: xdp")
      await using sniffer = await site.sniff()
      const load = { port: 7000, connections: 150, concurrency: 6 }
      const results = [
        await site.load({ ...load, host: site.server.ipv4 }),
        await site.load({ ...load, host: site.server.ipv6, ttl: 128, mss: 1300 })
      ]
      const sent = await sniffer.signatures()
      for (const [n, result] of results.entries()) {
        expect(wrongSignatures(result, n === 0 ? 4 : 6, sent)).toEqual([])
        expect(countValues(result, "x-tcp-status")).toEqual({ ok: 150 })
        // A SYN for each request.
        expect(new Set(result.replies.map(({ port }) => port)).size).toBe(150)
      }
      expect(await proxy.stop()).toBe(0)
    },
    TIME_LIMIT_MS
  )

testWith(
  NEEDS,
  "HUGINN_EBPF_DST_IP: SYNs to other addresses are not captured; keep-alive requests carry the first one's",
  async () => {
    await using site = await openSite()
    const text = config(true).replace("force_new_connection = true\n", "")
    const proxy = await startProxy(site, text, variables(site, { HUGINN_EBPF_DST_IP: site.server.ipv4 }))
    const load = { port: 7000, connections: 20, concurrency: 4, requests: 3 }
    const four = await site.load({ ...load, host: site.server.ipv4 })
    const six = await site.load({ ...load, host: site.server.ipv6 })
    expect(countValues(four, "x-tcp-status")).toEqual({ ok: 60 })
    expect(countValues(six, "x-tcp-status")).toEqual({ not_captured: 60 })
    expect(await proxy.stop()).toBe(0)
  },
  TIME_LIMIT_MS
)

testWith(
  [],
  "tcp_enabled = false needs no variable and no right; true without one is exit 78 that names it",
  async () => {
    const { path, remove } = makeDirectory()
    try {
      const text = config(false).replace("[::]:7000", "127.0.0.1:0").replace("127.0.0.1:8080", "127.0.0.1:9")
      const off = await startProxyProcess(text, path, [], {})
      expect(off.log()).toContain("every status is disabled")
      expect(await off.stop()).toBe(0)
      const on = text.replace("tcp_enabled = false", "tcp_enabled = true").replace("127.0.0.1:0", "127.0.0.1:7000")
      const given = { HUGINN_EBPF_INTERFACE: "lo", HUGINN_EBPF_DST_IP: "0.0.0.0", HUGINN_EBPF_DST_PORT: "7000" }
      for (const missing of Object.keys(given)) {
        const some = Object.fromEntries(Object.entries(given).filter(([name]) => name !== missing))
        const refused = await startProxyProcess(on, path, [], some)
        expect([await refused.child.exited, refused.log().includes(missing)]).toEqual([78, true])
      }
      const other = await startProxyProcess(on, path, [], { ...given, HUGINN_EBPF_DST_PORT: "7001" })
      expect(await other.child.exited).toBe(78)
      expect(other.log()).toContain("the proxy does not listen on port 7001")
    } finally {
      remove()
    }
  },
  TIME_LIMIT_MS
)
