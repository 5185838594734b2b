/**
 * The proxy over veth, IPv4 and IPv6: every request carries the signature that p0f reads from the SYN that the client's kernel sent; after a
 * SYN cookie it says so, or the next backend answers.
 */
import { expect } from "bun:test"
import { countValues, wrongSignatures } from "../lib/expected.ts"
import { run } from "../lib/process.ts"
import { testWith } from "../lib/requires.ts"
import { needs, openSite, type HaproxySite } from "../lib/site.ts"
import { type ProxyProcess, startProxyProcess } from "./proxy-process.ts"

const NEEDS = needs("tcpdump", "p0f")

interface Running extends AsyncDisposable {
  readonly proxy: ProxyProcess
}

async function startProxy(site: HaproxySite, backend: string, more = ""): Promise<Running> {
  const config = `[capture]\nbackend = ${backend}\n[admin]\nlisten = []\n[proxy]\nlisten = ["0.0.0.0:80", "[${site.server.ipv6}]:80"]\nworkers = 2\n[[routes]]\nupstream = "http://127.0.0.1:8080"\n${more}`
  const proxy = await startProxyProcess(config, site.directory, site.server.inside)
  if (proxy.child.exitCode !== null) throw new Error(proxy.log())
  return { proxy, [Symbol.asyncDispose]: async () => void (await proxy.stop()) }
}

testWith(
  NEEDS,
  "10,000 connections, two stacks, both families: the right signature on every one",
  async () => {
    await using site = await openSite()
    await using running = await startProxy(site, '"saved-syn"')
    await using sniffer = await site.sniff()
    const load = { connections: 2500, concurrency: 12, headers: ["X_TCP_Sig: forged"] }
    const other = { ttl: 128, mss: 1300, rcvbuf: 8192 }
    const results = await Promise.all([
      site.load({ ...load, host: site.server.ipv4 }),
      site.load({ ...load, host: site.server.ipv4, ...other }),
      site.load({ ...load, host: site.server.ipv6 }),
      site.load({ ...load, host: site.server.ipv6, ...other })
    ])
    const sent = await sniffer.signatures()
    for (const [n, result] of results.entries()) {
      expect(result.replies.length).toBe(2500)
      expect(wrongSignatures(result, n < 2 ? 4 : 6, sent)).toEqual([])
      expect(countValues(result, "x-tcp-status")).toEqual({ ok: 2500 })
      expect(countValues(result, "x-tcp-spoofed")).toEqual({ x_tcp_sig: 2500 })
    }
    expect(running.proxy.log()).not.toContain("level=ERROR")
  },
  120_000
)

testWith(
  NEEDS,
  "tcp_syncookies = 2: the kernel kept no SYN, pcap behind it has it",
  async () => {
    await using site = await openSite()
    await run([...site.server.inside, "sysctl", "-qw", "net.ipv4.tcp_syncookies=2"])
    const load = { host: site.server.ipv4, connections: 200, concurrency: 10, requests: 2 }
    {
      await using _alone = await startProxy(site, '"saved-syn"')
      const alone = await site.load(load)
      expect(countValues(alone, "x-tcp-status")).toEqual({ syncookie: 400 })
      expect(countValues(alone, "x-tcp-sig")).toEqual({ absent: 400 })
    }
    await using _both = await startProxy(site, '["saved-syn", "pcap"]')
    await using sniffer = await site.sniff()
    const both = await site.load(load)
    expect(wrongSignatures(both, 4, await sniffer.signatures())).toEqual([])
    expect(countValues(both, "x-tcp-status")).toEqual({ ok: 400 })
  },
  60_000
)

testWith(
  NEEDS,
  "force_new_connection: every request comes with a SYN of its own",
  async () => {
    await using site = await openSite()
    await using _running = await startProxy(site, '"saved-syn"', "force_new_connection = true\n")
    const { replies } = await site.load({ host: site.server.ipv6, connections: 20, concurrency: 5 })
    expect(replies.length).toBe(20)
    expect(new Set(replies.map(({ port }) => port)).size).toBe(20)
  },
  60_000
)
