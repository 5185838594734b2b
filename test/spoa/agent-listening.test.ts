/** Addresses of the SPOP listener and the clients that it accepts: addresses that are taken, networks, limits, unix sockets. */
import { afterAll, describe, expect, test } from "bun:test"
import { chownSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import * as Runtime from "effect/Runtime"
import { prefixes } from "@synprint/core/testing"
import { ConfigInvalid, ListenError } from "@synprint/service"
import type { AgentServerOptions } from "@synprint/spoa"
import { FakeHaproxy } from "@synprint/spoa/testing"
import { FILE, LOOPBACK, ask, eventually, start } from "./served-agent.ts"

const directory = mkdtempSync(`${tmpdir()}/synprint-spoa-`)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Opens a connection that is refused: reset at once, perhaps before its client saw itself connected. */
async function refused({ to, counters }: Awaited<ReturnType<typeof start>>): Promise<ReadonlyArray<unknown>> {
  const client = await FakeHaproxy.connect({ to }).catch(() => undefined)
  await client?.closed()
  await eventually("it is denied", () => counters.denied === 1)
  return client?.frames ?? []
}

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
  })

  test("allow lets its networks in and nobody else", async () => {
    await using closed = await start({
      listen: [{ ...LOOPBACK, host: "0.0.0.0" }],
      allow: prefixes("10.99.0.0/16", "2001:db8::/32")
    })
    expect(await refused(closed)).toEqual([])
    expect(closed.counters).toMatchObject({ denied: 1, connections: 0 })
    await using open = await start({ listen: [{ ...LOOPBACK, host: "0.0.0.0" }], allow: prefixes("127.0.0.0/8") })
    const let_in = await FakeHaproxy.connect({ to: open.to })
    await let_in.greeted()
    let_in.abandon()
  })

  test("more connections than allowed are closed at once, and there is room again afterwards", async () => {
    await using agent = await start({ connections: 3 })
    const three = await Promise.all(Array.from({ length: 3 }, () => FakeHaproxy.connect({ to: agent.to })))
    await Promise.all(three.map((haproxy) => haproxy.greeted()))
    expect(await refused(agent)).toEqual([])
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
