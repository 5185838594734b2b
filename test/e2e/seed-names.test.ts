/**
 * The configuration of a site that ran p0f and its SPOE agent: its names, its 10 ms processing time-out and both of its
 * send-spoe-group rules, so HAProxy asks up to three times per request.
 */
import { expect } from "bun:test"
import type { LoadResult } from "../lib/client.ts"
import { needs, openSite } from "../lib/site.ts"
import { testWith } from "../lib/requires.ts"

const NEEDS = needs("tcpdump", "p0f")

const CONNECTIONS = 1000
const MOST_ABSENCES = 0.005

const absences = (result: LoadResult) => result.replies.filter((reply) => !reply.headers.has("x_tcp_os"))

testWith(
  NEEDS,
  "every absence is a processing time-out of HAProxy, and at most 0.5 % of the first requests",
  async () => {
    await using site = await openSite()
    await site.agent()
    const haproxy = await site.haproxy({ example: "haproxy-p0f.cfg" })
    const loads = await Promise.all(
      [site.server.ipv4, site.server.ipv6].map((host) => site.load({ host, connections: CONNECTIONS, concurrency: 25 }))
    )
    const absent = loads.flatMap(absences)
    const spoeErrors = haproxy.log().filter((line) => line.startsWith("SPOE:"))
    const timeouts = spoeErrors.filter((line) => / st=1 /.test(line))
    console.log(
      `${absent.length} of ${2 * CONNECTIONS} requests without an answer; HAProxy timed out ${timeouts.length} exchanges`
    )
    expect(loads.map((load) => load.replies.length)).toEqual([CONNECTIONS, CONNECTIONS])
    expect(loads.flatMap((load) => load.errors)).toEqual([])
    expect(spoeErrors.filter((line) => !timeouts.includes(line))).toEqual([])
    expect(absent.length).toBeLessThanOrEqual(timeouts.length)
    expect(absent.length).toBeLessThanOrEqual(2 * CONNECTIONS * MOST_ABSENCES)

    const answered = loads.map((load) => load.replies.find((reply) => reply.headers.has("x_tcp_os"))!.headers)
    expect(answered[0]!.get("x_tcp_os")).toMatch(/^Linux/)
    expect(answered[0]!.get("x-tcp-mtu")).toBe("1500")
    expect(answered[0]!.get("x-tcp-mss")).toBe("1460")
    expect(answered[1]!.get("x-tcp-mss")).toBe("1440")
  },
  60_000
)

testWith(
  NEEDS,
  "keep-alive requests: the rule that asks every time gets the same answer every time",
  async () => {
    await using site = await openSite()
    await site.agent()
    await site.haproxy({ example: "haproxy-p0f.cfg" })
    const result = await site.load({ host: site.server.ipv4, connections: 50, concurrency: 10, requests: 10 })
    expect(result.errors).toEqual([])
    expect(result.replies.length).toBe(500)
    // sess variables outlive an exchange that timed out, so from the second request on nothing is absent.
    expect(absences(result).filter((reply) => reply.request > 0)).toEqual([])
    expect(new Set(result.replies.map((reply) => reply.headers.get("x-tcp-mss") ?? "1460"))).toEqual(new Set(["1460"]))
  },
  30_000
)
