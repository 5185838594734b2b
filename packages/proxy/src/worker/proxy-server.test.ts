/**
 * The proxy of one thread over loopback: accept, keep alive, pool, reload, stop.
 */
import { expect, test } from "bun:test"
import { answerHeads, openFakeUpstream } from "../testing/fake-upstream.ts"
import { RawClient } from "../testing/raw-client.ts"
import { settingsOf, startProxy } from "../testing/running-proxy.ts"
import { CONNECTIONS, DENIED, OPEN, REQUESTS, UPSTREAM_CONNECTS, UPSTREAM_REUSES } from "../operations/counters.ts"
import { Generation } from "../routing/generation.ts"

const GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

async function open(more = "") {
  const upstream = openFakeUpstream(answerHeads(OK))
  const routes = `[[routes]]\nupstream = "${upstream.target}"\n`
  const proxy = await startProxy(more + routes)
  return {
    upstream,
    proxy,
    routes,
    counted: (cell: number) => proxy.counters[cell]!,
    [Symbol.dispose]: () => {
      proxy.close()
      upstream.close()
    }
  }
}
const answers = (count: number) => (text: string) => text.split("\r\n\r\nok").length > count

test("requests of one client share a connection to the upstream, and carry its facts", async () => {
  using scene = await open()
  const client = await RawClient.connect(scene.proxy.port)
  for (let i = 1; i <= 5; i++) {
    client.send(GET)
    await client.until(answers(i))
    // The epoll reader takes the connection over, in a turn of its own.
    await Bun.sleep(2)
  }
  expect(scene.upstream.connections.length).toBe(1)
  expect(scene.upstream.connections[0]!.text).toContain("X-Forwarded-For: 127.0.0.1\r\n")
  expect([REQUESTS, CONNECTIONS, OPEN, UPSTREAM_CONNECTS, UPSTREAM_REUSES].map(scene.counted)).toEqual([5, 1, 1, 1, 4])
  client.end()
  await scene.upstream.until(() => scene.counted(OPEN) === 0)
  expect(scene.proxy.bugs).toEqual([])
})

test("connections beyond the limit are closed at once, more per address get 429", async () => {
  using scene = await open("[proxy.limits]\nconnections = 2\nconnections_per_address = 1\n")
  const first = await RawClient.connect(scene.proxy.port)
  first.send(GET)
  await first.until(answers(1))
  const second = await RawClient.connect(scene.proxy.port)
  await second.until((text) => text.startsWith("HTTP/1.1 429 "))
  const third = await RawClient.connect(scene.proxy.port)
  await third.untilEnd().catch(() => undefined)
  await scene.upstream.until(() => scene.counted(DENIED) > 0 || third.isClosed)
  expect(third.text).not.toContain("200 OK")
})

test("requests of one address per second", async () => {
  using scene = await open("[proxy.limits]\nrequests_per_second = 1\n")
  const client = await RawClient.connect(scene.proxy.port)
  client.send(GET.repeat(4))
  await client.until((text) => text.includes("HTTP/1.1 429 "))
})

test("a PROXY header names the client", async () => {
  using scene = await open('[proxy.proxy_protocol]\naccept = true\ntrusted = ["127.0.0.0/8"]\n')
  const client = await RawClient.connect(scene.proxy.port)
  client.send(`PROXY TCP4 198.51.100.1 198.51.100.2 1000 443\r\n${GET}`)
  await client.until(answers(1))
  expect(scene.upstream.connections[0]!.text).toContain("X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Port: 443\r\n")
})

test("an upstream that is not there: 502", async () => {
  using scene = await open()
  scene.upstream.close()
  const client = await RawClient.connect(scene.proxy.port)
  client.send(GET)
  await client.until((text) => text.startsWith("HTTP/1.1 502 "))
})

test("a reload changes routes for the next request; stop ends idle connections", async () => {
  using scene = await open()
  const client = await RawClient.connect(scene.proxy.port)
  client.send(GET)
  await client.until(answers(1))
  const { server } = scene.proxy
  const host = scene.routes.replace("\n", '\nhost = "other"\n')
  server.reload(new Generation(settingsOf(host), server.generation))
  client.send(GET)
  await client.until((text) => text.includes("HTTP/1.1 404 "))
  expect(server.open).toBe(1)
  server.stop()
  await client.untilEnd()
  expect(server.isStopping).toBe(true)
})
