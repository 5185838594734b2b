/** Agents and HAProxy come and go under load: every request is served, and the headers come back by themselves. */
import { expect } from "bun:test"
import type { LoadResult } from "../lib/client.ts"
import { countValues } from "../lib/expected.ts"
import { needs, openSite, type HaproxySite } from "../lib/site.ts"
import { testWith } from "../lib/requires.ts"

const NEEDS = needs()

const served = (result: LoadResult) => {
  expect(result.errors).toEqual([])
  expect(result.replies.filter((reply) => reply.status !== 200)).toEqual([])
}

/** HAProxy finds the agent again within its downinter of 500 ms; asks one connection at a time until it is answered. */
async function answersAgain(site: HaproxySite, withinMs = 20_000): Promise<number> {
  const begin = performance.now()
  for (;;) {
    const result = await site.load({ host: site.server.ipv4 })
    served(result)
    if (countValues(result, "x-tcp-status")["ok"] === 1) return performance.now() - begin
    if (performance.now() - begin > withinMs) throw new Error(`no headers ${withinMs} ms after the agent's start`)
    await Bun.sleep(50)
  }
}

/** 200 connections that all have headers: a busy machine lets HAProxy take an agent for down that answers a check late. */
async function settles(site: HaproxySite, host: string): Promise<void> {
  const begin = performance.now()
  for (;;) {
    const result = await site.load({ host, connections: 200, concurrency: 10 })
    served(result)
    const statuses = countValues(result, "x-tcp-status")
    if (statuses["ok"] === 200) return
    if (performance.now() - begin > 20_000) throw new Error(`20 s later still ${JSON.stringify(statuses)}`)
  }
}

testWith(
  NEEDS,
  "the agent killed and started again: requests go on with agent_down, then with headers",
  async () => {
    await using site = await openSite()
    const agent = await site.agent()
    await site.haproxy({ example: "haproxy.cfg" })
    await answersAgain(site)
    await agent.stop("SIGKILL")
    const without = await site.load({ host: site.server.ipv4, connections: 200, concurrency: 10 })
    served(without)
    expect(countValues(without, "x-tcp-status")).toEqual({ agent_down: 200 })
    await site.agent()
    console.log(`headers came back ${Math.round(await answersAgain(site))} ms after the agent listened`)
    await settles(site, site.server.ipv6)
  },
  120_000
)

testWith(
  NEEDS,
  "the agent replaced five times under connection-per-request load: every request is served",
  async () => {
    await using site = await openSite()
    let agent = await site.agent()
    await site.haproxy({ example: "haproxy.cfg" })
    await answersAgain(site)
    const loading = Promise.all(
      [site.server.ipv4, site.server.ipv6].map((host) =>
        site.load({ host, concurrency: 4, durationMs: 8000, pauseMs: 4 })
      )
    )
    for (let i = 0; i < 5; i++) {
      await Bun.sleep(300)
      expect(await agent.stop()).toBe(0)
      agent = await site.agent()
      await answersAgain(site)
    }
    const loads = await loading
    for (const load of loads) {
      served(load)
      const statuses = countValues(load, "x-tcp-status")
      console.log(`replaced five times: ${JSON.stringify(statuses)}`)
      // Nothing else than an answer, none, or a SYN that came while nobody captured.
      expect(Object.keys(statuses).filter((status) => !["ok", "agent_down", "not_captured"].includes(status))).toEqual(
        []
      )
      expect(load.replies.length).toBeGreaterThan(100)
      expect(statuses["ok"] ?? 0).toBeGreaterThan(0)
    }
    await settles(site, site.server.ipv4)
  },
  150_000
)

testWith(
  NEEDS,
  "HAProxy reloaded under load: every request is served, and the new process has headers at once",
  async () => {
    await using site = await openSite()
    await site.agent()
    const haproxy = await site.haproxy({ example: "haproxy.cfg" })
    await answersAgain(site)
    const loading = Promise.all(
      [site.server.ipv4, site.server.ipv6].map((host) =>
        site.load({ host, concurrency: 4, durationMs: 2500, pauseMs: 4, requests: 3 })
      )
    )
    for (let i = 0; i < 3; i++) {
      await Bun.sleep(400)
      const before = haproxy.pid()
      await haproxy.reload()
      expect(haproxy.pid()).not.toBe(before)
    }
    for (const load of await loading) {
      served(load)
      expect(countValues(load, "x-tcp-status")).toEqual({ ok: load.replies.length })
    }
  },
  120_000
)
