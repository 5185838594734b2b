/** The seam for client protocols: one that is nothing like HTTP/1 (lines, many requests at a time) beside HTTP/1 on one TLS listener, chosen by ALPN. */
import { afterAll, afterEach, beforeAll, expect } from "bun:test"
import { connect, type TLSSocket } from "node:tls"
import { type RunningProxy, startProxy, type UpstreamSide, WITH_LINES } from "@synprint/proxy/testing"
import { OPEN } from "../../packages/proxy/src/operations/counters.ts"
import { requires, testWith } from "../lib/requires.ts"
import { until } from "../lib/until.ts"
import { type Pair, selfSigned } from "./certificates.ts"
import { makeDirectory } from "./proxy-process.ts"
import { closeAll, closeLater, openUpstream } from "./setup.ts"

const NEEDS = [requires.binaries("openssl")]
const WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0"
const LINUX = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"

const directory = makeDirectory()
let pair: Pair
beforeAll(async () => {
  if (NEEDS[0]!.missing === undefined) pair = await selfSigned(directory.path, "lines.test")
})
afterEach(closeAll)
afterAll(() => directory.remove())

async function openProxy(upstream: string, more = ""): Promise<RunningProxy> {
  const proxy = await startProxy(
    `[[proxy.tls.certificates]]\ncertificate = "${pair.certificate}"\nkey = "${pair.key}"\n${more}[[routes]]\nupstream = "${upstream}"\n`,
    WITH_LINES
  )
  closeLater(() => {
    proxy.close()
    expect(proxy.bugs).toEqual([])
  })
  return proxy
}

interface Client {
  readonly socket: TLSSocket
  readonly text: () => string
}

async function open(port: number, ...protocols: ReadonlyArray<string>): Promise<Client> {
  let text = ""
  const offered = protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...offered })
  closeLater(() => socket.destroy())
  socket.on("data", (chunk) => (text += chunk.toString("latin1")))
  socket.on("error", () => {})
  await new Promise((resolve) => void socket.once("secureConnect", resolve))
  return { socket, text: () => text }
}

const answer = (side: UpstreamSide, body: string): void => {
  side.socket.write(
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
  )
}
const sideOf = (sides: ReadonlyArray<UpstreamSide>, path: string): UpstreamSide =>
  sides.find(({ text }) => text.startsWith(`GET ${path} `))!

testWith(
  NEEDS,
  "two requests of one connection at a time, each with the facts of its client and hints of its own",
  async () => {
    const upstream = openUpstream(() => {})
    const proxy = await openProxy(upstream.target)
    const client = await open(proxy.tlsPort, "lines")
    client.socket.write(`1 /slow ${WINDOWS}\n2 /fast ${LINUX}\n`)
    await upstream.until(() => upstream.connections.filter(({ text }) => text.endsWith("\r\n\r\n")).length === 2)
    const slow = sideOf(upstream.connections, "/slow")
    const fast = sideOf(upstream.connections, "/fast")
    for (const { text } of [slow, fast]) {
      expect(text).toContain("\r\nX-Forwarded-Proto: https\r\n")
      expect(text).toContain("\r\nx-tcp-status: ok\r\n")
    }
    expect(slow.text).toContain("x-tcp-hints: ua-mismatch")
    expect(fast.text).not.toContain("ua-mismatch")
    answer(fast, "first")
    await until(() => client.text().endsWith("2 .\n"), "the second request is answered first")
    answer(slow, "later")
    await until(() => client.text().endsWith("1 .\n"), "the first request is answered")
    expect(client.text()).toBe("2 = 200\n2 + 5\nfirst2 .\n1 = 200\n1 + 5\nlater1 .\n")
  }
)

testWith(
  NEEDS,
  "the end of one request is not the end of the others; a client that goes drops what is left",
  async () => {
    const upstream = openUpstream(() => {})
    const proxy = await openProxy(upstream.target)
    const client = await open(proxy.tlsPort, "lines")
    client.socket.write("1 /a x\n2 /b x\n3 /c x\n")
    await upstream.until(() => upstream.connections.filter(({ text }) => text.endsWith("\r\n\r\n")).length === 3)
    // Half a response, then a reset: nothing can be repeated.
    sideOf(upstream.connections, "/a").socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    await until(() => client.text().endsWith("1 !\n"), "the first request is broken off")
    answer(sideOf(upstream.connections, "/b"), "whole")
    await until(() => client.text().endsWith("2 .\n"), "the second request is complete")
    client.socket.destroy()
    // The kernel of a client that has gone answers data by a reset.
    const last = sideOf(upstream.connections, "/c")
    last.socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    await upstream.until(() => {
      if (!last.isClosed) last.socket.write("part")
      return last.isClosed
    })
    await until(() => proxy.counters[OPEN] === 0, "the connection is gone")
  }
)

testWith(NEEDS, "each request has a time-out of its own", async () => {
  const upstream = openUpstream((side) => {
    if (side.text.startsWith("GET /answered ")) answer(side, "ok")
  })
  const proxy = await openProxy(upstream.target, '[proxy.timeouts]\nupstream = "300 ms"\n')
  const client = await open(proxy.tlsPort, "lines")
  client.socket.write("1 /never x\n")
  await until(() => client.text() === "1 = 504\n1 .\n", "the time-out answers")
  client.socket.write("2 /answered x\n")
  await until(() => client.text().endsWith("2 .\n"), "the connection still serves")
})

testWith(NEEDS, "a client that offers HTTP/1 or nothing gets HTTP/1 on the same listener", async () => {
  const upstream = openUpstream((side) => answer(side, "ok"))
  const proxy = await openProxy(upstream.target)
  for (const offered of [["http/1.1"], [], ["http/1.1", "lines"]]) {
    const client = await open(proxy.tlsPort, ...offered)
    client.socket.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    await until(() => client.text().endsWith("0\r\n\r\n"), "HTTP/1 answers")
    expect(client.text()).toStartWith("HTTP/1.1 200 OK\r\n")
  }
})
