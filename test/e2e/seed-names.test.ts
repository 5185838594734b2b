/**
 * The configuration of a site that ran p0f and its SPOE agent: its names, its 10 ms processing time-out and both of its
 * send-spoe-group rules, so HAProxy asks up to three times per request.
 */
import { expect } from "bun:test"
import type { LoadResult } from "../lib/client.ts"
import { sumOf } from "../lib/agent.ts"
import { needs, openSite } from "../lib/site.ts"
import { testWith } from "../lib/requires.ts"
import { until } from "../lib/until.ts"
import { watchRunDelays } from "../lib/run-delay.ts"

const NEEDS = needs("tcpdump", "p0f")

/** Connections of each address family. */
const CONNECTIONS = 1000
/** The bar: of the requests that nothing but the agent could have delayed. */
const MOST_ABSENCES = 0.005
/**
 * 10 ms is little when two cores run the clients, HAProxy, the agent and the application beside other work: a time-out in which HAProxy
 * and the agent waited for a processor half of that is the machine's. It meets what is in flight then.
 */
const PROCESSING_MS = 10
const IN_FLIGHT = 50
/** A disturbed round is run again. */
const ROUNDS = 8

/** Every answer has the MSS; the OS may be unknown, as that of a SYN that has the IP ID 0 by chance. */
const absences = (result: LoadResult) => result.replies.filter((reply) => !reply.headers.has("x-tcp-mss"))

/**
 * A new site with new processes; gives the number of requests without an answer, after showing that each is a time-out, and how many
 * of them the machine explains.
 */
async function absent(): Promise<{ readonly count: number; readonly explained: number }> {
  await using site = await openSite()
  const agent = await site.agent()
  const haproxy = await site.haproxy({ example: "haproxy-p0f.cfg", isHasty: true })
  const hosts = [site.server.ipv4, site.server.ipv6]
  // A site that has been running: HAProxy has its connections to the agent.
  await Promise.all(hosts.map((host) => site.load({ host, connections: 100, concurrency: 25 })))
  await Bun.sleep(200)
  const before = haproxy.log().length
  const delays = watchRunDelays([agent.pid, haproxy.pid()], PROCESSING_MS)
  const loads = await Promise.all(hosts.map((host) => site.load({ host, connections: CONNECTIONS, concurrency: 25 })))
  const waits = delays.stop().filter((ms) => ms >= PROCESSING_MS / 2)
  const unanswered = loads.flatMap(absences)
  // HAProxy drops log lines when its pipe is full, and counts them.
  const dropped = Number(/^DroppedLogs: (\d+)$/m.exec(await haproxy.command("show info"))![1])
  const errors = () =>
    haproxy
      .log()
      .slice(before)
      .filter((line) => line.startsWith("SPOE:"))
  const timeoutsOf = (lines: ReadonlyArray<string>) => lines.filter((line) => / st=1 /.test(line))
  // The last lines come a little later; what never comes fails below.
  await until(() => timeoutsOf(errors()).length + dropped >= unanswered.length, "the log").catch(() => undefined)
  const spoeErrors = errors()
  const timeouts = timeoutsOf(spoeErrors)
  console.log(
    `${unanswered.length} of ${2 * CONNECTIONS} requests unanswered; HAProxy timed out ${timeouts.length} exchanges; ` +
      `it and the agent waited for a processor ${waits.length} times, ${Math.round(waits[0] ?? 0)} ms at most`
  )
  expect(loads.map((load) => load.replies.length)).toEqual([CONNECTIONS, CONNECTIONS])
  expect(loads.flatMap((load) => load.errors)).toEqual([])
  expect(spoeErrors.filter((line) => !timeouts.includes(line))).toEqual([])
  // None is ours: every question found its SYN.
  const metrics = await agent.metrics()
  const lookups = sumOf(metrics, "synprint_lookups_total", 'backend="pcap"')
  expect(lookups - sumOf(metrics, "synprint_lookups_total", 'backend="pcap"', 'result="hit"')).toBe(0)
  expect(lookups).toBeGreaterThanOrEqual(2 * CONNECTIONS - unanswered.length)
  expect(unanswered.length).toBeLessThanOrEqual(timeouts.length + dropped)

  const [four, six] = loads.map((load) => load.replies.find((reply) => reply.headers.has("x_tcp_os"))!.headers)
  expect(four!.get("x_tcp_os")).toMatch(/^Linux/)
  expect(four!.get("x-tcp-mtu")).toBe("1500")
  expect(four!.get("x-tcp-mss")).toBe("1460")
  expect(six!.get("x-tcp-mss")).toBe("1440")
  return { count: unanswered.length, explained: Math.min(unanswered.length, waits.length * IN_FLIGHT) }
}

testWith(
  NEEDS,
  "every absence is a processing time-out of HAProxy, and few of the first requests have one",
  async () => {
    const most = MOST_ABSENCES * 2 * CONNECTIONS
    let unexplained = Infinity
    for (let round = 0; round < ROUNDS; round++) {
      const { count, explained } = await absent()
      unexplained = Math.min(unexplained, count - explained)
      if (count <= most) break
    }
    expect(unexplained).toBeLessThanOrEqual(most)
  },
  240_000
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
    // sess variables outlive an exchange that times out later: a connection that was answered once keeps its answer.
    const answered = new Set<number>()
    for (const reply of result.replies) {
      if (reply.headers.has("x-tcp-mss")) answered.add(reply.connection)
      else expect(answered).not.toContain(reply.connection)
    }
    expect(answered.size).toBe(50)
    expect(new Set(result.replies.map((reply) => reply.headers.get("x-tcp-mss") ?? "1460"))).toEqual(new Set(["1460"]))
  },
  90_000
)
