/**
 * Our example files with Debian's HAProxy, IPv4 and IPv6 over veth: every request of every connection carries the signature that p0f
 * reads from the SYN that the client's kernel sent.
 */
import { expect } from "bun:test"
import { needs, openSite, type HaproxySite } from "../lib/site.ts"
import { countValues, wrongSignatures } from "../lib/expected.ts"
import { testWith } from "../lib/requires.ts"

const NEEDS = needs("tcpdump", "p0f")

/** Another stack than the kernel's own: what a client behind other equipment could look like. */
const OTHER_STACK = { ttl: 128, mss: 1300, rcvbuf: 8192 }

const FORGED = [
  "x-tcp-os",
  "X_TCP_Link",
  "x_tcp_status",
  "X-P0f-OS",
  "X_P0F_Dist",
  "x-huginn-net-tcp",
  "X_Huginn-Net_Other",
  "x-tls-rtt"
]

/** Both families and both stacks at once, `each` connections of each kind, 50 at a time in all. */
async function fourLoads(site: HaproxySite, each: number, requests: number) {
  const headers = FORGED.map((name) => `${name}: forged`)
  const load = { connections: each, concurrency: 12, requests, headers }
  const results = await Promise.all([
    site.load({ ...load, host: site.server.ipv4, concurrency: 13 }),
    site.load({ ...load, host: site.server.ipv4, ...OTHER_STACK }),
    site.load({ ...load, host: site.server.ipv6, concurrency: 13 }),
    site.load({ ...load, host: site.server.ipv6, ...OTHER_STACK })
  ])
  return results.map((result, i) => ({ result, version: i < 2 ? (4 as const) : (6 as const) }))
}

for (const example of ["haproxy-2.6.cfg", "haproxy.cfg"]) {
  testWith(
    NEEDS,
    `${example}: 2,000 connections at concurrency 50, the right signature on every first request`,
    async () => {
      await using site = await openSite()
      await site.agent()
      await site.haproxy({ example })
      await using sniffer = await site.sniff()
      const loads = await fourLoads(site, 500, 1)
      const sent = await sniffer.signatures()
      // By chance 1 in 65,536 SYNs has the IP ID 0, and 1 in 2^20 the flow label 0.
      expect(new Set([...sent.values()].map((signature) => signature.replace(/,id\+|flow/, ""))).size).toBe(4)
      for (const { result, version } of loads) {
        expect(result.replies.length).toBe(500)
        expect(wrongSignatures(result, version, sent)).toEqual([])
        expect(countValues(result, "x-tcp-status")).toEqual({ ok: 500 })
        expect(countValues(result, "x-tcp-dist")).toEqual({ "0": 500 })
        const forged = result.replies.filter((reply) => [...reply.headers.values()].includes("forged"))
        expect(forged.map((reply) => Object.fromEntries(reply.headers))).toEqual([])
      }
      const [own, other] = [loads[0]!.result, loads[1]!.result]
      expect(countValues(own, "x-tcp-mtu")).toEqual({ "1500": 500 })
      expect(countValues(own, "x-tcp-mss")).toEqual({ "1460": 500 })
      expect(countValues(other, "x-tcp-mtu")).toEqual({ "1340": 500 })
      const named = own.replies.filter((reply) => reply.headers.get("x-tcp-os")?.startsWith("Linux") === true)
      // A SYN with the IP ID 0 is no exact match.
      expect(named.length).toBeGreaterThanOrEqual(499)
      expect(Object.keys(countValues(own, "x-tcp-link"))).toEqual([expect.stringMatching(/^Ethernet/)])
    },
    60_000
  )
}

testWith(
  NEEDS,
  "10,000 keep-alive requests: every one carries the answer, and HAProxy asks once per connection",
  async () => {
    await using site = await openSite()
    const agent = await site.agent()
    await site.haproxy({ example: "haproxy.cfg" })
    await using sniffer = await site.sniff()
    const loads = await fourLoads(site, 125, 20)
    const sent = await sniffer.signatures()
    for (const { result, version } of loads) {
      expect(result.replies.length).toBe(2500)
      expect(wrongSignatures(result, version, sent)).toEqual([])
    }
    const notifies = [...(await agent.metrics())].filter(([name]) => /spop_frames_total\{.*notify/i.test(name))
    expect(notifies.map(([, value]) => value)).toEqual([500])
  },
  60_000
)

testWith(
  NEEDS,
  "haproxy-x-p0f.cfg: the same answer under the x-p0f names",
  async () => {
    await using site = await openSite()
    await site.agent()
    await site.haproxy({ example: "haproxy-x-p0f.cfg" })
    const { replies } = await site.load({
      host: site.server.ipv4,
      source: site.client.ipv4,
      headers: ["X_P0f_OS: forged", "x-tcp-os: forged"]
    })
    const received = new Map([...replies[0]!.headers].filter(([name]) => /^x-(p0f|tcp)/.test(name)))
    expect(received.get("x-p0f-os")).toMatch(/^Linux/)
    expect(received.get("x-p0f-link")).toMatch(/^Ethernet/)
    expect(received.get("x-p0f-mtu")).toBe("1500")
    expect(received.get("x-p0f-mss")).toBe("1460")
    expect(received.get("x-p0f-dist")).toBe("0")
    expect([...received.keys()].filter((name) => name.startsWith("x-tcp"))).toEqual([])
  },
  30_000
)
