import { describe, expect, test } from "bun:test"
import { isReservedHeader, rounds, seededRandom } from "@synprint/core/testing"
import { mutate, randomRequest, readRequest } from "../testing/index.ts"
import { NameSet } from "./field-kind.ts"
import { latin1, bytesOf } from "./byte-classes.ts"
import { HeaderLines } from "./header-lines.ts"
import { RequestHead } from "./request-head.ts"
import { encodeLines, type ForwardedFacts, type Rewrite, RequestWriter } from "./request-writer.ts"

const NONE = new NameSet([])
const OWN_LINES = new HeaderLines()
OWN_LINES.add(bytesOf("x-tcp-uptime: 3\r\n"))
const PEER: ForwardedFacts = {
  forwarded: bytesOf("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Port: 8080\r\nX-Forwarded-Proto: http\r\n"),
  address: bytesOf("192.0.2.1"),
  scheme: bytesOf("http"),
  port: bytesOf("8080"),
  isTrusted: false,
  fingerprintHeaders: bytesOf("x-tcp-status: ok\r\nx-tcp-os: Linux\r\n"),
  connectionHeaders: OWN_LINES
}
const REWRITE: Rewrite = {
  prefixLength: 0,
  replacement: bytesOf(""),
  host: undefined,
  removed: NONE,
  added: bytesOf(""),
  forcesNew: false
}
const writer = new RequestWriter(new NameSet(["My-Sig"]), "x-tcp-spoofed")
const head = new RequestHead()
const out = new Uint8Array(8192)

function rewritten(
  text: string,
  { hintHeaders, ...peer }: Partial<ForwardedFacts> & { readonly hintHeaders?: (spoofed: number) => Uint8Array } = {},
  rewrite: Partial<Rewrite> = {},
  closes = false
): string {
  const bytes = bytesOf(text)
  expect(head.parse(bytes, 0, bytes.length, 128)).toBeGreaterThan(0)
  const end = writer.write(
    head,
    bytes,
    { facts: { ...PEER, ...peer }, hintHeaders: hintHeaders ?? (() => bytesOf("")) },
    { ...REWRITE, ...rewrite, forcesNew: closes },
    bytesOf("up:80"),
    out
  )
  return latin1(out, 0, end)
}
const FORWARDED = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Port: 8080\r\nX-Forwarded-Proto: http\r\n"
const BLOCK = "x-tcp-status: ok\r\nx-tcp-os: Linux\r\nx-tcp-uptime: 3\r\n"
const tail = (host: string) => `${FORWARDED}X-Forwarded-Host: ${host}\r\n${BLOCK}`

describe("a head goes on byte for byte", () => {
  test("order, case, duplicates, spacing and bytes beyond ASCII", () => {
    const fields = "hOST:h\r\nA:  b \r\nx-B: 1\r\nA: c\r\nCookie: \u00ff\r\n"
    expect(rewritten(`GET /a/../\u00e9?"<> HTTP/1.1\r\n${fields}\r\n`)).toBe(
      `GET /a/../\u00e9?"<> HTTP/1.1\r\n${fields}${tail("h")}\r\n`
    )
  })
  test("HTTP/1.0 goes on as HTTP/1.1, with the upstream as Host when it has none", () => {
    expect(rewritten("GET / HTTP/1.0\r\nA: b\r\n\r\n")).toBe(
      `GET / HTTP/1.1\r\nA: b\r\nHost: up:80\r\n${FORWARDED}${BLOCK}\r\n`
    )
    expect(rewritten("GET http://h:81/x HTTP/1.0\r\n\r\n")).toBe(`GET /x HTTP/1.1\r\nHost: h:81\r\n${tail("h:81")}\r\n`)
  })
  test("Expect goes on, but not that of HTTP/1.0, which has none (9110 10.1.1)", () => {
    expect(rewritten("GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n")).toContain("Expect: 100-continue\r\n")
    expect(rewritten("GET / HTTP/1.0\r\nHost: h\r\nExpect: 100-continue\r\n\r\n")).not.toContain("Expect")
  })
  test("absolute form becomes origin form (9112 3.2.2, 3.2.4)", () => {
    const line = (text: string) => rewritten(`${text} HTTP/1.1\r\nHost: h\r\n\r\n`).split(" HTTP/1.1")[0]
    expect(line("GET http://h/x?y")).toBe("GET /x?y")
    expect(line("GET HTTP://H")).toBe("GET /")
    expect(line("GET http://h?y")).toBe("GET /?y")
    expect(line("OPTIONS http://h")).toBe("OPTIONS *")
    expect(line("OPTIONS *")).toBe("OPTIONS *")
  })
})

describe("for this hop only (9110 7.6.1)", () => {
  test("Connection, what it names, and the fields that are always so", () => {
    const text =
      "GET / HTTP/1.1\r\nConnection: keep-alive, X-Hop\r\nHost: h\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nA: b\r\nProxy-Connection: x\r\nTE: gzip\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\nx-hop: 2\r\n\r\n"
    expect(rewritten(text)).toBe(`GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n${tail("h")}\r\n`)
  })
  test("Connection can't take away what frames or routes", () => {
    const text =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: content-length, host, X-Forwarded-For\r\n\r\n"
    expect(rewritten(text)).toBe(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n${tail("h")}\r\n`)
  })
  test("an upgrade is asked for anew, h2c is not", () => {
    const ask = (protocol: string, more = "") =>
      rewritten(
        `GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade${more}\r\nUpgrade: ${protocol}\r\nTE: trailers\r\n\r\n`
      )
    expect(ask("websocket", ", TE")).toContain("Connection: Upgrade, TE\r\nTE: trailers\r\nUpgrade: websocket\r\n")
    expect(writer.upgrades).toBe(true)
    expect(ask("h2c")).not.toContain("Upgrade")
    expect(writer.upgrades).toBe(false)
  })
  test("trailers are announced on (9110 10.1.4)", () => {
    expect(rewritten("GET / HTTP/1.1\r\nHost: h\r\nTE: deflate, trailers\r\n\r\n")).toContain(
      "\r\nConnection: TE\r\nTE: trailers\r\n"
    )
  })
  test("an upstream connection that is not used again gets Connection: close", () => {
    expect(rewritten("GET / HTTP/1.1\r\nHost: h\r\n\r\n", {}, {}, true)).toContain("\r\nConnection: close\r\n")
  })
})

describe("our headers", () => {
  test("client copies are removed in every spelling, counted and named", () => {
    const text =
      "GET / HTTP/1.1\r\nHost: h\r\nx-tcp-os: Windows\r\nX_TCP_Dist: 1\r\nA: b\r\nX-P0f-NAT: 1\r\nx-Tcp-OS: again\r\nmy_sig: x\r\nX-Huginn-Net-Foo: 1\r\nX-TLS-JA4: 1\r\nx-tcpdump: stays\r\n\r\n"
    expect(rewritten(text)).toBe(
      `GET / HTTP/1.1\r\nHost: h\r\nA: b\r\nx-tcpdump: stays\r\n${tail("h")}x-tcp-spoofed: x-tcp-os, x_tcp_dist, x-p0f-nat, my_sig, x-huginn-net-foo, x-tls-ja4\r\n\r\n`
    )
    expect(writer.spoofed).toBe(7)
  })
  test("hints are those of a request that held so many", () => {
    const hintHeaders = (spoofed: number) => bytesOf(`x-tcp-hints: spoofed-header;count=${spoofed}\r\n`)
    const text = "GET / HTTP/1.1\r\nHost: h\r\nx-tcp-os: a\r\nx_tcp_os: b\r\n\r\n"
    expect(rewritten(text, { hintHeaders })).toContain("\r\nx-tcp-hints: spoofed-header;count=2\r\n")
  })
  test("Connection can't name them into the request", () => {
    expect(rewritten("GET / HTTP/1.1\r\nHost: h\r\nConnection: x-tcp-os\r\n\r\n")).toContain("x-tcp-os: Linux")
  })
})

describe("X-Forwarded-*", () => {
  const text =
    "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.1.1.1\r\nX_Forwarded_For: 2.2.2.2\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nA: b\r\n\r\n"
  test("of others are replaced", () => {
    expect(rewritten(text)).toBe(`GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n${tail("h")}\r\n`)
  })
  test("of trusted peers are kept and extended", () => {
    expect(rewritten(text, { isTrusted: true })).toBe(
      `GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nA: b\r\nX-Forwarded-For: 1.1.1.1, 2.2.2.2, 192.0.2.1\r\nX-Forwarded-Port: 8080\r\n${BLOCK}\r\n`
    )
  })
})

describe("a route", () => {
  const path = (target: string, prefix: string, replacement: string) =>
    rewritten(
      `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`,
      {},
      { prefixLength: prefix.length, replacement: bytesOf(replacement) }
    ).split(" ")[1]
  test("strips or replaces its prefix", () => {
    expect(path("/api/x", "/api", "")).toBe("/x")
    expect(path("/api", "/api", "")).toBe("/")
    expect(path("/api?a", "/api", "")).toBe("/?a")
    expect(path("/api/x", "/api/", "")).toBe("/x")
    expect(path("/api/x", "/api", "/v2")).toBe("/v2/x")
    expect(path("/api", "/api", "/v2")).toBe("/v2")
    expect(path("/api/x", "/api/", "/v2/")).toBe("/v2/x")
    expect(path("/api/x", "/api", "/v2/")).toBe("/v2/x")
    expect(path("/api/x", "/api/", "/v2")).toBe("/v2/x")
    expect(path("/x", "/", "/v2")).toBe("/v2/x")
  })
  test("rewrites Host, removes and adds headers", () => {
    expect(
      rewritten(
        "GET / HTTP/1.1\r\nA: b\r\nHost: h\r\nCookie: c\r\n\r\n",
        {},
        { host: bytesOf("inner"), removed: new NameSet(["cookie"]), added: encodeLines([["X-Env", "prod"]]) }
      )
    ).toBe(`GET / HTTP/1.1\r\nA: b\r\nHost: inner\r\n${tail("h")}X-Env: prod\r\n\r\n`)
    expect(() => encodeLines([["A", "b\r\nC: d"]])).toThrow()
  })
})

test("random requests: what goes on is what the oracle reads, without this hop's fields and with ours", () => {
  const random = seededRandom(76)
  const hop = new Set(["connection", "keep-alive", "te", "x-forwarded-for"])
  let seen = 0
  for (let n = 0; n < rounds(20_000); n++) {
    const whole = randomRequest(random)
    const text = random.once(2) ? whole : mutate(random, whole)
    const expected = readRequest(text)
    if (typeof expected === "string") continue
    seen++
    const bytes = bytesOf(text)
    expect(head.parse(bytes, 0, bytes.length, 128)).toBeGreaterThan(0)
    const end = writer.write(head, bytes, { facts: PEER, hintHeaders: () => bytesOf("") }, REWRITE, bytesOf("up"), out)
    const sent = readRequest(
      `${latin1(out, 0, end)}`.replace(/\r\n(?:content-length|transfer-encoding):[^\r]*(?=\r\n)/gi, "")
    )
    if (typeof sent === "string") throw new Error(`${text}\n->\n${latin1(out, 0, end)}`)
    expect([sent.method, sent.minor]).toEqual([expected.method, 1])
    const named = new Set(
      expected.fields.flatMap(({ name, value }) =>
        name.toLowerCase() === "connection" ? value.toLowerCase().split(/[ \t]*,[ \t]*/) : []
      )
    )
    const stays = ({ name }: { readonly name: string }) => {
      const lower = name.toLowerCase()
      if (lower === "host" || lower === "content-length" || lower === "transfer-encoding") return lower === "host"
      return !hop.has(lower) && !named.has(lower) && !isReservedHeader(lower) && lower !== "x_forwarded_for"
    }
    const kept = expected.fields.filter(
      (field) =>
        stays(field) &&
        !/^(?:upgrade|proxy-connection|http2-settings|expect|x-forwarded-(?:for|host|port|proto))$/i.test(field.name)
    )
    expect(sent.fields.slice(0, kept.length)).toEqual(kept)
    const added = sent.fields.slice(kept.length).map(({ name }) => name.toLowerCase())
    for (const name of added)
      expect([
        "host",
        "connection",
        "te",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
        "x-tcp-status",
        "x-tcp-os",
        "x-tcp-uptime",
        "x-tcp-spoofed"
      ]).toContain(name)
  }
  expect(seen).toBeGreaterThan(rounds(5000))
})
