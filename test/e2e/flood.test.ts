/** A SYN flood at our interface while real clients come: they keep their headers, and what the kernel drops is counted. */
import { expect } from "bun:test"
import { sumOf } from "../lib/agent.ts"
import { compileC } from "../lib/compile.ts"
import { countValues } from "../lib/expected.ts"
import { run } from "../lib/process.ts"
import { needs, openSite } from "../lib/site.ts"
import { testWith } from "../lib/requires.ts"

const NEEDS = needs()

const RATE = 200_000
const SECONDS = 5
const CONNECTIONS = 2000
const LEAST_FOUND = 0.999

testWith(
  NEEDS,
  `${RATE} SYNs/s from random addresses for ${SECONDS} s while ${CONNECTIONS} clients come`,
  async () => {
    await using site = await openSite()
    const agent = await site.agent('[capture]\nbackend = "pcap"\n')
    await site.haproxy({ example: "haproxy.cfg", replace: [["processing 20ms", "processing 100ms"]] })
    const flood = await compileC("flood.c", site.directory)
    const links = JSON.parse(await run([...site.server.inside, "ip", "-j", "link", "show", site.server.interface])) as [
      { address: string }
    ]
    const words = [site.client.interface, links[0].address, site.server.ipv4, "80", String(RATE), String(SECONDS)]
    const flooding = run([...site.client.inside, flood, ...words])
    await Bun.sleep(250)
    // 2 ms apart: they come as long as the flood lasts. Their MSS tells their SYNs from the flood's, which has 1460.
    const result = await site.load({
      host: site.server.ipv4,
      connections: CONNECTIONS,
      concurrency: 20,
      pauseMs: 2,
      mss: 1400
    })
    const [sent, seconds] = (await flooding).trim().split(" ").map(Number)
    const statuses = countValues(result, "x-tcp-status")
    const samples = await agent.metrics()
    const drops = sumOf(samples, "synprint_capture_drops_total")
    console.log(
      `${sent} SYNs in ${seconds} s = ${Math.round(sent! / seconds!)}/s; kernel dropped ${drops}; ` +
        `${CONNECTIONS} clients: ${JSON.stringify(statuses)}`
    )
    expect(sent! / seconds!).toBeGreaterThan(RATE * 0.9)
    expect(result.errors).toEqual([])
    expect(result.replies.length).toBe(CONNECTIONS)
    expect(statuses["ok"] ?? 0).toBeGreaterThanOrEqual(CONNECTIONS * LEAST_FOUND)
    const signatures = countValues(result, "x-tcp-sig")
    delete signatures["absent"]
    expect(Object.keys(signatures)).toEqual([
      expect.stringMatching(/^4:64\+0:0:1400:mss\*\d+,\d+:mss,sok,ts,nop,ws:df,id\+:0$/)
    ])
    expect([...samples.keys()].some((name) => name.startsWith("synprint_capture_drops_total"))).toBe(true)
  },
  60_000
)
