/** Each answer belongs to the right connection: stacks behind one address, IPv4 on an IPv6 socket, PROXY headers, redirected ports. */
import { expect } from "bun:test"
import type { LoadResult } from "../lib/client.ts"
import { countValues, wrongSignatures } from "../lib/expected.ts"
import { run } from "../lib/process.ts"
import { needs, openSite, type HaproxySite } from "../lib/site.ts"
import { testWith } from "../lib/requires.ts"

const NEEDS = needs("tcpdump", "p0f", "nft")
const BINDS = "    bind 0.0.0.0:80\n    bind [::]:80 v6only\n"

/** The first four fields of the signatures; the rest may differ by chance: 1 in 65,536 SYNs has the IP ID 0. */
const startsOf = (result: LoadResult) => [
  ...new Set(
    Object.keys(countValues(result, "x-tcp-sig")).map((signature) => signature.split(":").slice(0, 4).join(":"))
  )
]

testWith(
  NEEDS,
  "two stacks behind one address, at the same time: each connection gets its own answer",
  async () => {
    await using site = await openSite()
    await site.agent()
    await site.haproxy({ example: "haproxy.cfg" })
    for (const [host, version] of [
      [site.server.ipv4, 4],
      [site.server.ipv6, 6]
    ] as const) {
      const sniffer = await site.sniff()
      const load = { host, connections: 100, concurrency: 10, requests: 2 }
      const [kernel, other] = await Promise.all([
        site.load(load),
        site.load({ ...load, ttl: 128, mss: 1360, rcvbuf: 8192 })
      ])
      const sent = await sniffer.signatures()
      expect(wrongSignatures(kernel, version, sent)).toEqual([])
      expect(wrongSignatures(other, version, sent)).toEqual([])
      expect(countValues(other, "x-tcp-mss")).toEqual({ "1360": 200 })
      expect(startsOf(other)).toEqual([`${version}:128+0:0:1360`])
      expect(startsOf(kernel)).toEqual([`${version}:64+0:0:${version === 4 ? 1460 : 1440}`])
    }
  },
  120_000
)

testWith(
  NEEDS,
  "a v4v6 bind: IPv4 clients arrive as mapped addresses and are answered as IPv4",
  async () => {
    await using site = await openSite()
    await site.agent()
    await site.haproxy({ example: "haproxy-2.6.cfg", replace: [[BINDS, "    bind [::]:80 v4v6\n"]] })
    await using sniffer = await site.sniff()
    const [four, six] = await Promise.all([
      site.load({ host: site.server.ipv4, connections: 50, concurrency: 5 }),
      site.load({ host: site.server.ipv6, connections: 50, concurrency: 5 })
    ])
    const sent = await sniffer.signatures()
    expect(four.replies.length + six.replies.length).toBe(100)
    expect(wrongSignatures(four, 4, sent)).toEqual([])
    expect(wrongSignatures(six, 6, sent)).toEqual([])
  },
  90_000
)

testWith(
  NEEDS,
  "a connection with a PROXY header: via_proxy and nothing about the stack, which is the balancer's",
  async () => {
    await using site = await openSite()
    await site.agent()
    const accept = "    bind 0.0.0.0:80 accept-proxy\n    bind [::]:80 v6only accept-proxy\n"
    await site.haproxy({ example: "haproxy-2.6.cfg", replace: [[BINDS, accept]] })
    for (const [host, proxy] of [
      [site.server.ipv4, "PROXY TCP4 192.0.2.9 192.0.2.1 40000 443"],
      [site.server.ipv6, "PROXY TCP6 2001:db8::9 2001:db8::1 40000 443"]
    ] as const) {
      const { replies, errors } = await site.load({ host, proxy, requests: 2 })
      expect(errors).toEqual([])
      for (const { headers } of replies)
        expect([...headers].filter(([name]) => name.startsWith("x-tcp-"))).toEqual([["x-tcp-status", "via_proxy"]])
      expect(replies.length).toBe(2)
    }
  },
  90_000
)

const REDIRECT =
  "table inet nat {\nchain in {\ntype nat hook prerouting priority dstnat\ntcp dport 8000 redirect to :80\n}\n}"

/** HAProxy finds an agent that was started after it by a health check; opens one connection at a time until it gets this status. */
async function answers(site: HaproxySite, status: string): Promise<void> {
  const deadline = performance.now() + 20_000
  for (;;) {
    const [seen] = Object.keys(countValues(await site.load({ host: site.server.ipv4, port: 8000 }), "x-tcp-status"))
    if (seen === status) return
    if (performance.now() > deadline) throw new Error(`${seen} instead of ${status} for 20 s`)
    await Bun.sleep(50)
  }
}

testWith(
  NEEDS,
  'a port that nftables redirects: the tap sees the port before, HAProxy the one after; key = "client" finds it',
  async () => {
    await using site = await openSite()
    await run([...site.server.inside, "nft", REDIRECT])
    await site.haproxy({ example: "haproxy-2.6.cfg", replace: [[BINDS, "    bind [::]:80 v4v6\n"]] })
    const loads = [site.server.ipv4, site.server.ipv6].map((host) => ({
      host,
      port: 8000,
      connections: 20,
      concurrency: 4
    }))

    const byClient = await site.agent('[capture]\nbackend = "pcap"\nkey = "client"\n')
    await answers(site, "ok")
    const sniffer = await site.sniff()
    const [four, six] = await Promise.all(loads.map(site.load))
    const sent = await sniffer.signatures()
    expect(wrongSignatures(four!, 4, sent)).toEqual([])
    expect(wrongSignatures(six!, 6, sent)).toEqual([])
    expect(four!.replies.length + six!.replies.length).toBe(40)
    await byClient.stop()

    // By the whole connection this traffic is not found: the test sees the redirect, and no answer is invented.
    await site.agent('[capture]\nbackend = "pcap"\n')
    await answers(site, "not_captured")
    for (const load of loads) expect(countValues(await site.load(load), "x-tcp-status")).toEqual({ not_captured: 20 })
  },
  120_000
)
