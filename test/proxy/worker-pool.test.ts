import { afterEach, expect, test } from "bun:test"
import { mkdirSync, renameSync } from "node:fs"
import { CONNECTIONS, OPEN } from "../../packages/proxy/src/operations/counters.ts"
import { libc } from "../../packages/linux/src/libc.ts"
import { openListeningSocket } from "../../packages/linux/src/listening-socket.ts"
import { answerHeads, openFakeUpstream, proxyConfig, RawClient } from "../../packages/proxy/src/testing/index.ts"
import { WorkerPool } from "../../packages/proxy/src/worker/worker-pool.ts"
import { until } from "../lib/until.ts"
import { makeDirectory } from "./proxy-process.ts"

const closers: Array<() => unknown> = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const OK = "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 2\r\n\r\nok"

test("a Worker that is killed under load is replaced: only its own connections are lost", async () => {
  const upstream = openFakeUpstream(answerHeads(OK))
  const config = proxyConfig.good(`[capture]\nbackend = "saved-syn"\n[[routes]]\nupstream = "${upstream.target}"\n`)
  const first = openListeningSocket({ host: "127.0.0.1", port: 0 }, 512)
  const { port } = first
  const second = openListeningSocket({ host: "127.0.0.1", port }, 512)
  const pool = new WorkerPool({
    config,
    echo: undefined,
    threads: 2,
    descriptors: [first, second].map(({ fd }) => [{ fd, port, isTls: false }]),
    shutdownMs: 1000,
    shared: {},
    observed: () => {},
    log: () => {}
  })
  closers.push(
    () => pool.stop(),
    () => upstream.close(),
    () => [first.fd, second.fd].map((fd) => libc.close(fd))
  )
  await pool.start(0)
  await pool.start(1)

  const outcomes = { ok: 0, lost: 0, failed: 0 }
  let isOver = false
  const load = async (): Promise<void> => {
    while (!isOver) {
      // Reset before the client saw itself connected: as one that was open in the Worker that died.
      const client = await RawClient.connect(port).catch(() => undefined)
      client?.offer("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      const text = (await client?.untilEnd()) ?? ""
      if (text.endsWith("ok")) outcomes.ok++
      else if (text === "") outcomes.lost++
      else outcomes.failed++
      client?.end()
    }
  }
  const loads = [load(), load(), load(), load()]
  await until(() => outcomes.ok > 50, "50 answers before it is killed")
  pool.kill(0)
  await until(() => pool.restarts === 1, "another takes its place")
  // Half of the connections wait for that one: so many can't come from the other alone.
  const before = outcomes.ok
  await until(() => outcomes.ok > before + 50, "50 answers behind it")
  isOver = true
  await Promise.all(loads)
  expect(pool.restarts).toBe(1)
  expect(outcomes.failed).toBe(0)
  // At most those that were open at that moment.
  expect(outcomes.lost).toBeLessThanOrEqual(4)
  expect(pool.sum(CONNECTIONS)).toBeGreaterThan(100)
  await until(() => pool.sum(OPEN) === 0, "no connection is open")
}, 60_000)

test("a Worker that can't start again is tried again: what waits in the kernel is served then", async () => {
  const upstream = openFakeUpstream(answerHeads(OK))
  const directory = makeDirectory()
  const place = `${directory.path}/logs`
  mkdirSync(place)
  const config = proxyConfig.good(
    `[capture]\nbackend = "saved-syn"\n[proxy]\naccess_log = "${place}/a"\n[[routes]]\nupstream = "${upstream.target}"\n`
  )
  const { fd, port } = openListeningSocket({ host: "127.0.0.1", port: 0 }, 512)
  const said: Array<string> = []
  const pool = new WorkerPool({
    config,
    echo: undefined,
    threads: 1,
    descriptors: [[{ fd, port, isTls: false }]],
    shutdownMs: 1000,
    shared: {},
    observed: () => {},
    log: (_level, message) => said.push(message)
  })
  closers.push(
    () => pool.stop(),
    () => upstream.close(),
    () => libc.close(fd),
    () => directory.remove()
  )
  await pool.start(0)
  renameSync(place, `${place}-gone`)
  pool.kill(0)
  await until(() => said.filter((message) => message.includes("no such file")).length >= 2, "two starts that fail")
  const client = await RawClient.connect(port)
  client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
  renameSync(`${place}-gone`, place)
  expect(await client.untilEnd(30_000)).toEndWith("ok")
  expect(pool.restarts).toBeGreaterThanOrEqual(2)
}, 60_000)
