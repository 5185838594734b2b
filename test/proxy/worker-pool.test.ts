import { afterEach, expect, test } from "bun:test"
import { mkdirSync, renameSync } from "node:fs"
import { parseConfig } from "@synprint/core/runtime"
import * as Result from "effect/Result"
import { CONNECTIONS, OPEN } from "../../packages/proxy/src/counters.ts"
import { libc } from "../../packages/proxy/src/libc.ts"
import { openListeningSocket } from "../../packages/proxy/src/listening-socket.ts"
import { answerHeads, openFakeUpstream, RawClient } from "../../packages/proxy/src/testing/index.ts"
import { WorkerPool } from "../../packages/proxy/src/worker-pool.ts"
import { makeDirectory } from "./proxy-process.ts"

const closers: Array<() => unknown> = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const OK = "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 2\r\n\r\nok"

test("a Worker that is killed under load is replaced: only its own connections are lost", async () => {
  const upstream = openFakeUpstream(answerHeads(OK))
  const parsed = parseConfig({
    program: "proxy",
    file: "c.toml",
    text: `[capture]\nbackend = "saved-syn"\n[[routes]]\nupstream = "${upstream.target}"\n`,
    environment: {},
    flags: []
  })
  if (Result.isFailure(parsed)) throw parsed.failure
  const first = openListeningSocket({ kind: "tcp", host: "127.0.0.1", port: 0 }, 512)
  const { port } = first
  const second = openListeningSocket({ kind: "tcp", host: "127.0.0.1", port }, 512)
  const pool = new WorkerPool({
    config: parsed.success,
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
      const client = await RawClient.connect(port)
      client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      const text = await client.untilEnd(5000)
      if (text.endsWith("ok")) outcomes.ok++
      // Its connection was open in the Worker that died.
      else if (text === "") outcomes.lost++
      else outcomes.failed++
      client.end()
    }
  }
  const loads = [load(), load(), load(), load()]
  await Bun.sleep(300)
  pool.kill(0)
  await Bun.sleep(1500)
  const before = outcomes.ok
  await Bun.sleep(300)
  isOver = true
  await Promise.all(loads)
  expect(pool.restarts).toBe(1)
  expect(outcomes.ok).toBeGreaterThan(before)
  expect(outcomes.failed).toBe(0)
  // At most those that were open at that moment.
  expect(outcomes.lost).toBeLessThanOrEqual(4)
  expect(pool.sum(CONNECTIONS)).toBeGreaterThan(100)
  await Bun.sleep(50)
  expect(pool.sum(OPEN)).toBe(0)
}, 20_000)

test("a Worker that can't start again is tried again: what waits in the kernel is served then", async () => {
  const upstream = openFakeUpstream(answerHeads(OK))
  const directory = makeDirectory()
  const place = `${directory.path}/logs`
  mkdirSync(place)
  const parsed = parseConfig({
    program: "proxy",
    file: "c.toml",
    text: `[capture]\nbackend = "saved-syn"\n[proxy]\naccess_log = "${place}/a"\n[[routes]]\nupstream = "${upstream.target}"\n`,
    environment: {},
    flags: []
  })
  if (Result.isFailure(parsed)) throw parsed.failure
  const { fd, port } = openListeningSocket({ kind: "tcp", host: "127.0.0.1", port: 0 }, 512)
  const said: Array<string> = []
  const pool = new WorkerPool({
    config: parsed.success,
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
  const deadline = performance.now() + 5000
  while (said.filter((message) => message.includes("no such file")).length < 2 && performance.now() < deadline)
    await Bun.sleep(20)
  const client = await RawClient.connect(port)
  client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
  renameSync(`${place}-gone`, place)
  expect(await client.untilEnd(8000)).toEndWith("ok")
  expect(pool.restarts).toBeGreaterThanOrEqual(2)
}, 20_000)
