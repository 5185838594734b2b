/** `synprint spoa` as a process, asked by a client that behaves as HAProxy 3.5 does and hands over saved SYNs: no privilege needed. */
import { afterAll, describe, expect, test } from "bun:test"
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { askP0f } from "@synprint/spoa"
import { FakeHaproxy, connectionArguments, haproxyHello, readKeyValues, readVariables } from "@synprint/spoa/testing"
import * as Effect from "effect/Effect"

const MAIN = `${import.meta.dir}/../../packages/cli/src/main.ts`
const directory = mkdtempSync(`${tmpdir()}/synprint-program-`)
chmodSync(directory, 0o755)
const running = new Set<Bun.Subprocess>()
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL")
  await Promise.all([...running].map((child) => child.exited))
  rmSync(directory, { recursive: true, force: true })
})
let count = 0

/** Saved SYN of a Linux client, from 10.0.0.1:40000 to 10.0.0.2:80. */
const SYN = Uint8Array.from(
  Buffer.from(
    "4500003c000140004006000" +
      "00a0000010a0000029c4000500000000100000000a002faf000000000020405b40402080a00000001000000000103030a",
    "hex"
  )
)

async function until(what: () => string, isTrue: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what()}`)
    await Bun.sleep(10)
  }
}

async function start(config: string, isReady = "serves SPOP on") {
  const base = `${directory}/${count++}`
  const file = `${base}.toml`
  const path = `${base}.sock`
  const text = config.replaceAll("SOCKET", `unix:${path}`).replaceAll("BASE", base)
  writeFileSync(file, text)
  const child = Bun.spawn([process.execPath, MAIN, "spoa", "--config", file], {
    stdout: "ignore",
    stderr: Bun.file(`${base}.err`)
  })
  running.add(child)
  const log = () => (existsSync(`${base}.err`) ? readFileSync(`${base}.err`, "utf8") : "")
  await until(log, () => log().includes(isReady) || child.exitCode !== null)
  return {
    base,
    file,
    path,
    text,
    child,
    log,
    stop: async (signal: NodeJS.Signals = "SIGTERM") => {
      child.kill(signal)
      return child.exited
    }
  }
}

const CONFIG = `
[capture]
backend = "saved-syn"
[spoa]
listen = ["SOCKET"]
[admin]
listen = []
`

const ask = (port = 40_000, syn: Uint8Array | null = SYN) => [
  {
    name: "m",
    args: [
      ...connectionArguments("10.0.0.1", port, "10.0.0.2", 80),
      ["syn", syn === null ? ({ t: "null" } as const) : ({ t: "binary", v: syn } as const)] as const
    ]
  }
]

const answered = async (haproxy: FakeHaproxy, ...args: Parameters<typeof ask>) =>
  readVariables((await haproxy.ack(haproxy.notify(ask(...args)))).payload)

/** Waits until a variable has a value: what was reloaded is in use a little later than the log says so. */
async function becomes(haproxy: FakeHaproxy, name: string, wanted: string | undefined): Promise<void> {
  const deadline = performance.now() + 15_000
  for (;;) {
    const value = (await answered(haproxy)).get(name)
    if (value === wanted) return
    if (performance.now() > deadline) throw new Error(`${name} is ${String(value)} and not ${wanted}`)
    await Bun.sleep(10)
  }
}

describe("answers", () => {
  test("a saved SYN is matched by the built-in database; asked again without it the answer stays; without one it says so", async () => {
    const agent = await start(CONFIG)
    const haproxy = await FakeHaproxy.connect({ to: { path: agent.path } })
    const first = await answered(haproxy)
    expect(first.get("status")).toBe("ok")
    expect(first.get("os")).toStartWith("Linux")
    expect(first.get("sig")).toBe("4:64+0:0:1460:mss*44,10:mss,sok,ts,nop,ws:df,id+:0")
    expect([first.get("dist"), first.get("link_mtu"), first.get("link_mss"), first.get("done")]).toEqual([
      0n,
      1500n,
      1460n,
      "1"
    ])
    expect(await answered(haproxy, 40_000, null)).toEqual(first)
    expect(Object.fromEntries(await answered(haproxy, 40_001, new Uint8Array(0)))).toEqual({
      status: "syncookie",
      done: "1"
    })
    expect(Object.fromEntries(await answered(haproxy, 40_002, Uint8Array.of(0x45, 1, 2)))).toEqual({
      status: "malformed",
      done: "1"
    })
    expect((await answered(haproxy, 40_003, null)).get("status")).toBe("not_captured")
    haproxy.abandon()
    expect(await agent.stop()).toBe(0)
  })

  test("tcp_enabled = false: every status is disabled", async () => {
    const agent = await start(`${CONFIG}[fingerprint]\ntcp_enabled = false\n`)
    const haproxy = await FakeHaproxy.connect({ to: { path: agent.path } })
    expect(Object.fromEntries(await answered(haproxy))).toEqual({ status: "disabled", done: "1" })
    haproxy.abandon()
    expect(await agent.stop()).toBe(0)
  })
})

describe("life", () => {
  test("SIGTERM: AGENT-DISCONNECT 0 to HAProxy, exit 0, the socket file is gone", async () => {
    const agent = await start(CONFIG)
    const haproxy = await FakeHaproxy.connect({ to: { path: agent.path } })
    await haproxy.greeted()
    const exit = agent.stop()
    await haproxy.closed()
    const last = haproxy.frames.at(-1)!
    expect([last.type, readKeyValues(last.payload).get("status-code")]).toEqual([102, { t: "uint32", v: 0n }])
    haproxy.end()
    expect(await exit).toBe(0)
    expect(existsSync(agent.path)).toBe(false)
  })

  test("a second signal ends it at once", async () => {
    const agent = await start(CONFIG.replace("[spoa]", '[spoa]\nshutdown = "60 seconds"'))
    const haproxy = await FakeHaproxy.connect({ to: { path: agent.path } })
    await haproxy.greeted()
    agent.child.kill("SIGTERM")
    await haproxy.closed()
    const from = performance.now()
    await agent.stop()
    expect(performance.now() - from).toBeLessThan(20_000)
    haproxy.abandon()
  })

  test("a second instance on the same address is an error, and the first one goes on", async () => {
    const agent = await start(CONFIG)
    const other = Bun.spawn([process.execPath, MAIN, "spoa", "--config", agent.file], {
      stdout: "ignore",
      stderr: "pipe"
    })
    expect(await other.exited).toBe(1)
    expect(await new Response(other.stderr).text()).toContain(
      "another synprint of this host serves it (stop it or change spoa.listen)"
    )
    const haproxy = await FakeHaproxy.connect({ to: { path: agent.path } })
    expect((await answered(haproxy)).get("status")).toBe("ok")
    haproxy.abandon()
    expect(await agent.stop()).toBe(0)
  })

  test("killed and started again: the stale socket file is replaced", async () => {
    const agent = await start(CONFIG)
    await agent.stop("SIGKILL")
    expect(existsSync(agent.path)).toBe(true)
    const again = Bun.spawn([process.execPath, MAIN, "spoa", "--config", agent.file], {
      stdout: "ignore",
      stderr: "ignore"
    })
    running.add(again)
    const connect = () => FakeHaproxy.connect({ to: { path: agent.path } }).catch(() => undefined)
    let haproxy = await connect()
    const deadline = performance.now() + 20_000
    while (haproxy === undefined && performance.now() < deadline) {
      await Bun.sleep(10)
      haproxy = await connect()
    }
    expect((await answered(haproxy!)).get("status")).toBe("ok")
    haproxy!.abandon()
    again.kill()
    expect(await again.exited).toBe(0)
  })

  test("a health check is answered before anything was asked", async () => {
    const agent = await start(CONFIG)
    const check = await FakeHaproxy.connect({ to: { path: agent.path }, hello: haproxyHello({ healthcheck: true }) })
    await check.greeted()
    await check.closed()
    check.end()
    expect(await agent.stop()).toBe(0)
  })
})

describe("reload", () => {
  test("variables and databases change under open connections; a bad file and what needs a restart change nothing", async () => {
    const agent = await start(CONFIG)
    const haproxy = await FakeHaproxy.connect({ to: { path: agent.path } })
    expect((await answered(haproxy)).get("os")).toStartWith("Linux")

    const write = (text: string) => {
      writeFileSync(`${agent.file}.new`, text)
      renameSync(`${agent.file}.new`, agent.file)
    }
    const database = `${agent.base}.fp`
    writeFileSync(
      database,
      "[tcp:request]\nlabel = s:unix:Mine:1\nsig = *:64:0:*:64240,10:mss,sok,ts,nop,ws:df,id+:0\n"
    )
    const changed = agent.text.replace(
      "[spoa]",
      `[fingerprint]\ndatabases = ["builtin", "${database}"]\n[spoa]\nvariables = ["os", "total_conn"]`
    )
    write(changed)
    await until(agent.log, () => agent.log().includes("reloaded"))
    // On the connection that stays, the SYN is matched anew.
    await becomes(haproxy, "os", "Mine 1")
    expect(Object.fromEntries(await answered(haproxy))).toEqual({
      status: "ok",
      done: "1",
      os: "Mine 1",
      total_conn: 1n
    })

    writeFileSync(
      `${database}.new`,
      "[tcp:request]\nlabel = s:unix:Mine:2\nsig = *:64:0:*:64240,10:mss,sok,ts,nop,ws:df,id+:0\n"
    )
    renameSync(`${database}.new`, database)
    const reloads = () => agent.log().split("message=reloaded").length
    await until(agent.log, () => reloads() === 3)
    await becomes(haproxy, "os", "Mine 2")

    write(changed.replace("total_conn", "total_con"))
    await until(agent.log, () => agent.log().includes("reload rejected, nothing changed"))
    expect(agent.log()).toContain("total_conn")
    expect((await answered(haproxy)).get("os")).toBe("Mine 2")

    write(`${changed.replace("[spoa]", "[spoa]\nmax_frame_size = 4096")}`)
    await until(agent.log, () => agent.log().includes("spoa.max_frame_size changed: it takes a restart"))
    expect(haproxy.isClosed).toBe(false)
    haproxy.abandon()
    expect(await agent.stop()).toBe(0)
  })

  test("SIGHUP reloads when watching is off", async () => {
    const agent = await start(`${CONFIG}[reload]\nwatch = false\n`)
    const haproxy = await FakeHaproxy.connect({ to: { path: agent.path } })
    writeFileSync(agent.file, agent.text.replace("[spoa]", '[spoa]\nvariables = ["sig"]'))
    await Bun.sleep(300)
    expect((await answered(haproxy)).has("os")).toBe(true)
    agent.child.kill("SIGHUP")
    await until(agent.log, () => agent.log().includes("reloaded"))
    await becomes(haproxy, "os", undefined)
    expect([...(await answered(haproxy)).keys()].toSorted()).toEqual(["done", "sig", "status"])
    haproxy.abandon()
    expect(await agent.stop()).toBe(0)
  })
})

test("observations: JSON lines in a file of mode 0600, opened again on SIGUSR1", async () => {
  const agent = await start(`${CONFIG}[log]\nobservations = "BASE.json"\n`)
  const file = `${agent.base}.json`
  const haproxy = await FakeHaproxy.connect({ to: { path: agent.path } })
  const lines = (name: string) =>
    existsSync(name)
      ? readFileSync(name, "utf8")
          .trim()
          .split("\n")
          .filter((line) => line !== "")
      : []
  await answered(haproxy)
  await until(agent.log, () => lines(file).length > 0)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(JSON.parse(lines(file)[0]!)).toMatchObject({
    event: "syn",
    client: "10.0.0.1",
    client_port: 40_000,
    server: "10.0.0.2",
    dist: 0
  })
  renameSync(file, `${file}.1`)
  agent.child.kill("SIGUSR1")
  await until(agent.log, () => existsSync(file))
  const other = SYN.slice()
  other[27] = 9 // another ISN: another connection
  await answered(haproxy, 40_000, other)
  await until(agent.log, () => lines(file).length > 0)
  haproxy.abandon()
  expect(await agent.stop()).toBe(0)
})

describe("exit codes", () => {
  const exit = async (config: string, before: ReadonlyArray<string> = []) => {
    const file = `${directory}/${count++}.toml`
    writeFileSync(file, config.replaceAll("SOCKET", `unix:${directory}/x${count}.sock`))
    const child = Bun.spawn([...before, process.execPath, MAIN, "spoa", "--config", file], {
      stdout: "ignore",
      stderr: "pipe"
    })
    return { code: await child.exited, text: await new Response(child.stderr).text() }
  }

  test("78 and every problem at once for a configuration that can't work", async () => {
    const { code, text } = await exit(
      '[spoa]\nlisten = ["0.0.0.0:9000"]\nmax_frame_size = 16380\n[capture]\nbackend = "saved-syn"\n[p0f_api]\n'
    )
    expect(code).toBe(78)
    for (const part of ["spoa.allow", "p0f_api", "pcap"]) expect(text).toContain(part)
  })

  test("78 for an owner that is nobody", async () => {
    const { code, text } = await exit(CONFIG.replace("[spoa]", '[spoa]\nowner = "no-such-user"'))
    expect(code).toBe(78)
    expect(text).toContain('no user "no-such-user" in /etc/passwd')
  })

  const setpriv = Bun.which("setpriv")
  const isRoot = process.getuid?.() === 0
  if (!isRoot || setpriv === null) process.stderr.write("skipped: exit 77 is tried by setpriv, as root\n")
  test.skipIf(!isRoot || setpriv === null)(
    "77 and the grant to give for a capture that is named and not permitted",
    async () => {
      const unprivileged = [
        setpriv!,
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--bounding-set=-all",
        "--inh-caps=-all"
      ]
      chmodSync(directory, 0o777)
      const { code, text } = await exit(CONFIG.replace('"saved-syn"', '"pcap"'), unprivileged)
      expect(code).toBe(77)
      expect(text).toContain("CAP_NET_RAW")
    }
  )
})

test("the p0f socket beside it answers about an address that was seen on the wire", async () => {
  if (process.getuid?.() !== 0) {
    process.stderr.write("skipped: the p0f socket needs the pcap backend, which needs root\n")
    return
  }
  const agent = await start(
    CONFIG.replace('backend = "saved-syn"', 'backend = ["saved-syn", "pcap"]\ninterface = ["lo"]\nports = [29519]') +
      '[p0f_api]\nsocket = "BASE.p0f"\n'
  )
  const server = Bun.listen({ hostname: "127.0.0.1", port: 29_519, socket: { data() {} } })
  const client = await Bun.connect({ hostname: "127.0.0.1", port: 29_519, socket: { data() {} } })
  let host = await Effect.runPromise(askP0f(`${agent.base}.p0f`, "127.0.0.1"))
  // The tap delivers the packets in its own time.
  for (let tries = 0; tries < 500 && host === undefined; tries++) {
    await Bun.sleep(20)
    host = await Effect.runPromise(askP0f(`${agent.base}.p0f`, "127.0.0.1"))
  }
  expect(host).toMatchObject({ distanceHops: 0 })
  expect(host!.os).toStartWith("Linux")
  expect(await Effect.runPromise(askP0f(`${agent.base}.p0f`, "192.0.2.1"))).toBeUndefined()
  client.end()
  server.stop(true)
  expect(await agent.stop()).toBe(0)
  expect(existsSync(`${agent.base}.p0f`)).toBe(false)
})
