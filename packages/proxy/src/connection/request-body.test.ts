import { expect, test } from "bun:test"
import { bytesOf } from "../http1/byte-classes.ts"
import { RequestHead } from "../http1/request-head.ts"
import { RequestBody } from "./request-body.ts"

function begin(text: string): { readonly body: RequestBody; readonly bytes: Uint8Array; readonly headEnd: number } {
  const bytes = bytesOf(text)
  const head = new RequestHead()
  const headEnd = head.parse(bytes, 0, bytes.length, 16)
  const body = new RequestBody()
  body.begin(head)
  return { body, bytes, headEnd }
}
const post = (field: string, rest: string): string => `POST / HTTP/1.1\r\nHost: h\r\n${field}\r\n\r\n${rest}`

test("a body of known length goes with its head, and nothing of what follows it", () => {
  const out = new Uint8Array(32)
  const { body, bytes, headEnd } = begin(post("Content-Length: 3", "abcGET"))
  expect(body.fill(bytes, headEnd, out, 2)).toBe(5)
  expect([...out.subarray(0, 6)]).toEqual([0, 0, 0x61, 0x62, 0x63, 0])
  expect(body.isDone).toBe(true)
})

test("the part of it that is there goes with its head", () => {
  const { body, bytes, headEnd } = begin(post("Content-Length: 5", "abc"))
  expect(body.fill(bytes, headEnd, new Uint8Array(8), 0)).toBe(3)
  expect([body.left, body.isDone]).toEqual([2, false])
})

test("no body, a chunked one and one without room stay where they are", () => {
  for (const [field, rest, room] of [
    ["Content-Length: 0", "GET", 32],
    ["Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n", 32],
    ["Content-Length: 3", "abc", 2],
    ["Content-Length: 20000", "x".repeat(20_000), 32_768]
  ] as const) {
    const { body, bytes, headEnd } = begin(post(field, rest))
    const { left } = body
    expect(body.fill(bytes, headEnd, new Uint8Array(room), 0)).toBe(0)
    expect(body.left).toBe(left)
  }
})
