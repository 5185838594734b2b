/** Limits, and whose connection it is when a balancer says so. */
import { afterEach, describe, expect, test } from "bun:test"
import { answerHeads } from "../../packages/proxy/src/testing/index.ts"
import { closeAll, count, GET, OK, setUp, whole } from "./setup.ts"

afterEach(closeAll)

describe("PROXY protocol", () => {
  const TRUST = '[proxy.proxy_protocol]\naccept = true\ntrusted = "127.0.0.1"\n'
  test("the client that the header names is reported, its stack is not; the header may arrive in pieces", async () => {
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
    const answers = (text: string): number => count(text, "HTTP/1.1 ")
    for (;;) {
      await Bun.sleep(1010 - (Date.now() % 1000))
      const begin = Math.floor(Date.now() / 1000)
      const [first, second] = [await connect(), await connect()]
      first.send(GET + GET)
      await first.until((text) => answers(text) === 2)
      second.send(GET + GET)
      await second.until((text) => answers(text) === 2)
      // Requests that fall into two seconds are counted in two: they are sent again.
      if (Math.floor(Date.now() / 1000) !== begin) continue
      expect(first.text).toBe(OK + OK)
      expect(second.text).toStartWith(`${OK}HTTP/1.1 429 Too Many Requests`)
      break
    }
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
    // Reset, maybe before the client saw itself connected.
    const second = await connect().catch(() => undefined)
    await second?.until((_text, { isClosed }) => isClosed)
    first.send(GET)
    await first.until(whole)
  })
})
