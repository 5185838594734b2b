/**
 * Connections read by the EpollReader and connections read by Bun get the same responses byte by byte, and their upstream the same
 * requests, whatever arrives on them.
 */
import { afterEach, expect, test } from "bun:test"
import { RawClient, type UpstreamSide } from "../../packages/proxy/src/testing/index.ts"
import type { UpstreamConnection } from "../../packages/proxy/src/upstream/upstream-connection.ts"
import { until } from "../lib/until.ts"
import { closeAll, count, GET, openProxy, openUpstream } from "./setup.ts"

afterEach(closeAll)

const LARGE = 3_000_000
const body = (size: number): string => "0123456789".repeat(Math.ceil(size / 10)).slice(0, size)

function writeAll(side: UpstreamSide, bytes: Uint8Array): void {
  const written = side.isClosed ? bytes.length : Math.max(0, side.socket.write(bytes))
  if (written < bytes.length) setTimeout(() => writeAll(side, bytes.subarray(written)), 1)
}

/** Answers each whole request by its path. */
function answer(side: UpstreamSide): void {
  for (;;) {
    const end = side.text.indexOf("\r\n\r\n")
    if (end < 0) return
    const head = side.text.slice(0, end)
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    const chunked = /transfer-encoding: chunked/i.test(head) ? side.text.indexOf("0\r\n\r\n", end) : 0
    if (chunked < 0 || side.text.length < end + 4 + length) return
    const rest = chunked > 0 ? chunked + 5 : end + 4 + length
    const came = side.text.slice(end + 4, rest)
    side.text = side.text.slice(rest)
    const [, path = "/", number = "0"] = / (\/[a-z]*)(\d*) /.exec(head) ?? []
    const { socket } = side
    const write = (text: string): void => writeAll(side, Buffer.from(text, "latin1"))
    if (path === "/size")
      write(`HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: ${number}\r\n\r\n${body(Number(number))}`)
    else if (path === "/chunked")
      write(`HTTP/1.1 200 OK\r\nDate: D\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: t\r\n\r\n`)
    else if (path === "/slow") {
      // Every byte in a segment of its own, behind an interim response.
      const text =
        "HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nDate: D\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
      let at = 0
      const next = (): void => {
        write(text[at++]!)
        if (at < text.length) setTimeout(next, 0)
      }
      next()
    } else if (path === "/close") {
      write("HTTP/1.1 200 OK\r\nDate: D\r\n\r\nuntil the end")
      socket.end()
    } else if (path === "/last") {
      write("HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 4\r\n\r\nlast")
      socket.end()
    } else if (path === "/half") {
      write("HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 100\r\n\r\nhalf")
      socket.terminate()
    } else if (path === "/none") socket.terminate()
    else if (path === "/switch") {
      write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello")
      side.text = ""
    } else if (path === "/garbage") write("HTP/1.1 200 OK\r\n\r\n")
    else write(`HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: ${came.length + 2}\r\n\r\n${came}ok`)
  }
}

const ask = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`
const post = (text: string): string => `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${text.length}\r\n\r\n${text}`

/** Pieces to send, one after the other, on a connection that had two requests; null: the client closes its half. */
const CASES: Readonly<Record<string, ReadonlyArray<string | null>>> = {
  "nothing, FIN": [null],
  "a request and FIN": [ask("/size5"), null],
  "a head in pieces": ["GET /si", "ze5 HT", "TP/1.1\r", "\nHost: h\r\n", "\r\n"],
  "half a head, FIN": ["GET / HTTP/1.1\r\nA: ", null],
  "no request": ["GET / HTTP/1.1\r\nA : b\r\n\r\n"],
  "a head that is too large": [ask("/", `A: ${body(100_000)}\r\n`)],
  "requests in one segment": [
    ask("/size5") + ask("/chunked") + ask("/size7") + "GET /si",
    "ze9 HTTP/1.1\r\nHost: h\r\n\r\n"
  ],
  "a body with its head": [post("abcdef") + ask("/size5")],
  "a body behind its head": [post("").replace("Length: 0", "Length: 6"), "abc", "def", ask("/size5")],
  "a large body": [post(body(1_000_000))],
  "a chunked body": ["POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "0\r\n\r\n"],
  "a chunked body that breaks": ["POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", "zz\r\n"],
  "a response of a buffer": [ask("/size65000"), ask("/size65536"), ask("/size66000"), ask("/size131072")],
  "a large response": [ask(`/size${LARGE}`), ask("/size5")],
  "a response in pieces": [ask("/slow"), ask("/slow")],
  trailers: [ask("/chunked"), ask("/chunked")],
  "a response until the end": [ask("/close")],
  "an upstream that closes behind its answer": [ask("/last"), ask("/last"), ask("/size5")],
  "half a response": [ask("/half")],
  "an upstream that resets": [ask("/none")],
  garbage: [ask("/garbage"), ask("/size5")],
  "another protocol": [ask("/switch", "Connection: upgrade\r\nUpgrade: x\r\n"), "one way", null],
  "HTTP/1.0": ["GET /chunked HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"]
}

/** Summary of all that was received, once nothing more arrives. */
async function still(client: RawClient): Promise<string> {
  let last = -1
  let since = performance.now()
  await client.until((_text, { length, hasEnded, isClosed }) => {
    if (length !== last) {
      last = length
      since = performance.now()
    }
    return isClosed || performance.now() - since > (hasEnded ? 30 : 150)
  })
  const { text, hasEnded, isClosed } = client
  return `${text.replaceAll(/^Date: .*$/gm, "Date: D")}|${hasEnded || isClosed ? "ended" : "open"}`
}

async function converse(port: number, pieces: ReadonlyArray<string | null>): Promise<string> {
  const client = await RawClient.connect(port)
  for (let n = 1; n <= 2; n++) {
    client.send(ask("/warm"))
    await client.until((text) => count(text, "\r\n\r\nok") === n)
  }
  for (const piece of pieces) {
    if (piece === null) client.shutdown()
    else client.offer(piece)
    await still(client)
  }
  const seen = await still(client)
  client.reset()
  return seen
}

test.each(Object.entries(CASES))("%s", async (_name, pieces) => {
  const seen: Array<string> = []
  const asked: Array<string> = []
  const converseBy = async (isEpollReader: boolean): Promise<void> => {
    const upstream = openUpstream(answer)
    const proxy = await openProxy(`[[routes]]\nupstream = "${upstream.target}"\n`)
    await until(() => proxy.server.epollReader !== undefined, "the EpollReader is open")
    const { epollReader } = proxy.server
    if (!isEpollReader) proxy.server.epollReader = undefined
    seen.push(await converse(proxy.port, pieces))
    // Ports and times differ.
    asked.push(
      upstream.connections.map(({ text }) => text.replaceAll(/^(X-F\S+-Port|x-t\S+): \d+$/gm, "$1: N")).join("|")
    )
    if (isEpollReader) {
      const { idle } = [...proxy.server.generation.upstreams.values()][0]!
      const isLeft = (): boolean =>
        epollReader!.size !==
        (idle as unknown as ReadonlyArray<UpstreamConnection>).filter(({ reader }) => reader.readerSlot >= 0).length
      await until(() => proxy.server.open === 0 && !isLeft(), "nothing is left but idle upstreams")
    } else epollReader!.close()
  }
  await Promise.all([converseBy(false), converseBy(true)])
  expect(seen[1]).toBe(seen[0]!)
  expect(asked[1]).toBe(asked[0]!)
})

test("both sides are read by it, and a client that does not read holds its upstream back", async () => {
  const upstream = openUpstream(answer)
  const proxy = await openProxy(`[[routes]]\nupstream = "${upstream.target}"\n`)
  await until(() => proxy.server.epollReader !== undefined, "the EpollReader is open")
  const client = await RawClient.connect(proxy.port)
  client.send(GET)
  await client.until((text) => text.endsWith("ok"))
  expect(proxy.server.epollReader!.size).toBe(2)
  client.pause()
  client.send(ask("/size9000000"))
  await Bun.sleep(200)
  client.resume()
  await client.until((_text, { length }) => length > 9_000_000)
  client.send(GET)
  await client.until((text) => text.endsWith("ok"))
  expect(proxy.server.epollReader!.size).toBe(2)
  expect(upstream.connections.length).toBe(1)
})
