/** PROXY headers in front of TLS: who the client is comes from the header, the rest from a handshake that never sees it. */
import { afterAll, afterEach, beforeAll, expect } from "bun:test"
import { connect as connectTcp } from "node:net"
import { connect as connectTls } from "node:tls"
import { OPEN, REFUSED } from "../../packages/proxy/src/operations/counters.ts"
import { requires, testWith } from "../lib/requires.ts"
import { until } from "../lib/until.ts"
import { type Pair, selfSigned } from "./certificates.ts"
import { makeDirectory } from "./proxy-process.ts"
import { closeAll, GET, openProxy, openUpstream } from "./setup.ts"

const NEEDS = [requires.binaries("openssl", "curl")]
const directory = makeDirectory()
let pairs: ReadonlyArray<Pair> = []
beforeAll(async () => {
  if (NEEDS[0]!.missing === undefined)
    pairs = [await selfSigned(directory.path, "a.test"), await selfSigned(directory.path, "b.test")]
})
afterEach(closeAll)
afterAll(() => directory.remove())

const config = (target: string, trusted = "127.0.0.1", more = ""): string =>
  [
    ...pairs.map(
      ({ certificate, key }) => `[[proxy.tls.certificates]]\ncertificate = "${certificate}"\nkey = "${key}"`
    ),
    `[proxy.proxy_protocol]\naccept = true\ntrusted = "${trusted}"`,
    more,
    `[[routes]]\nupstream = "${target}"`
  ].join("\n")

/** Sends the pieces with a pause after each, then does a TLS handshake; what came back and the name of the certificate. */
async function ask(port: number, pieces: ReadonlyArray<string>, pauseMs: number, servername: string): Promise<string> {
  const socket = connectTcp(port, "127.0.0.1")
  socket.on("error", () => {})
  await new Promise((resolve) => {
    socket.once("connect", resolve)
  })
  for (const piece of pieces) {
    socket.write(Buffer.from(piece, "latin1"))
    await Bun.sleep(pauseMs)
  }
  const tls = connectTls({ socket, servername, rejectUnauthorized: false })
  let text = ""
  tls.on("data", (chunk) => {
    text += String(chunk)
  })
  tls.on("error", () => {})
  tls.once("secureConnect", () => {
    const { subject } = tls.getPeerCertificate()
    text = `${String(subject.CN)} ${text}`
    tls.write(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
  })
  await new Promise((resolve) => {
    tls.once("close", resolve)
  })
  return text
}

const V1 = "PROXY TCP4 192.0.2.9 198.51.100.7 1 8443\r\n"
/** Version 2, PROXY, TCP over IPv6, with a TLV of 1,000 bytes. */
const V2 = `\r\n\r\n\0\r\nQUIT\n\x21\x21${String.fromCharCode((36 + 1003) >> 8, (36 + 1003) & 255)}${`${"\0".repeat(15)}\x09`.replace("\0\0", "\x20\x01")}${"\0".repeat(16)}\0\x01\x01\xbb\xee\x03\xe8${"t".repeat(1000)}`

testWith(NEEDS, "the header's client is told with https; SNI, certificate and body are as without it", async () => {
  const upstream = openUpstream()
  const proxy = await openProxy(config(upstream.target))
  const cases: ReadonlyArray<readonly [pieces: ReadonlyArray<string>, pauseMs: number, client: string, port: number]> =
    [
      [[V1], 0, "192.0.2.9", 8443],
      [[V1.slice(0, 9), V1.slice(9)], 30, "192.0.2.9", 8443],
      [[V2], 0, "2001::9", 443],
      [[V2.slice(0, 3), V2.slice(3, 40), V2.slice(40)], 15, "2001::9", 443],
      [["PROXY UNKNOWN\r\n"], 0, "127.0.0.1", proxy.tlsPort]
    ]
  for (const [n, [pieces, pauseMs, client, port]] of cases.entries()) {
    const name = n % 2 === 0 ? "a.test" : "b.test"
    expect(await ask(proxy.tlsPort, pieces, pauseMs, name)).toMatch(new RegExp(`^${name} HTTP/1.1 200 OK[^]*ok$`))
    const head = upstream.connections.map(({ text }) => text).join("")
    const last = head.split("\r\n\r\n").at(-2)!
    expect(last).toContain(
      `\r\nX-Forwarded-For: ${client}\r\nX-Forwarded-Port: ${port}\r\nX-Forwarded-Proto: https\r\n`
    )
    expect(last).toContain("\r\nx-tcp-status: via_proxy")
    expect(last).not.toContain("x-tcp-sig")
  }
})

testWith(NEEDS, "curl and 40 clients at once, half of them late", async () => {
  const upstream = openUpstream()
  const proxy = await openProxy(config(upstream.target))
  const words = ["curl", "-sk", "-m", "20", "--haproxy-protocol", `https://127.0.0.1:${proxy.tlsPort}/`]
  expect(await new Response(Bun.spawn(words, { stdout: "pipe" }).stdout).text()).toBe("ok")
  const texts = await Promise.all(
    Array.from({ length: 40 }, (_, n) => {
      const header = `PROXY TCP4 192.0.2.${n} 198.51.100.7 1 443\r\n`
      return ask(
        proxy.tlsPort,
        n % 2 === 0 ? [header] : [header.slice(0, n), header.slice(n)],
        n % 2 === 0 ? 0 : 20,
        "x"
      )
    })
  )
  expect(texts.filter((text) => !text.endsWith("ok"))).toEqual([])
  const heads = upstream.connections.map(({ text }) => text).join("")
  for (let n = 0; n < 40; n++) expect(heads).toContain(`\r\nX-Forwarded-For: 192.0.2.${n}\r\n`)
})

testWith(NEEDS, "without it, with a broken one or a late end, the connection ends and nothing goes on", async () => {
  const upstream = openUpstream()
  const proxy = await openProxy(config(upstream.target, "127.0.0.1", '[proxy.timeouts]\nhead = "1500 ms"'))
  expect(await ask(proxy.tlsPort, [], 0, "a.test")).toBe("")
  expect(await ask(proxy.tlsPort, ["PROXY TCP4 x y 1 2\r\n"], 0, "a.test")).toBe("")
  expect(proxy.counters[REFUSED]).toBe(2)
  // Half of one, and then nothing: the time-out of heads.
  const from = performance.now()
  const half = connectTcp(proxy.tlsPort, "127.0.0.1")
  half.on("error", () => {})
  half.write("PROXY TCP4 192")
  await new Promise((resolve) => {
    half.once("close", resolve)
  })
  // The head time-out is 10 s by default.
  expect(performance.now() - from).toBeLessThan(8000)
  await until(() => proxy.counters[OPEN] === 0, "no connection is open")
  expect(upstream.connections.length).toBe(0)
})

testWith(NEEDS, "others come without it", async () => {
  const upstream = openUpstream()
  const proxy = await openProxy(config(upstream.target, "192.0.2.1"))
  expect(await ask(proxy.tlsPort, [], 0, "b.test")).toMatch(/^b.test HTTP[^]*ok$/)
  expect(upstream.connections[0]!.text).toContain("\r\nx-tcp-sig: 4:64+0:0:")
  expect(await ask(proxy.tlsPort, [V1], 0, "b.test")).toBe("")
})
