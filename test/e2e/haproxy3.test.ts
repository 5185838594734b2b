/** The 3.x pair on a real HAProxy 3.4 or later: it hands the SYN over, so the agent runs without any privilege. */
import { expect } from "bun:test"
import { SYNPRINT } from "../lib/agent.ts"
import { countValues, wrongSignatures } from "../lib/expected.ts"
import { needs, openSite } from "../lib/site.ts"
import { testWith } from "../lib/requires.ts"

const binary = process.env["HAPROXY3"]
/** Root without any capability: it can read this checkout and capture nothing. */
const withoutCapabilities = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", ...SYNPRINT]

const NEEDS = [
  ...needs("tcpdump", "p0f", "setpriv"),
  { missing: binary === undefined ? "HAPROXY3, the path of a HAProxy 3.4 or later" : undefined, isOptional: true }
]

for (const example of ["haproxy-3.x.cfg", "haproxy.cfg", "haproxy-2.6.cfg"])
  testWith(
    NEEDS,
    `${example} on HAPROXY3`,
    async () => {
      await using site = await openSite()
      const handsOver = example !== "haproxy-2.6.cfg"
      await site.agent("", handsOver ? { program: withoutCapabilities } : {})
      await site.haproxy({ example, binary: binary!, replace: [["processing 20ms", "processing 100ms"]] })
      await using sniffer = await site.sniff()
      const [four, six] = await Promise.all([
        site.load({ host: site.server.ipv4, connections: 500, concurrency: 25, requests: 2 }),
        site.load({ host: site.server.ipv6, connections: 500, concurrency: 25, requests: 2, ttl: 128, mss: 1300 })
      ])
      const sent = await sniffer.signatures()
      expect(countValues(four!, "x-tcp-status")).toEqual({ ok: 1000 })
      expect(wrongSignatures(four!, 4, sent)).toEqual([])
      expect(wrongSignatures(six!, 6, sent)).toEqual([])
    },
    60_000
  )
