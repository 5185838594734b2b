/** Requests over loopback sockets of this process: what goes in at one end and what comes out at the other, byte by byte. */
import { afterEach, describe, expect, test } from "bun:test"
import { SPOOFED, STATUS } from "../../packages/proxy/src/operations/counters.ts"
import { answerHeads } from "../../packages/proxy/src/testing/index.ts"
import { closeAll, count, GET, OK, setUp, whole } from "./setup.ts"

afterEach(closeAll)

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

  test("a request byte by byte", async () => {
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
