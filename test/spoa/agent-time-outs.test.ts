/** Clients of the SPOP listener that are slow, silent or in flight while it stops. */
import { describe, expect, test } from "bun:test"
import { FakeHaproxy, haproxyHello, notify, readKeyValues } from "@synprint/spoa/testing"
import { LOOPBACK, ask, eventually, start } from "./served-agent.ts"

describe("time-outs", () => {
  test("a connection without a whole HELLO is closed, one with it stays as long as it likes", async () => {
    await using agent = await start({ helloTimeoutMs: 500, stallTimeoutMs: 300 })
    const silent = await FakeHaproxy.connect({ to: agent.to, hello: new Uint8Array(0) })
    const half = await FakeHaproxy.connect({ to: agent.to, hello: haproxyHello().subarray(0, 100) })
    const idle = await FakeHaproxy.connect({ to: agent.to })
    await idle.greeted()
    await Promise.all([silent.closed(), half.closed()])
    await Bun.sleep(600)
    expect(agent.counters).toMatchObject({ helloTimeouts: 2, open: 1, stalls: 0 })
    await idle.ack(idle.notify(ask(9000)))
    expect(idle.isClosed).toBe(false)
    idle.abandon()
  })

  test("a client that asks and never reads: reading stops, memory stays, and it is closed", async () => {
    await using agent = await start({ stallTimeoutMs: 600 })
    const before = process.memoryUsage.rss()
    const stuck = await FakeHaproxy.connect({ to: agent.to })
    await stuck.greeted()
    stuck.pause()
    const block = Buffer.concat(Array.from({ length: 2000 }, (_, index) => notify(ask(1024 + index), { sid: index })))
    let sent = 0
    let idle = 0
    while (idle < 20 && !stuck.isClosed) {
      const written = stuck.write(block)
      if (written <= 0) {
        idle++
        await Bun.sleep(10)
      } else {
        sent += written
        idle = 0
      }
      // Offsets would be lost after a short write; the agent must end the session then, not grow.
      if (written > 0 && written < block.length) break
    }
    expect(sent).toBeGreaterThan(block.length / 2)
    await eventually("stall", () => agent.counters.stalls === 1)
    await eventually("close", () => agent.counters.open === 0)
    expect(process.memoryUsage.rss() - before).toBeLessThan(128 << 20)
  })

  test("a client that reads late gets every ACK in order", async () => {
    await using agent = await start({ stallTimeoutMs: 20_000 })
    const count = 40_000
    const input = Buffer.concat([
      haproxyHello(),
      ...Array.from({ length: count }, (_, index) => notify(ask(1024 + (index % 60_000)), { sid: index }))
    ])
    let received = 0
    let held = Buffer.alloc(0)
    let next = 0
    let inOrder = true
    const { promise, resolve } = Promise.withResolvers<void>()
    let at = 0
    const push = (socket: Bun.Socket) => {
      while (at < input.length) {
        const written = socket.write(input, at)
        if (written <= 0) return
        at += written
      }
    }
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: "port" in agent.to ? agent.to.port : 0,
      socket: {
        open: push,
        drain: push,
        data(_, chunk) {
          held = Buffer.concat([held, chunk])
          for (;;) {
            if (held.length < 4 || held.length < 4 + held.readUInt32BE(0)) break
            const size = 4 + held.readUInt32BE(0)
            if (held[4] === 103) {
              // The stream id again as HAProxy's varint.
              const head = notify([], { sid: next }).subarray(9, -1)
              if (!held.subarray(9, 9 + head.length).equals(head)) inOrder = false
              next++
            }
            held = held.subarray(size)
            received++
          }
          if (received === count + 1) resolve()
        },
        error() {}
      }
    })
    socket.pause()
    await Bun.sleep(700)
    expect(agent.counters.acks).toBeLessThan(count)
    socket.resume()
    await promise
    expect(next).toBe(count)
    expect(inOrder).toBe(true)
    expect(agent.counters).toMatchObject({ acks: count, stalls: 0 })
    socket.terminate()
  }, 60_000)
})

describe("stopping", () => {
  test("what is in flight is answered, then AGENT-DISCONNECT 0; new connections are refused; checks fail meanwhile", async () => {
    const agent = await start()
    const haproxy = await FakeHaproxy.connect({ to: agent.to })
    await haproxy.greeted()
    const sid = haproxy.notify(ask(4000))
    const stopped = agent.close()
    const late = await FakeHaproxy.connect({ to: agent.to, hello: haproxyHello({ healthcheck: true }) }).catch(
      (error: unknown) => error
    )
    if (late instanceof FakeHaproxy) {
      await late.closed()
      expect(late.frames.filter(({ type }) => type === 101)).toEqual([])
      late.end()
    }
    await haproxy.closed()
    expect(haproxy.frames.map(({ type }) => type)).toEqual([101, 103, 102])
    expect(haproxy.frames[1]!.sid).toBe(BigInt(sid))
    expect(readKeyValues(haproxy.frames[2]!.payload).get("status-code")).toEqual({ t: "uint32", v: 0n })
    haproxy.end()
    await stopped
    expect(agent.counters.open).toBe(0)
  })

  test("a client that never closes can't hold the stop beyond its deadline", async () => {
    const agent = await start({ shutdownMs: 300 })
    const haproxy = await FakeHaproxy.connect({ to: agent.to })
    await haproxy.greeted()
    const from = performance.now()
    await agent.close()
    // It never closes: without the deadline the test would not end.
    expect(performance.now() - from).toBeLessThan(10_000)
    haproxy.end()
  })

  test("an idle agent stops at once and its address is free again", async () => {
    const agent = await start({ shutdownMs: 20_000 })
    const port = "port" in agent.to ? agent.to.port : 0
    const from = performance.now()
    await agent.close()
    expect(performance.now() - from).toBeLessThan(5000)
    await using again = await start({ listen: [{ ...LOOPBACK, port }] })
    expect(again.to).toEqual({ host: "127.0.0.1", port })
  })
})
