import { describe, expect, test } from "bun:test"
import { rounds, seededRandom } from "@synprint/core/testing"
import { mutate, type OracleField, randomRequest, readRequest, REQUEST_CASES as CASES } from "../testing/index.ts"
import { errorResponse, isParseError, NEEDS_MORE } from "./parse-error.ts"
import { latin1, bytesOf } from "./byte-classes.ts"
import { RequestHead } from "./request-head.ts"

const head = new RequestHead()
const parse = (text: string): number => head.parse(bytesOf(text), 0, text.length, 128)
const outcome = (text: string): string | number => {
  const parsed = parse(text)
  return parsed === NEEDS_MORE ? "more" : isParseError(parsed) ? errorResponse(parsed).status : "ok"
}

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
    const text = `GET /x HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n`
    const bytes = bytesOf(`junk${text}rest`)
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
    expect(said("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket").upgradeIndex).toBe(2)
    expect(said("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket").upgradeIndex).toBe(-1)
    expect(said("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket").upgradeIndex).toBe(-1)
  })
  test("too many fields", () => {
    const lines = `GET / HTTP/1.1\r\nHost: h\r\n${"a: b\r\n".repeat(127)}`
    expect(outcome(`${lines}\r\n`)).toBe("ok")
    expect(outcome(`${lines}c: d\r\n\r\n`)).toBe(431)
  })
})

const fieldsOf = (text: string): ReadonlyArray<OracleField> => {
  const bytes = bytesOf(text)
  return Array.from({ length: head.fields.count }, (_, i) => {
    const { fields } = head
    return {
      name: latin1(bytes, fields.nameStart(i), fields.nameEnd(i)),
      value: latin1(bytes, fields.valueStart(i), fields.valueEnd(i))
    }
  })
}

test("random and mutated requests are read as the oracle reads them", () => {
  const random = seededRandom(9112)
  const counts = { ok: 0, refused: 0, more: 0 }
  for (let n = 0; n < rounds(40_000); n++) {
    const whole = randomRequest(random)
    const text = random.once(4) ? whole : mutate(random, whole)
    const expected = readRequest(text)
    const parsed = parse(text)
    if (parsed === NEEDS_MORE) {
      counts.more++
      expect([text, expected]).toEqual([text, "incomplete"])
    } else if (isParseError(parsed)) {
      counts.refused++
      // An error may be found before the head is complete.
      if (typeof expected !== "string") expect(`${text}: ${errorResponse(parsed).text}`).toBe("ok")
    } else {
      counts.ok++
      if (expected === "refused" || expected === "incomplete") {
        // Errors in the body are the scanner's.
        if (head.framing !== "chunked" && expected === "refused") expect(`${text}: ok`).toBe("refused")
        continue
      }
      expect([text, latin1(bytesOf(text), head.start, head.methodEnd)]).toEqual([text, expected.method])
      expect(latin1(bytesOf(text), head.targetStart, head.targetEnd)).toBe(expected.target)
      expect(fieldsOf(text)).toEqual([...expected.fields])
      expect(head.minor).toBe(expected.minor)
      if (head.framing !== "chunked") expect([text, head.contentLength]).toEqual([text, expected.body.length])
    }
  }
  expect(Math.min(counts.ok, counts.refused, counts.more)).toBeGreaterThan(rounds(150))
})
