import { describe, expect, test } from "bun:test"
import { seededRandom } from "@synprint/core/testing"
import { mutate } from "../testing/index.ts"
import { isParseError, NEEDS_MORE } from "./parse-error.ts"
import { NameSet } from "./field-kind.ts"
import { latin1, bytesOf } from "./byte-classes.ts"
import { ResponseHead } from "./response-head.ts"
import { type ClientHop, writeResponseHead } from "./response-writer.ts"

const head = new ResponseHead()
const parse = (text: string, toHead = false): number => head.parse(bytesOf(text), 0, text.length, 128, toHead)
const DATE = bytesOf("Date: D\r\n")
const out = new Uint8Array(4096)
const STAYS: ClientHop = { minor: 1, keeps: true }
const CLOSES: ClientHop = { minor: 1, keeps: false }
const REWRITE = { removedFromResponse: new NameSet(["server"]), addedToResponse: bytesOf("X: y\r\n") }
const written = (text: string, hop: ClientHop = STAYS): string => {
  expect(parse(text)).toBe(text.length)
  return latin1(out, 0, writeResponseHead(head, bytesOf(text), hop, REWRITE, DATE, out))
}

/** RFC 9112 section 6.3 in its order; "502": refused. */
const LENGTHS: ReadonlyArray<readonly [what: string, text: string, length: number | string, toHead?: boolean]> = [
  ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 5],
  ["chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "chunked"],
  ["until close", "HTTP/1.1 200 OK\r\n\r\n", "until_close"],
  ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 0, true],
  ["HEAD and chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0, true],
  ["204", "HTTP/1.1 204 No Content\r\n\r\n", 0],
  ["304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 0],
  ["100", "HTTP/1.1 100 Continue\r\n\r\n", 0],
  ["both", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "502"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "502"],
  ["a bad length", "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n", "502"],
  ["gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "502"],
  ["no reason phrase", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 0],
  ["an odd status and phrase", "HTTP/1.1 299 HM \u00e9\r\nContent-Length: 0\r\n\r\n", 0],
  ["status 099", "HTTP/1.1 099 X\r\n\r\n", "502"],
  ["a status of four digits", "HTTP/1.1 2000 X\r\n\r\n", "502"],
  ["HTTP/2", "HTTP/2 200 OK\r\n\r\n", "502"],
  ["no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", "502"],
  ["bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "502"],
  ["obs-fold", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "502"],
  ["NUL", "HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", "502"],
  ["a short line", "HTTP/1.1 20\r\n\r\n", "502"]
]

test.each(LENGTHS)("RFC 9112 6.3: %s", (_what, text, wanted, toHead = false) => {
  const parsed = parse(text, toHead)
  if (wanted === "502") expect(isParseError(parsed)).toBe(true)
  else {
    expect(parsed).toBe(text.length)
    const { framing, contentLength } = head
    expect<number | string>(framing === "none" || framing === "length" ? contentLength : framing).toBe(wanted)
    for (let end = 0; end < text.length; end++) expect(parse(text.slice(0, end), toHead)).toBe(NEEDS_MORE)
  }
})

test("whether the upstream's connection stays (RFC 9112 9.3)", () => {
  const stays = (text: string) => (parse(text), head.keepsAlive)
  expect(stays("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).toBe(true)
  expect(stays("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")).toBe(false)
  expect(stays("HTTP/1.1 200 OK\r\n\r\n")).toBe(false)
  expect(stays("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")).toBe(false)
  expect(stays("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n")).toBe(true)
})

describe("the head that goes on", () => {
  test("byte for byte, without this hop's fields, with a Date when there is none", () => {
    const text =
      "HTTP/1.0 299 HM \u00e9\r\nsErver: x\r\nSet-Cookie: a\r\nConnection: X-Hop, close\r\nX-Hop: 1\r\nKeep-Alive: 1\r\nset-cookie:b \r\nContent-Length: 0\r\nUpgrade: h2c\r\n\r\n"
    expect(written(text)).toBe(
      "HTTP/1.1 299 HM \u00e9\r\nSet-Cookie: a\r\nset-cookie:b \r\nContent-Length: 0\r\nDate: D\r\nX: y\r\n\r\n"
    )
  })
  test("a Date that is there stays", () => {
    expect(written("HTTP/1.1 200 OK\r\nDate: E\r\nContent-Length: 0\r\n\r\n")).toBe(
      "HTTP/1.1 200 OK\r\nDate: E\r\nContent-Length: 0\r\nX: y\r\n\r\n"
    )
  })
  test("what the client learns about its connection", () => {
    const text = "HTTP/1.1 200 OK\r\nDate: E\r\nTransfer-Encoding: chunked\r\n\r\n"
    expect(written(text, CLOSES)).toBe(
      "HTTP/1.1 200 OK\r\nDate: E\r\nTransfer-Encoding: chunked\r\nX: y\r\nConnection: close\r\n\r\n"
    )
    expect(written(text, { minor: 0, keeps: false })).toBe(
      "HTTP/1.1 200 OK\r\nDate: E\r\nX: y\r\nConnection: close\r\n\r\n"
    )
    expect(written(text, { minor: 0, keeps: true })).toContain("Connection: keep-alive\r\n")
  })
  test("1xx and 101", () => {
    expect(written("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")).toBe(
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    )
    expect(written("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    )
  })
})

const NOTHING = { removedFromResponse: new NameSet([]), addedToResponse: bytesOf("") }

test("mutated responses never throw, and what goes on never grows beyond its lines", () => {
  const random = seededRandom(62)
  const text =
    "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Type: text/html\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
  let ok = 0
  for (let n = 0; n < 20_000; n++) {
    const mutated = mutate(random, text)
    const parsed = parse(mutated)
    if (parsed <= 0) continue
    ok++
    const end = writeResponseHead(head, bytesOf(mutated), CLOSES, NOTHING, DATE, out)
    const sent = latin1(out, 0, end)
    expect(/^HTTP\/1\.1 [1-9]\d\d[^\r\n]*\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\r\n\0]*\r\n)*\r\n$/.test(sent)).toBe(
      true
    )
    expect(end).toBeLessThan(mutated.length + 60)
  }
  expect(ok).toBeGreaterThan(1000)
})
