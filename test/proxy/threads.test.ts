/** Several Workers agree on the limits of an address, the limits of the process, and on what is counted. */
import { afterEach, expect, test } from "bun:test"
import { answerHeads, RawClient } from "@synprint/proxy/testing"
import type { ProxyProcess } from "./proxy-process.ts"
import { closeAll, count, GET, OK, openProxyProcess, openUpstream } from "./setup.ts"

afterEach(closeAll)

const WORKERS = 3
async function start(limits: string, receive = answerHeads(OK)): Promise<ProxyProcess> {
  const { target } = openUpstream(receive)
  return await openProxyProcess(
    `[capture]\nbackend = "saved-syn"\n[admin]\nlisten = "127.0.0.1:0"\n[proxy]\nlisten = "127.0.0.1:0"\nworkers = ${WORKERS}\n[proxy.limits]\n${limits}\n[[routes]]\nupstream = "${target}"\n`
  )
}

/** Connections that are open in all Workers. */
async function openIn(proxy: ProxyProcess): Promise<number> {
  const at = /metrics on (\S+:\d+)/.exec(proxy.log())![1]!
  const text = await (await fetch(`http://${at}/metrics`)).text()
  return Number(/^synprint_connections_open\S* (\d+)$/m.exec(text)![1])
}

test("connections of an address: exactly so many, whichever Worker has them, and again when some went", async () => {
  const proxy = await start("connections_per_address = 20")
  const port = proxy.ports[0]!
  for (let round = 0; round < 4; round++) {
    const clients = await Promise.all(Array.from({ length: 60 }, () => RawClient.connect(port)))
    for (const client of clients) client.send(GET)
    const texts = await Promise.all(clients.map((client) => client.until((text) => text.includes("\r\n\r\n"))))
    expect(texts.filter((text) => text.startsWith("HTTP/1.1 200")).length).toBe(20)
    expect(texts.filter((text) => text.startsWith("HTTP/1.1 429")).length).toBe(40)
    for (const client of clients) client.end()
    await Promise.all(clients.map((client) => client.until((_text, { isClosed }) => isClosed)))
    const deadline = performance.now() + 15_000
    while ((await openIn(proxy)) > 0 && performance.now() < deadline) await Bun.sleep(10)
    // Counted off right behind that.
    await Bun.sleep(100)
  }
}, 90_000)

test("requests of an address in a second: exactly so many over all connections", async () => {
  const port = (await start("requests_per_second = 50")).ports[0]!
  const clients = await Promise.all(Array.from({ length: 24 }, () => RawClient.connect(port)))
  for (let round = 0; round < 3; round++) {
    await Bun.sleep(1050 - (Date.now() % 1000))
    const second = Math.floor(Date.now() / 1000)
    const before = clients.map(({ text }) => count(text, "HTTP/1.1 200"))
    for (const client of clients) client.send(GET.repeat(5))
    const total = (round + 1) * 5
    await Promise.all(clients.map((client) => client.until((text) => count(text, "HTTP/1.1 ") === total)))
    const served = clients.map(({ text }, n) => count(text, "HTTP/1.1 200") - before[n]!)
    const sum = served.reduce((a, b) => a + b, 0)
    // A round that took longer than its second was counted in two.
    if (Math.floor(Date.now() / 1000) === second) expect(sum).toBe(50)
    else expect(sum).toBeGreaterThanOrEqual(50)
  }
}, 90_000)

test("connections of the process: never more, whichever Worker has them", async () => {
  const port = (await start("connections = 30")).ports[0]!
  // One too many is reset, and that may come before the client saw itself connected.
  const attempts = Array.from({ length: 90 }, () => RawClient.connect(port).catch(() => undefined))
  const clients = (await Promise.all(attempts)).filter((client) => client !== undefined)
  for (const client of clients) client.offer(GET)
  await Promise.all(
    clients.map((client) => client.until((text, { isClosed, hasEnded }) => isClosed || hasEnded || text.endsWith("ok")))
  )
  const served = clients.filter(({ text }) => text.endsWith("ok")).length
  // Workers accept at the same time and count for themselves: at most one each above the limit.
  expect(served).toBeGreaterThanOrEqual(30)
  expect(served).toBeLessThanOrEqual(30 + WORKERS - 1)
}, 90_000)
