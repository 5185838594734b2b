/** The proxy over loopback sockets of this process: what goes in at one end and what comes out at the other, octet by octet. */
import { afterEach, describe, expect, test } from "bun:test"
import { seededRandom } from "@synprint/core/testing"
import { Site } from "../../packages/proxy/src/site.ts"
import { CLIENT_ABORTS, OPEN, RETRIES, SPOOFED, STATUS } from "../../packages/proxy/src/counters.ts"
import {
  answerHeads,
  type FakeUpstream,
  mutate,
  openFakeUpstream,
  randomRequest,
  RawClient,
  readRequests,
  type RunningProxy,
  settingsOf,
  startProxy,
  type UpstreamSide
} from "../../packages/proxy/src/testing/index.ts"

const closers: Array<() => void> = []
const proxies: Array<RunningProxy> = []
afterEach(() => {
  // What a handler threw would cost a connection and no test.
  expect(proxies.splice(0).flatMap(({ bugs }) => bugs)).toEqual([])
  for (const close of closers.splice(0)) close()
})

const OK = "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 2\r\n\r\nok"

interface Setup {
  readonly proxy: RunningProxy
  readonly upstream: FakeUpstream
  readonly connect: () => Promise<RawClient>
}

async function setUp(receive: (side: UpstreamSide) => void = answerHeads(OK), route = "", tables = ""): Promise<Setup> {
  const upstream = openFakeUpstream(receive)
  closers.push(() => upstream.close())
  const proxy = await startProxy(`${tables}\n[[routes]]\nupstream = "${upstream.target}"\n${route}`)
  closers.push(() => proxy.close())
  proxies.push(proxy)
  return { proxy, upstream, connect: () => RawClient.connect(proxy.port) }
}

const GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
const whole = (text: string): boolean => text.endsWith("ok")
const count = (text: string, part: string): number => text.split(part).length - 1

describe("requests", () => {
  test("every request of a connection carries the same header block, and forged ones are gone", async () => {
    const { proxy, upstream, connect } = await setUp()
    const client = await connect()
    for (let n = 1; n <= 3; n++) {
      client.send("GET / HTTP/1.1\r\nHost: h\r\nX-TCP-OS: forged\r\n\r\n")
      await client.until((text) => count(text, "\r\n\r\nok") === n)
    }
    expect(client.text).toBe(OK.repeat(3))
    const heads = upstream.connections[0]!.text.split("\r\n\r\n").slice(0, -1)
    expect(heads.length).toBe(3)
    expect(new Set(heads).size).toBe(1)
    expect(heads[0]).toContain("\r\nx-tcp-status: ok\r\nx-tcp-os: Linux")
    expect(heads[0]).toContain("\r\nX-Forwarded-For: 127.0.0.1\r\n")
    expect(heads[0]).toContain("\r\nx-tcp-spoofed: x-tcp-os")
    expect(heads[0]).not.toContain("forged")
    expect([proxy.counters[SPOOFED], proxy.counters[STATUS]]).toEqual([3, 1])
    expect(upstream.connections.length).toBe(1)
  })

  test("a request octet by octet", async () => {
    const { upstream, connect } = await setUp()
    const client = await connect()
    await client.sendSplit("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", () => 1)
    await client.until(whole)
    expect(upstream.connections[0]!.text).toEndWith("\r\n\r\nabc")
  })

  test("100 pipelined requests are answered in order", async () => {
    const { connect } = await setUp(
      answerHeads(
        (head) => `HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 5\r\n\r\n${/\/(\d+) /.exec(head)![1]!.padStart(5)}`
      )
    )
    const client = await connect()
    client.send(Array.from({ length: 100 }, (_, n) => `GET /${n} HTTP/1.1\r\nHost: h\r\n\r\n`).join(""))
    const text = await client.until((each) => count(each, "HTTP/1.1 200") === 100 && each.endsWith("   99"))
    expect([...text.matchAll(/\r\n\r\n *(\d+)/g)].map((found) => Number(found[1]))).toEqual(
      Array.from({ length: 100 }, (_, n) => n)
    )
  })

  test("pipelined requests with a FIN behind them are all answered, then the connection ends", async () => {
    const { connect } = await setUp()
    const client = await connect()
    client.send(GET + GET + GET)
    client.shutdown()
    expect(await client.untilEnd()).toBe(OK.repeat(3))
  })

  test("HTTP/1.0: closed after the response, or kept when asked; chunked is taken apart", async () => {
    const { connect } = await setUp(
      answerHeads(
        "HTTP/1.1 200 OK\r\nDate: D\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3;x=y\r\n, ok\r\n0\r\nX-T: 1\r\n\r\n".replace(
          "3;",
          "4;"
        )
      )
    )
    const client = await connect()
    client.send("GET / HTTP/1.0\r\n\r\n")
    expect(await client.untilEnd()).toBe("HTTP/1.1 200 OK\r\nDate: D\r\nConnection: close\r\n\r\nok, ok")
    const other = await setUp()
    const kept = await other.connect()
    kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    await kept.until(whole)
    kept.send("GET / HTTP/1.0\r\n\r\n")
    expect(await kept.untilEnd()).toBe(
      "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nokHTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    )
  })

  test("a chunked body passes with its framing, its trailers without forged ones", async () => {
    const { upstream, connect } = await setUp((side) => {
      if (side.text.endsWith("X-Sum: 1\r\n\r\n")) side.socket.write(OK)
    })
    const client = await connect()
    const head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    await client.sendSplit(`${head}3;a=b\r\nabc\r\n0\r\nx-tcp-os: forged\r\nX-Sum: 1\r\n\r\n`, () => 3)
    await client.until(whole)
    expect(upstream.connections[0]!.text).toEndWith("\r\n\r\n3;a=b\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n")
    client.send(`${head}0\r\nX-Sum: 1\r\n\r\n`)
    await client.until((text) => count(text, "\r\n\r\nok") === 2)
  })

  test("Expect: the upstream's 100 comes through before the body goes", async () => {
    const { connect } = await setUp((side) => {
      if (side.text.endsWith("\r\n\r\n")) side.socket.write("HTTP/1.1 100 Continue\r\n\r\n")
      if (side.text.endsWith("abc")) side.socket.write(OK)
    })
    const client = await connect()
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    await client.until((text) => text === "HTTP/1.1 100 Continue\r\n\r\n")
    client.send("abc")
    await client.until((text) => text === `HTTP/1.1 100 Continue\r\n\r\n${OK}`)
  })

  test.each([
    ["bad framing in the first read", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400],
    ["CL and TE", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc", 400],
    ["a bare LF", "GET / HTTP/1.1\nHost: h\n\n", 400],
    ["the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
    ["a head that is too large", `GET / HTTP/1.1\r\nHost: h\r\nA: ${"b".repeat(40_000)}\r\n\r\n`, 431],
    ["a line without end", `GET /${"b".repeat(40_000)}`, 431],
    ["too many fields", `GET / HTTP/1.1\r\nHost: h\r\n${"A: b\r\n".repeat(128)}\r\n`, 431],
    ["CONNECT", "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n", 405]
  ])("%s is refused before anything reaches the upstream", async (_what, text, status) => {
    const { upstream, connect } = await setUp()
    const client = await connect()
    client.send(text)
    const answer = await client.untilEnd()
    expect(answer).toStartWith(`HTTP/1.1 ${status} `)
    expect(answer).toContain("\r\nConnection: close\r\n")
    expect(upstream.connections.map((side) => side.text)).toEqual([])
  })

  test("bad framing later ends both sides", async () => {
    const { upstream, connect } = await setUp(() => undefined)
    const client = await connect()
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    await upstream.until(() => upstream.connections[0]?.text.endsWith("abc\r\n") === true)
    client.send("nonsense\r\n")
    expect(await client.untilEnd()).toStartWith("HTTP/1.1 400 ")
    await upstream.until(() => upstream.connections[0]!.isClosed)
    expect(upstream.connections[0]!.text).not.toContain("nonsense")
  })
})

describe("responses", () => {
  const respond = async (response: string, request = GET): Promise<string> => {
    const { connect } = await setUp((side) => {
      side.socket.write(Buffer.from(response, "latin1"))
    })
    const client = await connect()
    client.send(request)
    await Bun.sleep(0)
    const last = response.slice(-4)
    return client.until(
      (text, { hasEnded, isClosed }) =>
        hasEnded || isClosed || text.endsWith(last) || text.includes("502 Bad Gateway: ")
    )
  }

  test("HEAD, 204 and 304 have no body, and the connection goes on", async () => {
    for (const [response, request] of [
      ["HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 500\r\n\r\n", GET.replace("GET", "HEAD")],
      ["HTTP/1.1 204 No Content\r\nDate: D\r\n\r\n", GET],
      ["HTTP/1.1 304 Not Modified\r\nDate: D\r\nContent-Length: 9\r\n\r\n", GET]
    ] as const) {
      const { connect } = await setUp(answerHeads(response))
      const client = await connect()
      client.send(request)
      await client.until((text) => text === response)
      client.send(request)
      await client.until((text) => text === response + response)
    }
  })

  test("103 before the response; until the connection closes; a missing Date is added", async () => {
    expect(await respond(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`)).toBe(
      `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`
    )
    const { connect } = await setUp((side) => {
      side.socket.write("HTTP/1.0 200 Fine\r\n\r\nall of it")
      side.socket.end()
    })
    const client = await connect()
    client.send(GET)
    expect(await client.untilEnd()).toMatch(
      /^HTTP\/1\.1 200 Fine\r\nDate: \w{3}, [^\r]*GMT\r\nConnection: close\r\n\r\nall of it$/
    )
  })

  test.each([
    ["no HTTP", "SSH-2.0-OpenSSH_9.2p1\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"],
    ["both", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok"],
    ["an upgrade unasked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
    ["an endless head", `HTTP/1.1 200 OK\r\nA: ${"b".repeat(70_000)}`]
  ])("garbage is 502: %s", async (_what, response) => {
    expect(await respond(response)).toStartWith("HTTP/1.1 502 ")
  })

  test("a response that breaks off is a reset, never a complete one", async () => {
    for (const start of [
      "Content-Length: 100\r\n\r\nabc",
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
      "Transfer-Encoding: chunked\r\n\r\nzz\r\n"
    ]) {
      const { connect } = await setUp((side) => {
        side.socket.write(`HTTP/1.1 200 OK\r\n${start}`)
        side.socket.end()
      })
      const client = await connect()
      client.send(GET)
      await client.until((_text, { isClosed }) => isClosed)
      expect([start, client.hasEnded]).toEqual([start, false])
    }
  })

  test("more than it said: the rest is never another request's answer", async () => {
    const { upstream, connect } = await setUp(answerHeads(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`))
    const client = await connect()
    client.send(GET)
    await client.until(whole)
    client.send(GET)
    await client.until((text) => text === OK + OK)
    expect(upstream.connections.length).toBe(2)
  })

  test("an answer before the request ended is passed on, then the connection closes", async () => {
    const { connect } = await setUp((side) => {
      if (side.answered++ === 0) side.socket.write("HTTP/1.1 413 Too Large\r\nDate: D\r\nContent-Length: 2\r\n\r\nno")
    })
    const client = await connect()
    client.send(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(100)}`)
    expect(await client.untilEnd()).toBe(
      "HTTP/1.1 413 Too Large\r\nDate: D\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
    )
  })

  test("events come at once", async () => {
    const { upstream, connect } = await setUp((side) => {
      side.socket.write("HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: text/event-stream\r\n\r\n")
    })
    const client = await connect()
    client.send(GET)
    await client.until((text) => text.endsWith("\r\n\r\n"))
    for (let n = 0; n < 5; n++) {
      const from = performance.now()
      upstream.connections[0]!.socket.write(`data: ${n}\n\n`)
      await client.until((text) => text.endsWith(`data: ${n}\n\n`))
      expect(performance.now() - from).toBeLessThan(50)
    }
  })
})

describe("ends and failures", () => {
  test("a client that goes takes its upstream connection with it within milliseconds", async () => {
    const { proxy, upstream, connect } = await setUp(() => undefined)
    const client = await connect()
    client.send(GET)
    await upstream.until(() => upstream.connections[0]?.text.endsWith("\r\n\r\n") === true)
    const from = performance.now()
    client.reset()
    await upstream.until(() => upstream.connections[0]!.isClosed || upstream.connections[0]!.hasEnded)
    expect(performance.now() - from).toBeLessThan(100)
    expect([proxy.counters[CLIENT_ABORTS], proxy.counters[OPEN]]).toEqual([1, 0])
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

  test("an upstream that is not there is 502, another of the route takes over, the connection stays", async () => {
    const gone = openFakeUpstream(() => undefined)
    gone.close()
    const alone = await startProxy(`[[routes]]\nupstream = "${gone.target}"\n`)
    closers.push(() => alone.close())
    const client = await RawClient.connect(alone.port)
    client.send(GET + GET)
    const text = await client.until((each) => count(each, "502 Bad Gateway: ") === 2)
    expect(text).not.toContain("Connection: close")
    const { upstream } = await setUp()
    const both = await startProxy(`[[routes]]\nupstream = ["${gone.target}", "${upstream.target}"]\n`)
    closers.push(() => both.close())
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
    expect(proxy.counters[OPEN]).toBe(0)
  })
})

describe("PROXY protocol", () => {
  const TRUST = '[proxy.proxy_protocol]\naccept = true\ntrusted = "127.0.0.1"\n'
  test("the header's client is told, its stack is not; the header may come in pieces", async () => {
    const { upstream, connect } = await setUp(answerHeads(OK), "", TRUST)
    const client = await connect()
    await client.sendSplit(`PROXY TCP4 192.0.2.9 198.51.100.7 1 8443\r\n${GET}`, () => 5)
    await client.until(whole)
    const { text } = upstream.connections[0]!
    expect(text).toContain("\r\nX-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Port: 8443\r\n")
    expect(text).toContain("\r\nx-tcp-status: via_proxy\r\n")
    expect(text).not.toContain("x-tcp-sig")
  })
  test("without it, or with a broken one, the connection ends and nothing goes on", async () => {
    const { upstream, connect } = await setUp(answerHeads(OK), "", TRUST)
    for (const text of [GET, "PROXY TCP4 x y 1 2\r\n"]) {
      const client = await connect()
      client.send(text)
      expect(await client.untilEnd()).toBe("")
    }
    expect(upstream.connections.length).toBe(0)
  })
  test("others can't send it", async () => {
    const { connect } = await setUp(answerHeads(OK), "", TRUST.replace("127.0.0.1", "192.0.2.1"))
    const client = await connect()
    client.send(`PROXY TCP4 192.0.2.9 198.51.100.7 1 8443\r\n${GET}`)
    expect(await client.untilEnd()).toStartWith("HTTP/1.1 400 ")
  })
})

describe("limits", () => {
  test("connections of one address", async () => {
    const { connect } = await setUp(answerHeads(OK), "", "[proxy.limits]\nconnections_per_address = 2\n")
    const [first, second, third] = [await connect(), await connect(), await connect()]
    expect(await third.untilEnd()).toStartWith("HTTP/1.1 429 ")
    first.end()
    second.send(GET)
    await second.until(whole)
    await Bun.sleep(10)
    const fourth = await connect()
    fourth.send(GET)
    await fourth.until(whole)
  })
  test("requests of one address in a second", async () => {
    const { connect } = await setUp(answerHeads(OK), "", "[proxy.limits]\nrequests_per_second = 3\n")
    await Bun.sleep(1010 - (Date.now() % 1000))
    const [first, second] = [await connect(), await connect()]
    first.send(GET + GET)
    await first.until((text) => text === OK + OK)
    second.send(GET + GET)
    expect(await second.until((text) => text.includes("429 Too Many Requests: "))).toStartWith(OK)
  })
  test("the body, announced or in chunks", async () => {
    const { upstream, connect } = await setUp(() => undefined, "", '[proxy.limits]\nbody = "1 KiB"\n')
    const head = "POST / HTTP/1.1\r\nHost: h\r\n"
    const announced = await connect()
    announced.send(`${head}Content-Length: 1025\r\n\r\n`)
    expect(await announced.untilEnd()).toStartWith("HTTP/1.1 413 ")
    expect(upstream.connections.length).toBe(0)
    const inChunks = await connect()
    inChunks.send(`${head}Transfer-Encoding: chunked\r\n\r\n`)
    for (let n = 0; n < 3; n++) inChunks.send(`190\r\n${"x".repeat(400)}\r\n`)
    expect(await inChunks.untilEnd()).toStartWith("HTTP/1.1 413 ")
    expect(upstream.connections.every(({ text }) => text.length < 1600)).toBe(true)
  })
  test("connections in all", async () => {
    const { connect } = await setUp(answerHeads(OK), "", "[proxy.limits]\nconnections = 1\n")
    const first = await connect()
    const second = await connect()
    await second.until((_text, { isClosed, hasEnded }) => isClosed || hasEnded)
    first.send(GET)
    await first.until(whole)
  })
})

test("a reload: new requests by the new routes, the one on its way by the old", async () => {
  const { proxy, upstream, connect } = await setUp(() => undefined)
  const { upstream: other } = await setUp()
  const [busy, idle] = [await connect(), await connect()]
  busy.send(GET)
  await upstream.until(() => upstream.connections[0]?.text.endsWith("\r\n\r\n") === true)
  proxy.server.reload(new Site(settingsOf(`[[routes]]\nupstream = "${other.target}"\n`), proxy.server.site))
  idle.send(GET)
  await idle.until(whole)
  upstream.connections[0]!.socket.write(OK)
  await busy.until(whole)
  busy.send(GET)
  await busy.until((text) => text === OK + OK)
  expect([upstream.connections.length, other.connections.length]).toEqual([1, 1])
})

describe("upgrades", () => {
  const UPGRADE = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
  const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
  test("101 makes a tunnel, octets before and after it included, each half closed for itself", async () => {
    const { upstream, connect } = await setUp((side) => {
      if (side.answered++ === 0) side.socket.write(`${SWITCHED}first`)
    })
    const client = await connect()
    client.send(`${UPGRADE}early`)
    await client.until((text) => text === `${SWITCHED}first`)
    client.send("\0binary")
    await upstream.until(() => upstream.connections[0]!.text.endsWith("\r\n\r\nearly\0binary"))
    client.shutdown()
    await upstream.until(() => upstream.connections[0]!.hasEnded)
    upstream.connections[0]!.socket.write("last")
    upstream.connections[0]!.socket.end()
    expect(await client.untilEnd()).toBe(`${SWITCHED}firstlast`)
  })
  test("a refused upgrade is a response as any other", async () => {
    const { connect } = await setUp()
    const client = await connect()
    client.send(UPGRADE)
    await client.until((text) => text === OK)
    client.send(GET)
    await client.until((text) => text === OK + OK)
  })
})

describe("bodies", () => {
  const SIZE = 20_000_000
  const pattern = Buffer.alloc(SIZE, "0123456789abcdef")

  test("a large response to a slow reader: all of it, in little memory", async () => {
    const { connect } = await setUp((side) => {
      let at = 0
      const head = Buffer.from(`HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: ${SIZE}\r\n\r\n`)
      side.socket.write(head)
      const more = (): void => {
        while (at < SIZE) {
          const written = side.socket.write(pattern, at, Math.min(1_000_000, SIZE - at))
          if (written <= 0) {
            setTimeout(more, 1)
            return
          }
          at += written
        }
      }
      more()
    })
    const client = await connect()
    client.send(GET)
    client.pause()
    await Bun.sleep(200)
    const before = process.memoryUsage.rss()
    await Bun.sleep(200)
    expect(process.memoryUsage.rss() - before).toBeLessThan(16_000_000)
    client.resume()
    const text = await client.until((_text, { length }) => length >= SIZE + 50, 10_000)
    expect(text.slice(-SIZE)).toBe(pattern.toString("latin1"))
  }, 20_000)
})

test("random and mutated requests in random splits: the upstream sees exactly what the oracle reads", async () => {
  const random = seededRandom(Number(process.env["SYNPRINT_TEST_SEED"] ?? 1))
  const { proxy, upstream, connect } = await setUp((side) => {
    const { requests } = readRequests(side.text)
    for (; side.answered < requests.length; side.answered++)
      side.socket.write(
        requests[side.answered]!.method === "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : OK
      )
  })
  let seen = 0
  for (let n = 0; n < 400; n++) {
    let text = ""
    for (let i = random.between(1, 4); i > 0; i--) {
      const one = randomRequest(random).replace(/ (\/|\*)/, (found) => (found === " *" ? found : ` /${n}/`))
      text += random.once(3) ? mutate(random, one) : one
    }
    // Nothing but whole requests goes on; upgrades and closes end the reading.
    const told = readRequests(text).requests
    const wanted: Array<string> = []
    for (const request of told) {
      wanted.push(`${request.method} ${request.body}`)
      const connection = request.fields
        .filter(({ name }) => name.toLowerCase() === "connection")
        .map(({ value }) => value.toLowerCase())
      const has = (option: string) => connection.some((value) => value.split(/[ \t]*,[ \t]*/).includes(option))
      if (has("close") || (request.minor === 0 && !has("keep-alive"))) break
    }
    const from = upstream.connections.map((side) => side.answered)
    const client = await connect()
    await client.sendSplit(text, () => random.between(1, 60))
    client.shutdown()
    await client.until((_text, { isClosed, hasEnded }) => isClosed || hasEnded)
    client.end()
    const got = upstream.connections.flatMap((side, index) =>
      readRequests(side.text)
        .requests.slice(from[index] ?? 0)
        .map((request) => `${request.method} ${request.body}`)
    )
    expect([text, got]).toEqual([text, wanted])
    seen += got.length
  }
  expect(seen).toBeGreaterThan(300)
  await Bun.sleep(20)
  expect(proxy.counters[OPEN]).toBe(0)
}, 60_000)
