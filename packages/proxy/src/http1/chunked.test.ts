import { expect, test } from "bun:test"
import { rounds, seededRandom } from "@synprint/core/testing"
import { chunked, mutate, readChunked } from "../testing/index.ts"
import { ChunkedScanner, LINE_MAX } from "./chunked.ts"
import { isParseError, NEEDS_MORE } from "./parse-error.ts"
import { NameSet } from "./field-kind.ts"
import { latin1, bytesOf } from "./byte-classes.ts"
import { parseTrailers, writeTrailers } from "./trailer-section.ts"

interface Read {
  readonly length: number
  readonly passed: string
  readonly data: string
}

/** Feeds the pieces to a scanner and the rest to the trailers, as a connection does. */
function read(pieces: ReadonlyArray<string>): Read | "incomplete" | "refused" {
  const scanner = new ChunkedScanner()
  const decoder = new ChunkedScanner()
  let passed = ""
  let data = ""
  let held = ""
  let length = 0
  for (const piece of pieces) {
    const bytes = bytesOf(piece)
    let at = 0
    if (!scanner.isAtTrailers) {
      at = scanner.scan(bytes, 0, bytes.length)
      if (isParseError(at)) return "refused"
      passed += piece.slice(0, at)
      length += at
      const copy = bytesOf(piece)
      expect(decoder.decode(copy, 0, copy.length)).toBe(at)
      data += latin1(copy, 0, decoder.dataEnd)
    }
    if (!scanner.isAtTrailers) continue
    held += piece.slice(at)
    const all = bytesOf(held)
    const end = parseTrailers(all, 0, all.length)
    if (isParseError(end)) return "refused"
    if (end !== NEEDS_MORE) return { length: length + end, passed: passed + held.slice(0, end), data }
  }
  return "incomplete"
}

const CASES: ReadonlyArray<readonly [what: string, text: string, data: string]> = [
  ["7.1 chunks", "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", "abcd"],
  ["7.1 no data", "0\r\n\r\n", ""],
  ["7.1 leading zeros, several zeros at the end", "003\r\nabc\r\n000\r\n\r\n", "abc"],
  ["7.1 hex in any case", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"],
  ["7.1.1 an extension", '3;a="b c"\r\nabc\r\n0;x\r\n\r\n', "abc"],
  ["7.1.1 white space before an extension", "3 ;a\r\nabc\r\n0\r\n\r\n", "abc"],
  ["7.1.2 trailers", "0\r\nX-Sum: 1\r\nB: \r\n\r\n", ""],
  ["7.1 CR LF within the data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"],
  ["7.1 no size", "\r\nabc\r\n0\r\n\r\n", "refused"],
  ["7.1 +3", "+3\r\nabc\r\n0\r\n\r\n", "refused"],
  ["7.1 0x3", "0x3\r\nabc\r\n0\r\n\r\n", "refused"],
  ["7.1 -3", "-3\r\nabc\r\n0\r\n\r\n", "refused"],
  ["7.1 white space before the size", " 3\r\nabc\r\n0\r\n\r\n", "refused"],
  ["7.1 white space after the size", "3 \r\nabc\r\n0\r\n\r\n", "refused"],
  ["7.1 two sizes", "3 3\r\nabc\r\n0\r\n\r\n", "refused"],
  ["7.1 bare LF after the size", "3\nabc\r\n0\r\n\r\n", "refused"],
  ["7.1 bare CR after the size", "3\rabc\r\n0\r\n\r\n", "refused"],
  ["7.1 bare LF in an extension", "3;a\nb\r\nabc\r\n0\r\n\r\n", "refused"],
  ["7.1 bare LF after the data", "3\r\nabc\n0\r\n\r\n", "refused"],
  ["7.1 data that is too long", "3\r\nabcd\r\n0\r\n\r\n", "refused"],
  ["7.1 a size beyond 2^64", "10000000000000003\r\nabc\r\n0\r\n\r\n", "refused"],
  ["7.1 NUL in an extension", "3;\0\r\nabc\r\n0\r\n\r\n", "refused"],
  ["7.1.2 a folded trailer", "0\r\nA: b\r\n c\r\n\r\n", "refused"],
  ["7.1.2 a bare LF in the trailers", "0\r\nA: b\n\r\n", "refused"],
  ["7.1.2 trailers without end", `0\r\n${"A: b\r\n".repeat(60)}C: ${"d".repeat(9000)}`, "refused"],
  ["7.1 a chunk line of LINE_MAX bytes", `3;${"a".repeat(LINE_MAX - 2)}\r\nabc\r\n0\r\n\r\n`, "abc"],
  ["7.1 a chunk line of one byte more", `3;${"a".repeat(LINE_MAX - 1)}\r\nabc\r\n0\r\n\r\n`, "refused"],
  ["7.1 a chunk line without end", `3;${"a".repeat(LINE_MAX)}`, "refused"]
]

test.each(CASES)("RFC 9112 %s, whole and byte by byte", (_what, text, wanted) => {
  for (const pieces of [[text], [...text]]) {
    const expected = read(pieces)
    if (wanted === "refused") expect(expected).toBe("refused")
    else expect(expected).toEqual({ length: text.length, passed: text, data: wanted })
  }
})

test("random and mutated bodies in random splits are read as the oracle reads them", () => {
  const random = seededRandom(71)
  const counts = { whole: 0, refused: 0 }
  for (let n = 0; n < rounds(20_000); n++) {
    const right = chunked(random, latin1(random.bytes(random.below(80))))
    const text = random.once(4) ? right : mutate(random, right)
    const pieces: Array<string> = []
    for (let at = 0; at < text.length;) {
      const size = random.between(1, 12)
      pieces.push(text.slice(at, at + size))
      at += size
    }
    const expected = read(pieces)
    const oracle = readChunked(text)
    if (typeof oracle !== "string") {
      counts.whole++
      expect([text, expected]).toEqual([
        text,
        { length: oracle.length, passed: text.slice(0, oracle.length), data: oracle.body }
      ])
    } else if (oracle === "refused") {
      counts.refused++
      expect([text, expected]).toEqual([text, "refused"])
    } else expect([text, typeof expected]).toEqual([text, "string"])
  }
  expect(Math.min(counts.whole, counts.refused)).toBeGreaterThan(rounds(1000))
})

test("trailers that frame, route or forge are left out", () => {
  const text =
    "X-Sum: 1\r\nContent-Length: 5\r\nHost: evil\r\nx_tcp_os: Linux\r\nX-Own: a\r\nTransfer-Encoding: chunked\r\nB:c \r\n\r\n"
  const bytes = bytesOf(text)
  const out = new Uint8Array(text.length)
  expect(parseTrailers(bytes, 0, bytes.length)).toBe(text.length)
  const end = writeTrailers(bytes, out, 0, new NameSet(["x-own"]))
  expect(latin1(out, 0, end)).toBe("X-Sum: 1\r\nB:c\r\n\r\n")
})
