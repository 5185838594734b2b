/** https upstreams: nothing goes to one whose certificate does not hold, and one connection carries many requests. */
import { afterAll, afterEach, beforeAll, expect } from "bun:test"
import { copyFileSync, readFileSync } from "node:fs"
import { Generation } from "../../packages/proxy/src/routing/generation.ts"
import { UPSTREAM_CONNECT_FAILURES, UPSTREAM_CONNECTS } from "../../packages/proxy/src/operations/counters.ts"
import { probe } from "../../packages/proxy/src/upstream/health-checks.ts"
import { RawClient, settingsOf } from "../../packages/proxy/src/testing/index.ts"
import { requires, testWith } from "../lib/requires.ts"
import { type Authority, openAuthority, type Pair, selfSigned } from "./certificates.ts"
import { makeDirectory } from "./proxy-process.ts"
import { closeAll, closeLater, count, GET, OK, openProxy, openUpstream, whole } from "./setup.ts"

const NEEDS = [requires.binaries("openssl")]
const directory = makeDirectory()
let authority: Authority
let stranger: Authority
beforeAll(async () => {
  if (NEEDS[0]!.missing !== undefined) return
  authority = await openAuthority(directory.path)
  stranger = await openAuthority(directory.path, "stranger")
})
afterEach(closeAll)
afterAll(() => directory.remove())

interface TlsUpstream {
  readonly target: string
  /** Decrypted requests, by connection. */
  readonly received: Array<string>
  /** Names that it was asked for. */
  readonly names: Array<string>
}

function openTlsUpstream({ certificate, key }: Pair, host = "127.0.0.1"): TlsUpstream {
  const received: Array<string> = []
  const names: Array<string> = []
  const socket: Bun.SocketHandler<number> & { readonly serverName: (listener: unknown, name: string) => undefined } = {
    open() {},
    handshake(opened, isDone) {
      if (isDone) opened.data = received.push("") - 1
    },
    serverName: (_listener, name) => void names.push(name),
    data(opened, chunk) {
      received[opened.data] += String(chunk)
      for (let n = count(String(chunk), "\r\n\r\n"); n > 0; n--) opened.write(OK)
    },
    error() {}
  }
  const tls = { cert: readFileSync(certificate), key: readFileSync(key) }
  const listener = Bun.listen<number>({ hostname: "127.0.0.1", port: 0, tls, socket })
  closeLater(() => listener.stop(true))
  return { target: `https://${host}:${listener.port}`, received, names }
}

const trusting = ({ certificate }: Pair): string => `upstream_ca = "${certificate}"\n`
const route = (target: string, more: string): string => `[[routes]]\nupstream = "${target}"\n${more}`

testWith(NEEDS, "a certificate that holds: requests go on one connection, asked for by its name", async () => {
  const upstream = openTlsUpstream(await authority.sign("good", "DNS:localhost"), "localhost")
  const proxy = await openProxy(route(upstream.target, trusting(authority)))
  const client = await RawClient.connect(proxy.port)
  for (let n = 1; n <= 5; n++) {
    client.send(GET)
    await client.until((text) => text === OK.repeat(n))
  }
  expect(upstream.names).toEqual(["localhost"])
  expect(upstream.received.map((text) => count(text, "\r\nx-tcp-status: ok\r\n"))).toEqual([5])
  expect(proxy.counters[UPSTREAM_CONNECTS]).toBe(1)
})

testWith(NEEDS, "by address: its certificate may have the address, or upstream_name says whose it is", async () => {
  for (const [file, names, more] of [
    ["address", "IP:127.0.0.1", ""],
    ["name", "DNS:app.internal", 'upstream_name = "app.internal"\n']
  ] as const) {
    const upstream = openTlsUpstream(await authority.sign(file, names))
    const proxy = await openProxy(route(upstream.target, trusting(authority) + more))
    const client = await RawClient.connect(proxy.port)
    client.send(GET)
    expect(await client.until(whole)).toBe(OK)
    if (more !== "") expect(upstream.names).toEqual(["app.internal"])
    const tls = { ca: readFileSync(authority.certificate, "latin1"), name: more === "" ? "" : "app.internal" }
    expect(await probe(upstream.target, "/health", 10_000, tls)).toBeUndefined()
  }
})

testWith(NEEDS, "one that signed itself holds when it is named as its own authority", async () => {
  const pair = await selfSigned(directory.path, "self.test")
  const upstream = openTlsUpstream(pair)
  const proxy = await openProxy(route(upstream.target, `${trusting(pair)}upstream_name = "self.test"\n`))
  const client = await RawClient.connect(proxy.port)
  client.send(GET)
  expect(await client.until(whole)).toBe(OK)
})

testWith(NEEDS, "one that does not hold: 502, nothing of the request arrives, the log says why once", async () => {
  const cases: ReadonlyArray<readonly [pair: Pair, more: string, why: RegExp]> = [
    [await authority.sign("wrong", "DNS:other.test"), trusting(authority), /altnames/],
    [await authority.sign("old", "IP:127.0.0.1", -1), trusting(authority), /expired/],
    [await stranger.sign("strange", "IP:127.0.0.1"), trusting(authority), /unable to/],
    [await authority.sign("unknown", "IP:127.0.0.1"), "", /unable to/]
  ]
  for (const [pair, more, why] of cases) {
    const upstream = openTlsUpstream(pair)
    const proxy = await openProxy(route(upstream.target, more))
    const client = await RawClient.connect(proxy.port)
    for (let n = 1; n <= 2; n++) {
      client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nsecret")
      await client.until((text) => count(text, "502 Bad Gateway: ") === n)
    }
    expect(client.text).not.toContain("Connection: close")
    expect(upstream.received.join("")).toBe("")
    expect(proxy.counters[UPSTREAM_CONNECT_FAILURES]).toBe(2)
    expect(proxy.warnings.length).toBe(1)
    expect(proxy.warnings[0]).toMatch(why)
    expect(proxy.warnings[0]).toStartWith(`${upstream.target}: TLS: `)
  }
})

testWith(NEEDS, "one that does not speak TLS, or does not answer the handshake: 502, 504", async () => {
  const plain = openUpstream((side) => void side.socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"))
  const silent = openUpstream(() => undefined)
  for (const [target, status] of [
    [plain.target, "502"],
    [silent.target, "504"]
  ] as const) {
    const tables = '[proxy.timeouts]\nupstream_connect = "1500 ms"\n'
    const proxy = await openProxy(tables + route(target.replace("http:", "https:"), ""))
    const client = await RawClient.connect(proxy.port)
    client.send(GET)
    expect(await client.until((text) => text.includes("\r\n\r\n"))).toStartWith(`HTTP/1.1 ${status} `)
  }
})

testWith(NEEDS, "another upstream of the route takes over, also for a POST", async () => {
  const bad = openTlsUpstream(await authority.sign("bad", "DNS:other.test"))
  const good = openTlsUpstream(await authority.sign("fine", "IP:127.0.0.1"))
  const proxy = await openProxy(`[[routes]]\nupstream = ["${bad.target}", "${good.target}"]\n${trusting(authority)}`)
  const client = await RawClient.connect(proxy.port)
  for (let n = 1; n <= 4; n++) {
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
    await client.until((text) => text === OK.repeat(n))
  }
  expect(bad.received.join("")).toBe("")
})

testWith(
  NEEDS,
  "a reload with another authority: the connections of the old one are not used for new requests",
  async () => {
    const upstream = openTlsUpstream(await authority.sign("reloaded", "IP:127.0.0.1"))
    const file = `${directory.path}/changing.pem`
    copyFileSync(authority.certificate, file)
    const config = route(upstream.target, `upstream_ca = "${file}"\n`)
    const proxy = await openProxy(config)
    const client = await RawClient.connect(proxy.port)
    const reload = (): void => proxy.server.reload(new Generation(settingsOf(config), proxy.server.generation))
    client.send(GET)
    await client.until((text) => text === OK)
    // Nothing has changed: the connection stays.
    reload()
    client.send(GET)
    await client.until((text) => text === OK + OK)
    expect(upstream.received.length).toBe(1)
    copyFileSync(stranger.certificate, file)
    reload()
    client.send(GET)
    await client.until((text) => text.includes("502 Bad Gateway: "))
    copyFileSync(authority.certificate, file)
    reload()
    client.send(GET)
    await client.until((text) => text.endsWith(OK) && count(text, OK) === 3)
    expect(upstream.received.length).toBe(2)
  }
)
