/** The 3.x pair on a real HAProxy 3.4 or later: it hands the SYN over, so the agent runs without any privilege. */
import { expect, test } from "bun:test"
import { SYNPRINT } from "../lib/agent.ts"
import { countValues, wrongSignatures } from "../lib/expected.ts"
import { openSite, SERVER4, SERVER6 } from "../lib/site.ts"
import { testWith } from "../lib/tools.ts"

const binary = process.env["HAPROXY3"]
if (binary === undefined) console.log("skipped: the pair for HAProxy 3.x did not run, as HAPROXY3 names no binary")
const e2e = binary === undefined ? test.skip : testWith("tcpdump", "p0f", "setpriv")

for (const example of ["haproxy-3.x.cfg", "haproxy.cfg", "haproxy-2.6.cfg"])
  e2e(
    `${example} on HAPROXY3`,
    async () => {
      await using site = await openSite()
      const handsOver = example !== "haproxy-2.6.cfg"
      const none = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"]
      await site.agent("", handsOver ? { program: [...none, ...SYNPRINT] } : {})
      await site.haproxy({ example, binary: binary!, replace: [["processing 20ms", "processing 100ms"]] })
      await using sniffer = await site.sniff()
      const [four, six] = await Promise.all([
        site.load({ host: SERVER4, connections: 500, concurrency: 25, requests: 2 }),
        site.load({ host: SERVER6, connections: 500, concurrency: 25, requests: 2, ttl: 128, mss: 1300 })
      ])
      const sent = await sniffer.signatures()
      expect(countValues(four!, "x-tcp-status")).toEqual({ ok: 1000 })
      expect(wrongSignatures(four!, 4, sent)).toEqual([])
      expect(wrongSignatures(six!, 6, sent)).toEqual([])
    },
    60_000
  )
