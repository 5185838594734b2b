/** The SPOP listener against clients that behave as HAProxy 2.6 and 3.5 do. */
import { afterAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { prefixes } from "@synprint/core/testing"
import { Counters, serveAgent } from "@synprint/spoa"
import {
  FakeHaproxy,
  IN_FLIGHT_MAX,
  haproxyHello,
  notify,
  readKeyValues,
  opened,
  readVariables
} from "@synprint/spoa/testing"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { FILE, LOOPBACK, SYN, ask, eventually, start } from "./served-agent.ts"

const directory = mkdtempSync(`${tmpdir()}/synprint-spoa-`)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe("HAProxy", () => {
  test("3.5: odd stream ids, frame id 1, 20 in flight, the saved SYN; each stream gets its own answer in at most 400 bytes", async () => {
    await using agent = await start()
    const haproxy = await FakeHaproxy.connect({ to: agent.to })
    const hello = await haproxy.greeted()
    expect(haproxy.chunks[0]).toBe(hello.size)
    for (let round = 0; round < 50; round++) {
      const streams = Array.from({ length: IN_FLIGHT_MAX }, (_, index) => {
        const port = 1024 + round * IN_FLIGHT_MAX + index
        return { sid: haproxy.notify(ask(port, SYN)), port }
      })
      for (const { sid, port } of streams) {
        const ack = await haproxy.ack(sid)
        expect([ack.fid, ack.flags]).toEqual([1n, 1])
        expect(ack.size).toBeLessThanOrEqual(400)
        expect(readVariables(ack.payload).get("sig")).toBe(`port ${port}`)
      }
    }
    expect(haproxy.frames.at(-1)!.sid).toBe(1999n)
    expect(agent.asked.every(({ syn }) => syn === 60)).toBe(true)
    expect(agent.counters).toMatchObject({ hellos: 1, notifies: 1000, acks: 1000, refusals: 0, acksTruncated: 0 })
    haproxy.abandon()
    await eventually("close", () => agent.counters.open === 0)
  })

  test("the ACKs of one read come in one write", async () => {
    await using agent = await start()
    const haproxy = await FakeHaproxy.connect({ to: agent.to })
    await haproxy.greeted()
    haproxy.write(
      Buffer.concat(Array.from({ length: 20 }, (_, index) => notify(ask(2000 + index), { sid: 2 * index + 1 })))
    )
    await haproxy.ack(39)
    expect(haproxy.chunks.length).toBe(2)
    haproxy.end()
  })

  test("2.6: stream ids from 0, HAPROXY-DISCONNECT answered by AGENT-DISCONNECT and the end", async () => {
    await using agent = await start()
    const haproxy = await FakeHaproxy.connect({ to: agent.to, version: "2.6" })
    await haproxy.greeted()
    for (let stream = 0; stream < 5; stream++) {
      expect(haproxy.notify(ask(3000 + stream))).toBe(stream)
      await haproxy.ack(stream)
    }
    haproxy.disconnect()
    await haproxy.closed()
    const last = haproxy.frames.at(-1)!
    expect(last.type).toBe(102)
    expect(readKeyValues(last.payload).get("status-code")).toEqual({ t: "uint32", v: 0n })
    haproxy.end()
    await eventually("close", () => agent.counters.open === 0)
    expect(agent.counters.refusals).toBe(0)
  })

  test("health checks in a burst: one frame each, then the end; HAProxy's RST is nothing", async () => {
    await using agent = await start()
    const checks = await Promise.all(
      Array.from({ length: 100 }, () =>
        FakeHaproxy.connect({ to: agent.to, hello: haproxyHello({ healthcheck: true }) })
      )
    )
    await Promise.all(
      checks.map(async (check, index) => {
        await check.greeted()
        if (index % 2 === 0) check.abandon()
        else {
          await check.closed()
          check.end()
        }
        expect(check.frames.length).toBe(1)
      })
    )
    await eventually("close", () => agent.counters.open === 0)
    expect(agent.counters).toMatchObject({ healthChecks: 100, hellos: 0, refusals: 0, helloTimeouts: 0 })
  })

  test("500 connections at once are all accepted and served", async () => {
    await using agent = await start()
    const peers = await Promise.all(Array.from({ length: 500 }, () => FakeHaproxy.connect({ to: agent.to })))
    await Promise.all(
      peers.map(async (haproxy, index) => {
        const sid = haproxy.notify(ask(5000 + index))
        expect(readVariables((await haproxy.ack(sid)).payload).get("sig")).toBe(`port ${5000 + index}`)
      })
    )
    expect(agent.counters).toMatchObject({ connections: 500, open: 500, acks: 500, denied: 0 })
    for (const haproxy of peers) haproxy.abandon()
    await eventually("close", () => agent.counters.open === 0)
  })

  test("RST in the middle of a frame, and right after a NOTIFY, leaves the others alone", async () => {
    await using agent = await start()
    const steady = await FakeHaproxy.connect({ to: agent.to })
    await steady.greeted()
    for (let round = 0; round < 30; round++) {
      const rude = await FakeHaproxy.connect({ to: agent.to })
      rude.notify(ask(6000 + round))
      if (round % 2 === 0) rude.write(notify(ask(1)).subarray(0, 20))
      rude.abandon()
      await steady.ack(steady.notify(ask(7000 + round)))
    }
    await eventually("close", () => agent.counters.open === 1)
    steady.abandon()
  })

  test("over a unix socket", async () => {
    const path = `${directory}/agent.sock`
    await using agent = await start({ listen: [{ kind: "unix", path }] })
    const haproxy = await FakeHaproxy.connect({ to: agent.to })
    await haproxy.ack(haproxy.notify(ask(8000)))
    haproxy.end()
  })

  test("several listeners serve one agent", async () => {
    const path = `${directory}/second.sock`
    await using agent = await start({ listen: [LOOPBACK, { kind: "unix", path }] })
    for (const to of [agent.to, { path }]) {
      const haproxy = await FakeHaproxy.connect({ to })
      await haproxy.ack(haproxy.notify(ask(8001)))
      haproxy.abandon()
    }
    expect(agent.counters.hellos).toBe(2)
  })

  test("a bug costs the connection that met it, is logged, and leaves the others alone", async () => {
    const lines: Array<string> = []
    const counters = new Counters()
    const handler = {
      begin: () => {},
      acknowledge: () => {
        throw new Error("of the test")
      }
    }
    const settings = { file: FILE, allow: prefixes(), maxFrameSize: 16_380, pipelining: true, shutdownMs: 1000 }
    await using agent = await opened(
      serveAgent({ ...settings, listen: [LOOPBACK], handler, counters }).pipe(
        Effect.provide(Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))]))
      )
    )
    const [to] = agent.value
    if (to?.kind !== "tcp") throw new Error("no address")
    const idle = await FakeHaproxy.connect({ to })
    await idle.greeted()
    const haproxy = await FakeHaproxy.connect({ to })
    haproxy.notify(ask(9000))
    await haproxy.closed()
    await eventually("log", () => lines.some((line) => line.includes("unexpected: Error: of the test")))
    expect([counters.open, idle.isClosed]).toEqual([1, false])
    idle.abandon()
  })
})
