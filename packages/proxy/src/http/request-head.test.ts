import { describe, expect, test } from "bun:test"
import { seededRandom } from "@synprint/core/testing"
import { mutate, type OracleField, randomRequest, readRequest } from "../testing/index.ts"
import { faultOf, isFault, MORE } from "./fault.ts"
import { latin1, octets } from "./octets.ts"
import { RequestHead } from "./request-head.ts"

const head = new RequestHead()
const parse = (text: string): number => head.parse(octets(text), 0, text.length, 128)
const outcome = (text: string): string | number => {
  const parsed = parse(text)
  return parsed === MORE ? "more" : isFault(parsed) ? faultOf(parsed).status : "ok"
}

const HOST = "Host: h\r\n"

/** What a conforming server does with it, by section of RFC 9112 (9110 where it says so). */
const CASES: ReadonlyArray<readonly [section: string, text: string, outcome: string | number]> = [
  ["2.1 a request", `GET / HTTP/1.1\r\n${HOST}\r\n`, "ok"],
  ["2.2 empty line before the request", `\r\n\r\nGET / HTTP/1.1\r\n${HOST}\r\n`, "ok"],
  ["2.2 bare LF after the request line", `GET / HTTP/1.1\n${HOST}\r\n`, 400],
  ["2.2 bare LF after a field", "GET / HTTP/1.1\r\nHost: h\n\r\n", 400],
  ["2.2 bare LF as the empty line", `GET / HTTP/1.1\r\n${HOST}\n`, 400],
  ["2.2 bare CR in a value", "GET / HTTP/1.1\r\nHost: h\rx\r\n\r\n", 400],
  ["2.2 bare CR in the request line", `GET /\r HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["2.2 white space before the first field", `GET / HTTP/1.1\r\n ${HOST}\r\n`, 400],
  ["2.3 HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "ok"],
  ["2.3 (9110 2.5) a later minor version is HTTP/1.1", `GET / HTTP/1.2\r\n${HOST}\r\n`, "ok"],
  ["2.3 HTTP/2.0", `GET / HTTP/2.0\r\n${HOST}\r\n`, 505],
  ["2.3 HTTP/2", `GET / HTTP/2\r\n${HOST}\r\n`, 505],
  ["2.3 (9113 3.4) the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
  ["2.3 HTTP/1.10", `GET / HTTP/1.10\r\n${HOST}\r\n`, 400],
  ["2.3 http in lower case", `GET / http/1.1\r\n${HOST}\r\n`, 400],
  ["2.3 HTTP/0.9", `GET /\r\n`, 400],
  ["2.3 HTTP/1.1 with a space after it", `GET / HTTP/1.1 \r\n${HOST}\r\n`, 400],
  ["3 two spaces", `GET  / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["3 two spaces before the version", `GET /  HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["3 a tab", `GET\t/ HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["3 no method", ` / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["3.1 a method that is no token", `G(T / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["3.1 an unknown method", `BREW / HTTP/1.1\r\n${HOST}\r\n`, "ok"],
  ["3.2 NUL in the target", `GET /\0 HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["3.2 a fragment", `GET /#a HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["3.2 octets beyond ASCII stay", `GET /\u00e9 HTTP/1.1\r\n${HOST}\r\n`, "ok"],
  ["3.2 no Host", "GET / HTTP/1.1\r\n\r\n", 400],
  ["3.2 two Hosts", `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, 400],
  ["3.2 two Hosts in HTTP/1.0", `GET / HTTP/1.0\r\n${HOST}${HOST}\r\n`, 400],
  ["3.2 an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "ok"],
  ["3.2 a Host that is a list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400],
  ["3.2 a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400],
  ["3.2 a Host with user info", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400],
  ["3.2 a Host with a bad port", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400],
  ["3.2 an IPv6 Host", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "ok"],
  ["3.2 an unfinished IPv6 Host", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400],
  ["3.2.1 no leading slash", `GET a HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["3.2.2 absolute form", "GET http://h/x HTTP/1.1\r\nHost: h\r\n\r\n", "ok"],
  ["3.2.2 absolute form without a path", "GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", "ok"],
  ["3.2.2 absolute form against Host", "GET http://h/ HTTP/1.1\r\nHost: i\r\n\r\n", 400],
  ["3.2.2 absolute form against Host's port", "GET http://h:1/ HTTP/1.1\r\nHost: h\r\n\r\n", 400],
  ["3.2.2 absolute form without Host", "GET http://h/ HTTP/1.1\r\n\r\n", 400],
  ["3.2.2 absolute form with user info", "GET http://u@h/ HTTP/1.1\r\nHost: u@h\r\n\r\n", 400],
  ["3.2.2 another scheme", "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400],
  ["3.2.2 an empty authority", "GET http:///x HTTP/1.1\r\nHost: h\r\n\r\n", 400],
  ["3.2.3 CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", 405],
  ["3.2.4 OPTIONS *", `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, "ok"],
  ["3.2.4 GET *", `GET * HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["5.1 space before the colon", `GET / HTTP/1.1\r\n${HOST}A : b\r\n\r\n`, 400],
  ["5.1 tab before the colon", `GET / HTTP/1.1\r\n${HOST}A\t: b\r\n\r\n`, 400],
  ["5.1 no colon", `GET / HTTP/1.1\r\n${HOST}garbage\r\n\r\n`, 400],
  ["5.1 an empty name", `GET / HTTP/1.1\r\n${HOST}: b\r\n\r\n`, 400],
  ["5.1 a name that is no token", `GET / HTTP/1.1\r\n${HOST}A(: b\r\n\r\n`, 400],
  ["5.1 a name beyond ASCII", `GET / HTTP/1.1\r\n${HOST}\u00e9: b\r\n\r\n`, 400],
  ["5.2 obs-fold", `GET / HTTP/1.1\r\n${HOST}A: b\r\n c\r\n\r\n`, 400],
  ["5.2 obs-fold by a tab", `GET / HTTP/1.1\r\n${HOST}A: b\r\n\tc\r\n\r\n`, 400],
  ["5 (9110 5.5) NUL in a value", `GET / HTTP/1.1\r\n${HOST}A: b\0\r\n\r\n`, 400],
  ["5 (9110 5.5) VT in a value", `GET / HTTP/1.1\r\n${HOST}A: b\u000bc\r\n\r\n`, 400],
  ["5 (9110 5.5) DEL in a value", `GET / HTTP/1.1\r\n${HOST}A: b\u007f\r\n\r\n`, 400],
  ["5 (9110 5.5) obs-text in a value", `GET / HTTP/1.1\r\n${HOST}A: \u00ff\r\n\r\n`, "ok"],
  ["5 (9110 5.5) an empty value", `GET / HTTP/1.1\r\n${HOST}A:\r\n\r\n`, "ok"],
  ["6.1 CL and TE", `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
  ["6.1 TE and CL", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n`, 400],
  ["6.1 TE in HTTP/1.0", `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`, 400],
  ["6.1 chunked in any case", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: CHUNKED\r\n\r\n`, "ok"],
  ["6.1 a coding that is not known", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: xchunked\r\n\r\n`, 400],
  ["6.1 gzip, chunked", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n`, 501],
  ["6.1 chunked twice", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked, chunked\r\n\r\n`, 400],
  ["6.1 chunked is not last", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked, identity\r\n\r\n`, 400],
  ["6.1 an empty TE", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding:\r\n\r\n`, 400],
  ["6.1 two TE", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
  ["6.1 VT in TE", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: \u000bchunked\r\n\r\n`, 400],
  ["6.1 quoted chunked", `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: "chunked"\r\n\r\n`, 400],
  ["6.2 +3", `POST / HTTP/1.1\r\n${HOST}Content-Length: +3\r\n\r\n`, 400],
  ["6.2 -1", `POST / HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`, 400],
  ["6.2 0x3", `POST / HTTP/1.1\r\n${HOST}Content-Length: 0x3\r\n\r\n`, 400],
  ["6.2 3.0", `POST / HTTP/1.1\r\n${HOST}Content-Length: 3.0\r\n\r\n`, 400],
  ["6.2 no digits", `POST / HTTP/1.1\r\n${HOST}Content-Length:\r\n\r\n`, 400],
  ["6.2 a number beyond 2^64", `POST / HTTP/1.1\r\n${HOST}Content-Length: 18446744073709551617\r\n\r\n`, 400],
  ["6.3 two lengths", `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 4\r\n\r\n`, 400],
  ["6.3 two equal lengths", `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 3\r\n\r\n`, 400],
  ["6.3 a list of equal lengths", `POST / HTTP/1.1\r\n${HOST}Content-Length: 3, 3\r\n\r\n`, 400],
  ["a TLS ClientHello", "\u0016\u0003\u0001\u0002\0\u0001", 400]
]

test.each(CASES)("RFC 9112 %s", (_section, text, wanted) => {
  expect(outcome(text)).toBe(wanted)
})

describe("incremental", () => {
  test("no prefix of a head is taken for a head; of a wrong one none is taken for a right one", () => {
    for (const [section, text, wanted] of CASES) {
      for (let end = 0; end < text.length; end++) {
        const early = outcome(text.slice(0, end))
        if (early !== "more" && !(wanted !== "ok" && early === wanted))
          expect(`${section} after ${end}: ${early}`).toBe(`${section} after ${end}: more`)
      }
    }
  })

  test("a head may begin anywhere in its buffer", () => {
    const text = `GET /x HTTP/1.1\r\n${HOST}Content-Length: 12\r\n\r\n`
    const bytes = octets(`junk${text}rest`)
    expect(head.parse(bytes, 4, bytes.length, 128)).toBe(4 + text.length)
    expect(latin1(bytes, head.pathStart, head.pathEnd)).toBe("/x")
    expect(head.contentLength).toBe(12)
  })
})

describe("what it says of a request", () => {
  const said = (lines: string) => {
    expect(outcome(`${lines}\r\n\r\n`)).toBe("ok")
    return head
  }
  test("whether the connection stays (9.3)", () => {
    expect(said("GET / HTTP/1.1\r\nHost: h").keepsAlive).toBe(true)
    expect(said("GET / HTTP/1.1\r\nHost: h\r\nConnection: a, Close").keepsAlive).toBe(false)
    expect(said("GET / HTTP/1.0").keepsAlive).toBe(false)
    expect(said("GET / HTTP/1.0\r\nConnection: Keep-Alive").keepsAlive).toBe(true)
    expect(said("GET / HTTP/1.0\r\nConnection: keep-alive, close").keepsAlive).toBe(false)
  })
  test("Expect and Upgrade are HTTP/1.1's (9110 7.8, 10.1.1)", () => {
    expect(said("GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue").expectsContinue).toBe(true)
    expect(said("GET / HTTP/1.0\r\nExpect: 100-continue").expectsContinue).toBe(false)
    expect(said("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket").upgradeAt).toBe(2)
    expect(said("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket").upgradeAt).toBe(-1)
    expect(said("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket").upgradeAt).toBe(-1)
  })
  test("too many fields", () => {
    const lines = `GET / HTTP/1.1\r\n${HOST}${"a: b\r\n".repeat(127)}`
    expect(outcome(`${lines}\r\n`)).toBe("ok")
    expect(outcome(`${lines}c: d\r\n\r\n`)).toBe(431)
  })
})

const fieldsOf = (text: string): ReadonlyArray<OracleField> => {
  const bytes = octets(text)
  return Array.from({ length: head.fields.count }, (_, i) => {
    const [name, nameEnd, value, valueEnd] = head.fields.at.subarray(i * 4, i * 4 + 4)
    return { name: latin1(bytes, name, nameEnd), value: latin1(bytes, value, valueEnd) }
  })
}

test("random and mutated requests are read as the oracle reads them", () => {
  const random = seededRandom(9112)
  const counts = { ok: 0, refused: 0, more: 0 }
  for (let n = 0; n < 40_000; n++) {
    const whole = randomRequest(random)
    const text = random.once(4) ? whole : mutate(random, whole)
    const told = readRequest(text)
    const parsed = parse(text)
    if (parsed === MORE) {
      counts.more++
      expect([text, told]).toEqual([text, "incomplete"])
    } else if (isFault(parsed)) {
      counts.refused++
      // A fault may be seen before the head is complete.
      if (typeof told !== "string") expect(`${text}: ${faultOf(parsed).text}`).toBe("ok")
    } else {
      counts.ok++
      if (told === "refused" || told === "incomplete") {
        // The body's faults are the scanner's.
        if (!head.isChunked && told === "refused") expect(`${text}: ok`).toBe("refused")
        continue
      }
      expect([text, latin1(octets(text), head.start, head.methodEnd)]).toEqual([text, told.method])
      expect(latin1(octets(text), head.targetStart, head.targetEnd)).toBe(told.target)
      expect(fieldsOf(text)).toEqual([...told.fields])
      expect(head.minor).toBe(told.minor)
      if (!head.isChunked) expect([text, Math.max(0, head.contentLength)]).toEqual([text, told.body.length])
    }
  }
  expect(Math.min(counts.ok, counts.refused, counts.more)).toBeGreaterThan(200)
})
