/** Ends of connections: by either side, by a fault, by a time-out, by a stop or a reload. */
import { afterEach, describe, expect, test } from "bun:test"
import { CLIENT_ABORTS, OPEN, RETRIES } from "../../packages/proxy/src/operations/counters.ts"
import { Generation } from "../../packages/proxy/src/routing/generation.ts"
import {
  answerHeads,
  openFakeUpstream,
  RawClient,
  settingsOf,
  startProxy,
  type UpstreamSide
} from "../../packages/proxy/src/testing/index.ts"
import { until } from "../lib/until.ts"
import { closeAll, closeLater, count, GET, OK, setUp, whole } from "./setup.ts"
import { endWith } from "./socket-options.ts"

afterEach(closeAll)

describe("ends and failures", () => {
  test("a client that goes takes its upstream connection with it, long before any time-out", async () => {
    const { proxy, upstream, connect } = await setUp(() => undefined)
    const client = await connect()
    client.send(GET)
    await upstream.until(() => upstream.connections[0]?.text.endsWith("\r\n\r\n") === true)
    const from = performance.now()
    client.reset()
    await upstream.until(() => upstream.connections[0]!.isClosed || upstream.connections[0]!.hasEnded)
    // Idle, head and upstream time-outs are 10 s and more.
    expect(performance.now() - from).toBeLessThan(3000)
    await until(() => proxy.counters[OPEN] === 0, "no connection is open")
    expect(proxy.counters[CLIENT_ABORTS]).toBe(1)
  })

  test("a client that closed its half is answered", async () => {
    const { upstream, connect } = await setUp(() => undefined)
    const client = await connect()
    client.send(GET)
    client.shutdown()
    await upstream.until(() => upstream.connections[0]?.text.endsWith("\r\n\r\n") === true)
    await Bun.sleep(30)
    upstream.connections[0]!.socket.write(OK)
    expect(await client.untilEnd()).toBe(OK)
  })

  test("a pooled connection that was closed: GET goes again on another, POST with a body is 502", async () => {
    const { proxy, upstream, connect } = await setUp((side) => {
      if (!side.text.endsWith("\r\n\r\n") && !side.text.endsWith("abc")) return
      if (side.answered++ === 0) side.socket.write(OK)
      else side.socket.end()
    })
    const client = await connect()
    client.send(GET)
    await client.until(whole)
    client.send(GET)
    await client.until((text) => text === OK + OK)
    expect([upstream.connections.length, proxy.counters[RETRIES]]).toEqual([2, 1])
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc")
    await client.until((text) => text.includes("502 Bad Gateway"))
  })

  test("every pooled connection was closed: the second try opens its own", async () => {
    const asking: Array<UpstreamSide> = []
    const { proxy, upstream, connect } = await setUp((side) => {
      if (side.answered > 0) {
        if (count(side.text, "\r\n\r\n") > 1) side.socket.end()
        return
      }
      side.answered++
      asking.push(side)
      // All five at once, so that each has a connection of its own; the sixth as it comes.
      if (asking.length === 5) for (const each of asking) each.socket.write(OK)
      else if (asking.length > 5) side.socket.write(OK)
    })
    const clients = await Promise.all(Array.from({ length: 5 }, connect))
    for (const client of clients) client.send(GET)
    await Promise.all(clients.map((client) => client.until(whole)))
    expect(upstream.connections.length).toBe(5)
    clients[0]!.send(GET)
    await clients[0]!.until((text) => text === OK + OK)
    expect([upstream.connections.length, proxy.counters[RETRIES]]).toEqual([6, 1])
  })

  test("an upstream that is not there is 502, another of the route takes over, the connection stays", async () => {
    const gone = openFakeUpstream(() => undefined)
    gone.close()
    const alone = await startProxy(`[[routes]]\nupstream = "${gone.target}"\n`)
    closeLater(() => alone.close())
    const client = await RawClient.connect(alone.port)
    client.send(GET + GET)
    const text = await client.until((each) => count(each, "502 Bad Gateway: ") === 2)
    expect(text).not.toContain("Connection: close")
    const { upstream } = await setUp()
    const both = await startProxy(`[[routes]]\nupstream = ["${gone.target}", "${upstream.target}"]\n`)
    closeLater(() => both.close())
    const other = await RawClient.connect(both.port)
    for (let n = 1; n <= 6; n++) {
      other.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
      await other.until((each) => each === OK.repeat(n))
    }
  })

  test("time-outs: 408 for a head, 504 for an upstream, idle connections close", async () => {
    const tables = '[proxy.timeouts]\nhead = "200 ms"\nidle = "300 ms"\nupstream = "250 ms"\n'
    const { connect } = await setUp(() => undefined, "", tables)
    const slow = await connect()
    slow.send("GET / HTTP/1.1\r\n")
    expect(await slow.untilEnd()).toStartWith("HTTP/1.1 408 ")
    const waiting = await connect()
    waiting.send(GET)
    await waiting.until((text) => text.startsWith("HTTP/1.1 504 "))
    await waiting.untilEnd()
    const silent = await connect()
    expect(await silent.untilEnd()).toBe("")
  })

  test("no route is 404 and requests behind it are answered", async () => {
    const { connect } = await setUp(answerHeads(OK), 'path = "/api"\n')
    const client = await connect()
    client.send(`${GET}GET /api HTTP/1.1\r\nHost: h\r\n\r\n`)
    expect(await client.until(whole)).toStartWith("HTTP/1.1 404 ")
  })

  test("force_new_connection: one request per connection, on both sides", async () => {
    const { upstream, connect } = await setUp(answerHeads(OK), "force_new_connection = true\n")
    for (let n = 0; n < 2; n++) {
      const client = await connect()
      client.send(GET + GET)
      expect(await client.untilEnd()).toBe(
        "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
      )
    }
    expect(upstream.connections.length).toBe(2)
    expect(upstream.connections[0]!.text).toContain("\r\nConnection: close\r\n")
  })

  test("a stop lets what is on its way end", async () => {
    const { proxy, upstream, connect } = await setUp((side) => {
      setTimeout(() => side.socket.write(OK), 100)
    })
    const idle = await connect()
    const busy = await connect()
    busy.send(GET)
    await upstream.until(() => upstream.connections.length === 1)
    proxy.server.stop()
    expect(await idle.untilEnd()).toBe("")
    expect(await busy.untilEnd()).toContain("Connection: close\r\n\r\nok")
    await until(() => proxy.counters[OPEN] === 0, "no connection is open")
  })
})

describe("an upstream that answers and ends", () => {
  const POST = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
  const CHUNKED = "HTTP/1.1 200 OK\r\nDate: D\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
  /** Answers a whole request; the first connection ends with its answer, in the same segment. */
  const endFirst =
    (response: string) =>
    (side: UpstreamSide): void => {
      if (!side.text.endsWith("\r\n\r\n") && !side.text.endsWith("abc")) return
      if (side.number === 0) endWith(side.socket, response)
      else side.socket.write(response)
    }

  for (const [framing, response] of [
    ["a length", OK],
    ["chunks", CHUNKED]
  ] as const) {
    test(`response of ${framing} and FIN in one segment: whole, the client stays, its next request gets a fresh connection`, async () => {
      const { proxy, upstream, connect } = await setUp(endFirst(response))
      const client = await connect()
      client.send(GET)
      await client.until((text) => text === response)
      await upstream.until(() => upstream.connections[0]!.isClosed)
      // A body goes only once: this would be a 502 on the connection that ended.
      client.send(POST)
      await client.until((text) => text === response + response)
      expect([client.hasEnded, client.isClosed]).toEqual([false, false])
      expect([upstream.connections.length, proxy.counters[RETRIES]]).toEqual([2, 0])
    })

    test(`the same of ${framing}, with a request right behind that goes only once`, async () => {
      const { proxy, upstream, connect } = await setUp(endFirst(response))
      const client = await connect()
      client.send(GET + POST)
      await client.until((text) => text === response + response)
      expect([client.hasEnded, upstream.connections.length, proxy.counters[RETRIES]]).toEqual([false, 2, 0])
      expect(upstream.connections[0]!.text).not.toContain("POST")
    })

    test(`the same with requests of ${framing} that wait already`, async () => {
      const { upstream, connect } = await setUp(endFirst(response))
      const client = await connect()
      // The second is on its way on the connection that ends, and a GET may go again.
      client.send(GET + GET + POST)
      await client.until((text) => text === response.repeat(3))
      expect([client.hasEnded, upstream.connections.length]).toEqual([false, 2])
    })
  }

  test("response that the FIN in its segment ends: whole, and the client is closed by a FIN", async () => {
    const { upstream, connect } = await setUp(endFirst("HTTP/1.1 200 OK\r\nDate: D\r\n\r\nok"))
    const client = await connect()
    client.send(GET)
    expect(await client.untilEnd()).toBe("HTTP/1.1 200 OK\r\nDate: D\r\nConnection: close\r\n\r\nok")
    expect(client.wasReset).toBe(false)
    client.end()
    await upstream.until(() => upstream.connections[0]!.isClosed)
  })

  test("FIN on an idle pooled connection: the next request goes to another, however close behind", async () => {
    for (const pause of [50, 1, 0]) {
      const { proxy, upstream, connect } = await setUp((side) => {
        if (side.text.endsWith("\r\n\r\n") || side.text.endsWith("abc")) side.socket.write(OK)
      })
      const client = await connect()
      client.send(GET)
      await client.until((text) => text === OK)
      await Bun.sleep(5)
      upstream.connections[0]!.socket.shutdown()
      if (pause > 0) await Bun.sleep(pause)
      client.send(POST)
      await client.until((text) => text === OK + OK)
      expect([upstream.connections.length, proxy.counters[RETRIES]]).toEqual([2, 0])
      expect(upstream.connections[0]!.text).not.toContain("POST")
      expect(client.hasEnded).toBe(false)
    }
  })
})

test("a reload: new requests by the new routes, the one on its way by the old", async () => {
  const { proxy, upstream, connect } = await setUp(() => undefined)
  const { upstream: other } = await setUp()
  const [busy, idle] = [await connect(), await connect()]
  busy.send(GET)
  await upstream.until(() => upstream.connections[0]?.text.endsWith("\r\n\r\n") === true)
  proxy.server.reload(new Generation(settingsOf(`[[routes]]\nupstream = "${other.target}"\n`), proxy.server.generation))
  idle.send(GET)
  await idle.until(whole)
  upstream.connections[0]!.socket.write(OK)
  await busy.until(whole)
  busy.send(GET)
  await busy.until((text) => text === OK + OK)
  expect([upstream.connections.length, other.connections.length]).toEqual([1, 1])
})
