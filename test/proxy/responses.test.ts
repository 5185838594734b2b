/** Responses: what an upstream sends and what the client gets of it, byte by byte. */
import { afterEach, describe, expect, test } from "bun:test"
import { answerHeads } from "../../packages/proxy/src/testing/index.ts"
import { closeAll, GET, OK, setUp, whole } from "./setup.ts"

afterEach(closeAll)

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
    const took: Array<number> = []
    for (let n = 0; n < 5; n++) {
      const from = performance.now()
      upstream.connections[0]!.socket.write(`data: ${n}\n\n`)
      await client.until((text) => text.endsWith(`data: ${n}\n\n`))
      took.push(performance.now() - from)
    }
    // The quickest: what holds events back holds back each.
    expect(Math.min(...took)).toBeLessThan(50)
  })
})
