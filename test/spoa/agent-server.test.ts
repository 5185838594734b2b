/** The SPOP listener over real sockets, against clients that behave as HAProxy 2.6 and 3.5 do and against those that misbehave. */
import { afterAll, describe, expect, test } from "bun:test"
import { chownSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { FIELDS } from "@synprint/core"
import * as Runtime from "effect/Runtime"
import { ConfigInvalid, ListenError } from "@synprint/core/runtime"
import { Agent, type AgentServerOptions, Counters, VariableWriter, serveAgent } from "@synprint/spoa"
import {
  FakeHaproxy,
  IN_FLIGHT_MAX,
  type Message,
  answererOf,
  connectionArguments,
  haproxyHello,
  notify,
  opened,
  readKeyValues,
  readVariables,
  testShape
} from "@synprint/spoa/testing"

const directory = mkdtempSync(`${tmpdir()}/synprint-spoa-`)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const LOOPBACK = { kind: "tcp", host: "127.0.0.1", port: 0 } as const
const FILE = { mode: 0o660, owner: "", group: "" }
const SYN = Uint8Array.from(
  Buffer.from(
    "4500003c613940004006db807f0000017f00000196666db00595a17100000000a002ffd7fe3000000204ffd70402080add89a778000000000103030a",
    "hex"
  )
)

/** An agent whose answers name the client port in `sig`, so that a swapped answer shows. */
async function start(different: Partial<AgentServerOptions> = {}) {
  const counters = new Counters()
  const asked: Array<{ port: number; syn: number }> = []
  const answerer = answererOf(({ key, savedSyn }, into) => {
    const port = (key[4]! << 8) | key[5]!
    asked.push({ port, syn: savedSyn?.length ?? -1 })
    into.status = "ok"
    into.shape = testShape({ rawSignature: `port ${port}`, os: "Linux 5.x" })
  })
  const agent = new Agent(
    { answerer, variables: new VariableWriter(FIELDS.map(({ name }) => name)), key: "connection", http: undefined },
    counters
  )
  const server = await opened(
    serveAgent({
      listen: [LOOPBACK],
      file: FILE,
      allow: [],
      maxFrameSize: 16380,
      pipelining: true,
      shutdownMs: 1000,
      handler: agent,
      counters,
      ...different
    })
  )
  const [first] = server.value
  const to =
    first!.kind === "tcp"
      ? { host: first!.host === "0.0.0.0" ? "127.0.0.1" : first!.host, port: first!.port }
      : { path: first!.path }
  return { counters, asked, to, close: server.close, [Symbol.asyncDispose]: server[Symbol.asyncDispose] }
}

const ask = (port: number, syn?: Uint8Array): ReadonlyArray<Message> => [
  {
    name: "p0f-msg",
    args: [
      ...connectionArguments("127.0.0.1", port, "127.0.0.1", 28080),
      ["syn", syn === undefined ? { t: "null" } : { t: "binary", v: syn }]
    ]
  }
]

async function eventually(what: string, isTrue: () => boolean, timeoutMs = 4000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await Bun.sleep(5)
  }
}

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
})

describe("time-outs", () => {
  test("a connection without a whole HELLO is closed, one with it stays as long as it likes", async () => {
    await using agent = await start({ helloTimeoutMs: 300, stallTimeoutMs: 300 })
    const silent = await FakeHaproxy.connect({ to: agent.to, hello: new Uint8Array(0) })
    const half = await FakeHaproxy.connect({ to: agent.to, hello: haproxyHello().subarray(0, 100) })
    const idle = await FakeHaproxy.connect({ to: agent.to })
    await idle.greeted()
    await Promise.all([silent.closed(), half.closed()])
    await Bun.sleep(1200)
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
    await eventually("stall", () => agent.counters.stalls === 1, 5000)
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
  }, 20_000)
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
    expect(performance.now() - from).toBeLessThan(1500)
    haproxy.end()
  })

  test("an idle agent stops at once and its address is free again", async () => {
    const agent = await start()
    const port = "port" in agent.to ? agent.to.port : 0
    const from = performance.now()
    await agent.close()
    expect(performance.now() - from).toBeLessThan(200)
    await using again = await start({ listen: [{ ...LOOPBACK, port }] })
    expect(again.to).toEqual({ host: "127.0.0.1", port })
  })
})

describe("listening", () => {
  const failure = async (different: Partial<AgentServerOptions>) => {
    try {
      await (await start(different)).close()
    } catch (error) {
      const exit = (error as { [Runtime.errorExitCode]?: number })[Runtime.errorExitCode]
      return { message: (error as Error).message, exit, error }
    }
    throw new Error("it opened")
  }

  test("a second instance on the same address fails and takes nothing from the first", async () => {
    const path = `${directory}/one.sock`
    for (const listen of [{ ...LOOPBACK, port: 29_517 }, { kind: "unix", path } as const]) {
      await using first = await start({ listen: [listen] })
      expect((await failure({ listen: [listen] })).message).toStartWith("cannot listen on")
      const haproxy = await FakeHaproxy.connect({ to: first.to })
      await haproxy.ack(haproxy.notify(ask(1)))
      haproxy.abandon()
    }
  })

  test("a TCP port that another program has", async () => {
    const other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
    const { message, error } = await failure({ listen: [{ ...LOOPBACK, port: other.port }] })
    expect(error).toBeInstanceOf(ListenError)
    expect(message).toBe(
      `cannot listen on 127.0.0.1:${other.port}: EADDRINUSE (another process listens there: stop it or change spoa.listen)`
    )
    other.stop(true)
  })

  const ss = Bun.which("ss")
  if (ss === null) process.stderr.write("skipped: the backlog is read by ss (iproute2), which is not here\n")
  test.skipIf(ss === null)("4096 connections may wait to be accepted, or as many as the kernel allows", async () => {
    await using agent = await start()
    const port = "port" in agent.to ? agent.to.port : 0
    const line = Bun.spawnSync([ss!, "-Hltn", `sport = :${port}`]).stdout.toString()
    const most = Number(await Bun.file("/proc/sys/net/core/somaxconn").text())
    expect(Number(line.trim().split(/\s+/)[2])).toBe(Math.min(4096, most))
  })

  test("an address that can be reached from outside needs allow", async () => {
    const { message, error, exit } = await failure({ listen: [{ ...LOOPBACK, host: "0.0.0.0" }] })
    expect(error).toBeInstanceOf(ConfigInvalid)
    expect(message).toContain('allow = ["10.0.0.0/8"]')
    expect(exit).toBe(78)
    expect((await failure({ allow: ["10.0.0.0/33"] })).error).toBeInstanceOf(ConfigInvalid)
  })

  test("allow lets its networks in and nobody else", async () => {
    await using closed = await start({
      listen: [{ ...LOOPBACK, host: "0.0.0.0" }],
      allow: ["10.99.0.0/16", "2001:db8::/32"]
    })
    const denied = await FakeHaproxy.connect({ to: closed.to })
    await denied.closed()
    expect(denied.frames).toEqual([])
    expect(closed.counters).toMatchObject({ denied: 1, connections: 0 })
    await using open = await start({ listen: [{ ...LOOPBACK, host: "0.0.0.0" }], allow: ["127.0.0.0/8"] })
    const let_in = await FakeHaproxy.connect({ to: open.to })
    await let_in.greeted()
    let_in.abandon()
  })

  test("more connections than allowed are closed at once, and there is room again afterwards", async () => {
    await using agent = await start({ connections: 3 })
    const three = await Promise.all(Array.from({ length: 3 }, () => FakeHaproxy.connect({ to: agent.to })))
    await Promise.all(three.map((haproxy) => haproxy.greeted()))
    const fourth = await FakeHaproxy.connect({ to: agent.to })
    await fourth.closed()
    three[0]!.abandon()
    await eventually("room", () => agent.counters.open === 2)
    const fifth = await FakeHaproxy.connect({ to: agent.to })
    await fifth.greeted()
    for (const haproxy of [...three, fifth]) haproxy.abandon()
  })

  test("unix socket: mode, removed at the end, a stale file replaced, a live one and a file of another kind left alone", async () => {
    const path = `${directory}/modes.sock`
    for (const mode of [0o660, 0o600, 0o666]) {
      const agent = await start({ listen: [{ kind: "unix", path }], file: { ...FILE, mode } })
      expect(statSync(path).mode & 0o777).toBe(mode)
      await agent.close()
      expect(existsSync(path)).toBe(false)
    }
    // A process that was killed leaves its file.
    const script = `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL")`
    await Bun.spawn([process.execPath, "-e", script]).exited
    expect(existsSync(path)).toBe(true)
    const agent = await start({ listen: [{ kind: "unix", path }] })
    const haproxy = await FakeHaproxy.connect({ to: { path } })
    await haproxy.greeted()
    haproxy.end()
    await agent.close()

    const other = Bun.listen({ unix: path, socket: { data() {} } })
    expect((await failure({ listen: [{ kind: "unix", path }] })).message).toContain("EADDRINUSE")
    expect(existsSync(path)).toBe(true)
    other.stop(true)
    writeFileSync(path, "keep")
    expect((await failure({ listen: [{ kind: "unix", path }] })).message).toContain("no socket")
    expect(await Bun.file(path).text()).toBe("keep")
  })

  const isRoot = process.getuid?.() === 0
  if (!isRoot) process.stderr.write("skipped: owner and group of a unix socket need root\n")
  test.skipIf(!isRoot)(
    "unix socket: owner and group by name and number, unknown ones are an error of the configuration",
    async () => {
      const path = `${directory}/owned.sock`
      await using agent = await start({
        listen: [{ kind: "unix", path }],
        file: { mode: 0o640, owner: "nobody", group: "65534" }
      })
      expect(agent.counters.open).toBe(0)
      const { uid, gid, mode } = statSync(path)
      expect([uid, gid, mode & 0o777]).toEqual([65534, 65534, 0o640])
      chownSync(path, 0, 0)
      const { error, message } = await failure({
        listen: [{ kind: "unix", path: `${directory}/x.sock` }],
        file: { ...FILE, group: "no-such-group" }
      })
      expect(error).toBeInstanceOf(ConfigInvalid)
      expect(message).toContain("spoa.group")
      expect(existsSync(`${directory}/x.sock`)).toBe(false)
    }
  )
})
