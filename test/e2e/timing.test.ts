/** When HAProxy asks: at the first request, however late that comes, and again as long as the connection lives. */
import { expect, test } from "bun:test"
import { wrongSignatures } from "../lib/expected.ts"
import { needs, openSite } from "../lib/site.ts"
import { testWith } from "../lib/requires.ts"

const NEEDS = needs("tcpdump", "p0f")

testWith(
  NEEDS,
  "a first request long after the handshake, within max_age",
  async () => {
    await using site = await openSite()
    await site.agent('[capture]\nbackend = "pcap"\nmax_age = "8 seconds"\n')
    await site.haproxy({ example: "haproxy.cfg" })
    await using sniffer = await site.sniff()
    const late = { connections: 10, concurrency: 10, firstDelayMs: 5000 }
    const [four, six] = await Promise.all([
      site.load({ ...late, host: site.server.ipv4 }),
      site.load({ ...late, host: site.server.ipv6, ttl: 128, mss: 1300 })
    ])
    const sent = await sniffer.signatures()
    expect(four!.replies.length + six!.replies.length).toBe(20)
    expect(wrongSignatures(four!, 4, sent)).toEqual([])
    expect(wrongSignatures(six!, 6, sent)).toEqual([])
  },
  90_000,
  test.concurrent
)

const SHORT = '[capture]\nbackend = "pcap"\nmax_age = "2 seconds"\n'
/** Requests at 0, 1.5 and 3 s: the third comes after max_age. */
const THREE = { connections: 10, concurrency: 10, requests: 3, gapMs: 1500 }

for (const [example, header, rule] of [
  ["haproxy.cfg", "x-tcp-sig", "asked once"],
  ["haproxy-p0f.cfg", "x-tcp-mss", "asked on every request"]
] as const)
  testWith(
    NEEDS,
    `the third keep-alive request after max_age, ${rule}: the answer of the first`,
    async () => {
      await using site = await openSite()
      await site.agent(SHORT)
      await site.haproxy({ example })
      const result = await site.load({ ...THREE, host: site.server.ipv4 })
      expect(result.errors).toEqual([])
      expect(result.replies.length).toBe(30)
      const first = result.replies.filter((reply) => reply.request === 0).map((reply) => reply.headers.get(header))
      expect(first).not.toContain(undefined)
      for (const reply of result.replies) expect(reply.headers.get(header)).toBe(first[reply.connection])
    },
    30_000,
    test.concurrent
  )

testWith(
  NEEDS,
  "a first request after max_age is stale, and says so",
  async () => {
    await using site = await openSite()
    await site.agent(SHORT)
    await site.haproxy({ example: "haproxy.cfg" })
    const { replies } = await site.load({ host: site.server.ipv4, firstDelayMs: 3000 })
    expect([...replies[0]!.headers].filter(([name]) => name.startsWith("x-tcp-"))).toEqual([["x-tcp-status", "stale"]])
  },
  30_000,
  test.concurrent
)
