/**
 * The examples on every HAProxy 3 that HAPROXY3 names. From 3.4 on it hands the SYN over, so the agent runs without any privilege; the
 * other end-to-end tests run on it with SYNPRINT_TEST_HAPROXY, as `bun run check` does.
 */
import { expect } from "bun:test"
import { SYNPRINT } from "../lib/agent.ts"
import { countValues, wrongSignatures } from "../lib/expected.ts"
import { HAPROXY3 } from "../lib/haproxy.ts"
import { needs, openSite } from "../lib/site.ts"
import { isAtLeast, testWith } from "../lib/requires.ts"

/** Root without any capability: it can read this checkout and capture nothing. */
const withoutCapabilities = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", ...SYNPRINT]

const NEEDS = needs("tcpdump", "p0f", "setpriv")

if (HAPROXY3.length === 0)
  testWith(
    [...NEEDS, { missing: "HAPROXY3, what test/lib/haproxy3.sh prints", isOptional: true }],
    "the examples on HAProxy 3",
    () => {}
  )

for (const { binary, version } of HAPROXY3)
  for (const example of ["haproxy-3.x.cfg", "haproxy.cfg", "haproxy-2.6.cfg"]) {
    if (example === "haproxy-3.x.cfg" && !isAtLeast(version, "3.1")) continue // mode spop came with 3.1
    const handsOver = example !== "haproxy-2.6.cfg" && isAtLeast(version, "3.4")
    testWith(
      NEEDS,
      `${example} on HAProxy ${version}${handsOver ? ", agent without capability" : ""}`,
      async () => {
        await using site = await openSite()
        await site.agent("", handsOver ? { program: withoutCapabilities } : {})
        await site.haproxy({ example, binary })
        await using sniffer = await site.sniff()
        const [four, six] = await Promise.all([
          site.load({ host: site.server.ipv4, connections: 500, concurrency: 25, requests: 2 }),
          site.load({ host: site.server.ipv6, connections: 500, concurrency: 25, requests: 2, ttl: 128, mss: 1300 })
        ])
        const sent = await sniffer.signatures()
        expect(countValues(four, "x-tcp-status")).toEqual({ ok: 1000 })
        expect(wrongSignatures(four, 4, sent)).toEqual([])
        expect(wrongSignatures(six, 6, sent)).toEqual([])
      },
      60_000
    )
  }
